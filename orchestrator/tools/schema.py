"""The schema that is really there, held against what the migrations built."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from orchestrator.answer import Answer, Inquiry
from orchestrator.desk import Desk
from orchestrator.errors import RefusedError
from orchestrator.rights import Reach
from orchestrator.tools.tool import Ask, Tool


class IntrospectSchema(Ask):
    table: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] | None = Field(
        default=None, description="one table or view, with the types of its columns and its policies"
    )


class Thing(BaseModel):
    kind: str
    name: str


class Column(BaseModel):
    name: str
    type: str


class RowPolicy(BaseModel):
    name: str
    command: str
    roles: list[str]


class TableFacts(BaseModel):
    name: str
    kind: str
    row_level_security: bool
    columns: list[Column]
    policies: list[RowPolicy]


class Function(BaseModel):
    name: str
    arguments: str
    returns: str


class Schema(BaseModel):
    ok: bool | None = Field(default=None, description="nothing of the contract is missing")
    missing: list[Thing] = Field(default=[], description="built by the migrations and not there now")
    unexpected: list[Thing] = Field(
        default=[], description="on our tables and in no migration, as a renamed column is"
    )
    warnings: list[str] = []
    tables: dict[str, list[str]] = Field(default={}, description="every table and view with its columns")
    functions: list[Function] = []
    table: TableFacts | None = None


async def introspect_schema(desk: Desk, ask: IntrospectSchema) -> Answer[Schema]:
    """What is really in the database: all names, or one table whole."""
    inquiry = Inquiry(desk)
    found = await inquiry.call("live_schema")
    if not isinstance(found, dict):
        return inquiry.answer(Schema())
    return inquiry.answer(whole(found) if ask.table is None else one(found, ask.table))


def whole(found: dict[str, Any]) -> Schema:
    """The names of all tables, columns and functions."""
    return Schema(
        **_deviations(found),
        tables={table["name"]: [column["name"] for column in table["columns"]] for table in found["tables"]},
        functions=[Function(**function) for function in found["functions"]],
    )


def one(found: dict[str, Any], name: str) -> Schema:
    """One table or view with its policies. Raises `RefusedError` when there is none of that name."""
    table = next((table for table in found["tables"] if table["name"] == name), None)
    if table is None:
        raise RefusedError("unknown_table", "there is no such table or view; leave `table` out to see all")
    return Schema(**_deviations(found), table=TableFacts(**table))


def _deviations(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "ok": found["ok"],
        "missing": [Thing(**thing) for thing in found["missing"]],
        "unexpected": [Thing(**thing) for thing in found["unexpected"]],
        "warnings": [str(warning["message"]) for warning in found["warnings"]],
    }


INTROSPECT_SCHEMA = Tool(
    name="introspect_schema",
    title="The real schema",
    description="Tables, columns, functions and policies that are really there, and every deviation from what the "
    "migrations built. Look here before assuming that a table or column exists.",
    ask=IntrospectSchema,
    answer=Answer[Schema],
    run=introspect_schema,
    reach=Reach.OPS,
)
