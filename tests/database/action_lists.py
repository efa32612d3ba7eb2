"""Owns how the lists of actions in other languages are written from `live_actions`: each is a file, or a part of one
between two marks. `WRITE_ACTIONS=1 pytest tests/database/test_live_actions.py` writes them.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.database.world import World
from tests.written import REPOSITORY, shaped

HANDBOOK = REPOSITORY / "livekit-system"
BEGIN, END = "<!-- actions: written from live_actions -->", "<!-- actions: end -->"
HOW = "Written from live_actions by tests/database/test_live_actions.py."


@dataclass(frozen=True)
class Line:
    """A row of `live_actions`, as far as lists need it."""

    action: str
    scope: str
    needs_target: bool
    needs_agent: bool
    min_rank: int
    least: str
    """The role with that rank, or ops."""
    undone_by: str | None
    params_schema: Mapping[str, Any]
    description: str

    @property
    def properties(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.params_schema["properties"]
        return found

    def needs(self, name: str) -> bool:
        return name in self.params_schema["required"]


async def lines(world: World) -> list[Line]:
    """The rows in the order of lists."""
    rows = await world.rows(
        "select a.action, a.scope, a.needs_target, a.needs_agent, a.min_rank, a.undone_by, a.params_schema,"
        " a.description, coalesce((select min(r.role) from live_roles r"
        " where r.context = 'video_live' and r.rank = a.min_rank), 'ops') as least"
        " from live_actions a order by a.place"
    )
    return [Line(**row) for row in rows]


def params(found: Iterable[Line]) -> Mapping[str, list[Line]]:
    """Each param's name, and the actions that take it."""
    names = dict.fromkeys(name for line in found for name in line.properties)
    return {name: [line for line in found if name in line.properties] for name in names}


# -- Python ---------------------------------------------------------------------------------------------------------


def python(found: Sequence[Line]) -> str:
    return "\n".join(
        [
            f'"""The names of moderation actions. {HOW}"""',
            "from typing import Literal",
            f"ActionName = Literal{json.dumps([line.action for line in found])}",
            f"AGENT_ACTIONS = frozenset({json.dumps([line.action for line in found if line.needs_agent])})",
            '"""Those that LiveKit has to be made to agree with: a worker claims them."""',
            f"TARGETED = frozenset({json.dumps([line.action for line in found if line.needs_target])})",
            '"""Those that are about one person, whom the row names."""',
        ]
    )


def assistant(found: Sequence[Line]) -> str:
    fields = [field(name, takers) for name, takers in params(found).items()]
    return "\n".join(
        [
            f'"""What the params of an action may hold. {HOW}"""',
            "",
            "from typing import Annotated, Literal",
            "from uuid import UUID",
            "",
            "from pydantic import Field",
            "",
            "from orchestrator.tools.tool import Ask",
            "",
            "",
            "class Params(Ask):",
            '    """Details, as the action needs."""',
            "",
            *fields,
            "",
        ]
    )


def field(name: str, takers: Sequence[Line]) -> str:
    schema = joined([line.properties[name] for line in takers])
    about = ", ".join(line.action + (" (required)" if line.needs(name) else "") for line in takers)
    says = f"{about}: {schema['description']}" if "description" in schema else about
    typed = annotation(schema)
    return f"    {name}: {typed} | None = Field(\n        default=None, description={json.dumps(says)}\n    )"


