"""Owns how the messages that people's apps get are written in other languages.

`events.json`, `notices.json`, `personal.json` and `hints.json` in `livekit-system/schemas/` are the lists: one entry
for each message, with its payload's fields. A field is the name of a type (`TYPES`), perhaps with ` | null`, or a JSON
Schema, or `{"fields": …}` for an object; a name that ends in `?` may be left out. From them follow the JSON schemas,
the client's TypeScript types, and the Python types of notices. `WRITE=1 pytest tests/unit/test_message_lists.py`
writes them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moderation.role_names import Role
from tests.written import REPOSITORY

SCHEMAS = Path("livekit-system/schemas")
HOW = "Written from {} by tests/unit/test_message_lists.py."
Schema = Mapping[str, Any]
Entry = Mapping[str, Any]

TYPES: Mapping[str, Schema] = {
    "uuid": {"type": "string", "format": "uuid"},
    "time": {"type": "string", "format": "date-time"},
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "count": {"type": "integer", "minimum": 1},
    "amount": {"type": "integer", "minimum": 0},
    "role": {"enum": [role.value for role in Role if role is not Role.PARTY]},
    "text": {"fields": {"en": {"type": "string", "minLength": 1}, "tr": {"type": "string", "minLength": 1}}},
    "card": {"fields": {"id": "uuid", "name": "string | null", "avatar": "string | null"}},
}
"""What a field can be, by name. `time`: ISO 8601. `count` is at least 1, `amount` may be 0."""
TYPESCRIPT = {"role": "Role", "text": "Text", "card": "Card"}
"""Types that have a name of their own there."""
BEYOND_JAVASCRIPT = 9007199254740991


@dataclass(frozen=True)
class Kind:
    """One list of messages, and where it goes."""

    source: str
    schema: str
    title: str
    says: str
    numbered: bool = False
    """Whether each message has a place in a stream."""
    worded: bool = False
    """Whether each payload has a text in both languages."""

    def entries(self) -> dict[str, Entry]:
        found: dict[str, Entry] = json.loads((REPOSITORY / SCHEMAS / self.source).read_text())
        return found

    def fields(self, entry: Entry) -> dict[str, Any]:
        return {**({"text": "text"} if self.worded else {}), **entry["payload"]}


EVENTS = Kind(
    "events.json",
    "live-event.schema.json",
    "An event of a session",
    "An event of `live_events` as topic live.events carries it. Types and fields may be added: readers ignore what "
    "they do not know. `seq` is 1, 2, 3… per session without gaps.",
    numbered=True,
)
NOTICES = Kind(
    "notices.json",
    "notice.schema.json",
    "A notice",
    "What topic live.notice tells one participant. `text` is ready to show, in English and Turkish.",
    worded=True,
)
PERSONAL = Kind(
    "personal.json",
    "personal.schema.json",
    "A message to one person",
    "What the Realtime topic live:user:<id> tells its person: the broadcast's event is `type`. Each payload has `now` "
    "as well, the server's time.",
)
HINTS = Kind(
    "hints.json",
    "hint.schema.json",
    "A hint",
    "What the broadcast `changed` of a Realtime topic says: which rows to read anew. `type` is the topic, live:<type>.",
)
KINDS = (EVENTS, NOTICES, PERSONAL, HINTS)
BY_TOPIC = (PERSONAL, HINTS)
"""Of Realtime: neither id nor time of their own."""


# -- JSON Schema ----------------------------------------------------------------------------------------------------


def split(field: Any) -> tuple[Any, bool]:
    """A field without its null, and whether it may be null."""
    if isinstance(field, str) and field.endswith(" | null"):
        return field.removesuffix(" | null"), True
    return field, False


def schema_of(field: Any, *, strict: bool) -> dict[str, Any]:
    """The JSON Schema of a field. `strict`: objects have no fields but those named."""
    plain, nullable = split(field)
    found = dict(TYPES[plain] if isinstance(plain, str) else plain)
    if "fields" in found:
        found = object_of(found["fields"], strict=strict)
    if nullable:
        found = {**found, "type": [found["type"], "null"]}
    return found


def object_of(fields: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
    """The JSON Schema of an object with these fields."""
    found: dict[str, Any] = {
        "type": "object",
        "required": [name for name in fields if not name.endswith("?")],
        "properties": {name.rstrip("?"): schema_of(field, strict=strict) for name, field in fields.items()},
    }
    return {**found, "additionalProperties": False} if strict else found


def payloads(kind: Kind, *, strict: bool) -> dict[str, dict[str, Any]]:
    """The schema of each type's payload; `strict`: a surplus field is a fault, as it is of what we write."""
    return {name: object_of(kind.fields(entry), strict=strict) for name, entry in kind.entries().items()}