def joined(schemas: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """What one param may be for any of its actions; the door then looks closer."""
    widest = dict(schemas[0])
    for bound, choose in (("minimum", min), ("maximum", max)):
        if bound in widest:
            widest[bound] = choose(schema[bound] for schema in schemas)
    return widest


def annotation(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"enum": values}:
            return f"Literal[{', '.join(json.dumps(value) for value in values)}]"
        case {"type": "boolean"}:
            return "bool"
        case {"type": "number" | "integer", "minimum": least, "maximum": most}:
            return f"Annotated[int, Field(ge={least}, le={most})]"
        case {"format": "uuid"}:
            return "UUID"
        case {"type": "string", "maxLength": most}:
            return f"Annotated[str, Field(min_length=1, max_length={most})]"
        case _:
            raise ValueError(f"no Python type for {schema}")


# -- TypeScript -----------------------------------------------------------------------------------------------------


def union(found: Sequence[Line]) -> str:
    return "export type ActionName =\n" + "\n".join(f'  | "{line.action}"' for line in found) + ";"


def console(found: Sequence[Line]) -> str:
    entries = [
        f'  {line.action}: {{ scope: "{line.scope}", minRank: {line.min_rank}, undoneBy: {json.dumps(line.undone_by)}, '
        f"params: {json.dumps(list(line.properties))} }},"
        for line in found
    ]
    facts = [
        "export interface ActionFacts {",
        "  /** What it is about: someone in the session, anybody's account, a message, or the whole session. */",
        '  scope: "person" | "account" | "message" | "session";',
        "  /** The lowest rank that may ask for it. */",
        "  minRank: number;",
        "  undoneBy: ActionName | null;",
        "  /** Names of its params. */",
        "  params: string[];",
        "}",
    ]
    return "\n".join(
        [
            f"// {HOW}",
            "",
            union(found),
            "",
            *facts,
            "",
            "/** Each action, in the order of lists. */",
            "export const ACTIONS: Record<ActionName, ActionFacts> = {",
            *entries,
            "};",
            "",
        ]
    )


def client(found: Sequence[Line]) -> str:
    fields = []
    for line in found:
        inner = [
            f"readonly {name}{'' if line.needs(name) else '?'}: {ts_type(schema)}"
            for name, schema in line.properties.items()
        ]
        shape = f"{{ {'; '.join(inner)} }}" if inner else "Record<string, never>"
        fields.append(f"  readonly {line.action}: {shape};")
    return "\n".join(
        [
            f"// {HOW}",
            "",
            union(found),
            "",
            "export interface ActionFacts {",
            "  /** What it is about: someone in the session, anybody's account, a message, or the whole session. */",
            '  readonly scope: "person" | "account" | "message" | "session";',
            "  /** The lowest rank that may ask for it. */",
            "  readonly minRank: number;",
            "}",
            "",
            "export const ACTION_FACTS: Readonly<Record<ActionName, ActionFacts>> = {",
            *(f'  {line.action}: {{ scope: "{line.scope}", minRank: {line.min_rank} }},' for line in found),
            "};",
            "",
            "/** What `params` of a row in `moderation_actions` takes, by action. */",
            "export interface ActionParams {",
            *fields,
            "}",
            "",
        ]
    )


def ts_type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    return {"boolean": "boolean", "number": "number", "integer": "number"}.get(schema["type"], "string")


# -- the handbook ---------------------------------------------------------------------------------------------------


def handbook(found: Sequence[Line]) -> str:
    rows = [f"| `{line.action}` | `{line.least}` | {shown(line)} | {line.description} |" for line in found]
    return "\n".join(["| action | from | params | what becomes true |", "|---|---|---|---|", *rows])


def shown(line: Line) -> str:
    inner = [f'"{name}": {example(schema)}' for name, schema in line.properties.items()]
    return f"`{{{', '.join(inner)}}}`" if inner else ""


def example(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " \\| ".join(json.dumps(value) for value in schema["enum"])
    return {"boolean": "true", "number": "n", "integer": "n"}.get(schema["type"], '"…"')


FILES: Mapping[Path, Callable[[Sequence[Line]], str]] = {
    Path("moderation/action_names.py"): python,
    Path("orchestrator/tools/action_params.py"): assistant,
    Path("livekit-system/console/src/model/action_list.ts"): console,
    Path("livekit-system/clients/typescript/src/action_list.ts"): client,
}


def text(path: Path, found: Sequence[Line]) -> str:
    """The whole file, in its language's standard shape."""
    return shaped(path.suffix, FILES[path](found))


PART = HANDBOOK / "OPS.md"


def page(text: str, found: Sequence[Line]) -> str:
    """The handbook's page with its table as it should be."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{handbook(found)}\n{END}{tail}"