def whole(kind: Kind) -> dict[str, Any]:
    """The schema of a message as apps read it: more fields than those named are no fault."""
    entries = kind.entries()
    text = {"en": "You are too loud.", "tr": "Sesiniz çok yüksek."}
    defs = {
        name: {
            "description": entry["description"],
            **object_of(kind.fields(entry), strict=False),
            "examples": [{**({"text": text} if kind.worded else {}), **entry["example"]}],
        }
        for name, entry in entries.items()
    }
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": HOW.format(kind.source),
        "$id": kind.schema,
        "title": kind.title,
        "description": kind.says,
        "type": "object",
    }
    branches = [
        {"properties": {"type": {"const": name}, "payload": {"$ref": f"#/$defs/{name}"}}} for name in entries
    ]
    if kind in BY_TOPIC:
        properties: dict[str, Any] = {"type": {"enum": list(entries)}, "payload": {"type": "object"}}
        return {
            **head, "required": ["type", "payload"], "properties": properties, "oneOf": branches, "$defs": defs,
        }  # fmt: skip
    seq = {"seq": {"type": "integer", "minimum": 1, "maximum": BEYOND_JAVASCRIPT}} if kind.numbered else {}
    properties = {
        **seq,
        "id": {"type": "string", "minLength": 1, "maxLength": 128},
        "type": {"enum": list(entries)},
        "at": TYPES["time"],
        "payload": {"type": "object"},
    }
    alone = {} if kind.numbered else {"not": {"required": ["seq"]}}
    return {
        **head,
        "required": list(properties),
        "properties": properties,
        **alone,
        "oneOf": branches,
        "$defs": defs,
    }


def json_text(kind: Kind) -> str:
    return json.dumps(whole(kind), indent=2, ensure_ascii=False) + "\n"


# -- TypeScript -----------------------------------------------------------------------------------------------------


def typescript() -> str:
    sources = ", ".join(kind.source for kind in KINDS)
    return "\n".join(
        [
            "// " + HOW.format(sources),
            "",
            'import type { Role } from "./roles.ts";',
            "",
            "/** Words that a person reads. */",
            f"export interface Text {ts_object(TYPES['text']['fields'])}",
            "",
            "/** A person as others are shown them. */",
            f"export interface Card {ts_object(TYPES['card']['fields'])}",
            *(line for kind in KINDS for line in ts_payloads(kind)),
            "",
        ]
    )


def ts_payloads(kind: Kind) -> list[str]:
    name = {
        EVENTS: "EventPayloads",
        NOTICES: "NoticePayloads",
        PERSONAL: "PersonalPayloads",
        HINTS: "HintPayloads",
    }[kind]
    fields = [
        f"  /** {entry['description']} */\n  readonly {key}: {ts_object(kind.fields(entry))};"
        for key, entry in kind.entries().items()
    ]
    return ["", f"/** {kind.says} The payloads by type. */", f"export interface {name} {{", *fields, "}"]


def ts_object(fields: Mapping[str, Any]) -> str:
    if not fields:
        return "Record<string, never>"
    return "{ " + " ".join(f"readonly {name}: {ts_type(field)};" for name, field in fields.items()) + " }"


def ts_type(field: Any) -> str:
    plain, nullable = split(field)
    null = " | null" if nullable else ""
    if isinstance(plain, str) and plain in TYPESCRIPT:
        return TYPESCRIPT[plain] + null
    schema = TYPES[plain] if isinstance(plain, str) else plain
    if "fields" in schema:
        return ts_object(schema["fields"]) + null
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"]) + null
    if schema["type"] == "array":
        return f"readonly {ts_type(schema['items'])}[]" + null
    if schema["type"] == "object":
        return f"{{ readonly [key: string]: {ts_type(schema['additionalProperties'])} }}" + null
    return {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}[
        schema["type"]
    ] + null


# -- Python ---------------------------------------------------------------------------------------------------------


def python() -> str:
    """The types of notices, their sentences, and the fields of each for the type checker."""
    entries = NOTICES.entries()
    return "\n".join(
        [
            f'"""The notices: their names, sentences and fields. {HOW.format(NOTICES.source)}"""',
            "",
            "from collections.abc import Mapping",
            "from enum import StrEnum",
            "from typing import TYPE_CHECKING, Literal, Protocol, overload",
            "",
            "from moderation.words import Words",
            "",
            "if TYPE_CHECKING:",
            "    from handlers.effects import Notify",
            "    from handlers.facts import Identity",
            "",
            "class NoticeType(StrEnum):",
            '    """What one person is told on `live.notice`."""',
            "",
            *(f"    {name.upper()} = {json.dumps(name)}" for name in entries),
            "",
            "TEXTS: Mapping[NoticeType, Words] = {",
            *(
                f"    NoticeType.{name.upper()}: Words({json.dumps(entry['text']['en'], ensure_ascii=False)},"
                f" {json.dumps(entry['text']['tr'], ensure_ascii=False)}),"
                for name, entry in entries.items()
            ),
            "}",
            "",
            "class Notice(Protocol):",
            '    """`handlers.notices.notice`, with the fields that each type has."""',
            "",
            *(overload_of(name, entry) for name, entry in entries.items()),
        ]
    )


def overload_of(name: str, entry: Entry) -> str:
    fields = "".join(f", {key}: {py_type(field)}" for key, field in entry["payload"].items())
    return (
        "    @overload\n"
        f'    def __call__(self, identity: "Identity", kind: Literal[NoticeType.{name.upper()}], '
        f'why: str | Words | None{", *" + fields if fields else ""}) -> "Notify": ...\n'
    )


def py_type(field: Any) -> str:
    plain, nullable = split(field)
    schema = TYPES[plain] if isinstance(plain, str) else plain
    names = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
    return names[schema.get("type", "string")] + (" | None" if nullable else "")


FILES: Mapping[Path, Callable[[], str]] = {
    SCHEMAS / EVENTS.schema: lambda: json_text(EVENTS),
    SCHEMAS / NOTICES.schema: lambda: json_text(NOTICES),
    SCHEMAS / PERSONAL.schema: lambda: json_text(PERSONAL),
    SCHEMAS / HINTS.schema: lambda: json_text(HINTS),
    Path("livekit-system/clients/typescript/src/payloads.ts"): typescript,
    Path("handlers/notice_types.py"): python,
}
