"""One list for each kind of message to an app: every other place is written from it."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from handlers.notice_types import TEXTS, NoticeType
from tests.message_lists import (
    EVENTS,
    FILES,
    HINTS,
    KINDS,
    NOTICES,
    PERSONAL,
    TYPES,
    Kind,
    payloads,
    split,
    whole,
)
from tests.written import REPOSITORY, hold

TYPED = "notice_types.py"
SQL = REPOSITORY / "livekit-system" / "supabase" / "schemas"
"""Where events and personal messages are written."""
WRITES = {
    EVENTS: re.compile(
        r"append_events?\(\s*[\w.]+,\s*(?:'(\w+)'|case .*? then '(\w+)' else '(\w+)' end)", re.DOTALL
    ),
    PERSONAL: re.compile(r"tell_user\(\s*[\w.]+,\s*'(\w+)'"),
    HINTS: re.compile(r"'changed',\s*'live:(\w+)"),
}


@pytest.mark.parametrize("path", FILES, ids=str)
def test_what_follows_from_a_list_is_written_from_it(path: Path) -> None:
    hold(path, FILES[path](), "tests/unit/test_message_lists.py")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.source)
def test_each_example_is_one_and_a_surplus_field_is_a_fault_of_what_we_write(kind: Kind) -> None:
    read = Draft202012Validator(whole(kind), format_checker=FormatChecker())
    for name, schema in payloads(kind, strict=True).items():
        (example,) = read.schema["$defs"][name]["examples"]
        strict = Draft202012Validator(schema, format_checker=FormatChecker())
        strict.validate(example)
        assert not strict.is_valid({**example, "surplus": 1})
        assert all(
            not strict.is_valid({k: v for k, v in example.items() if k != one}) for one in schema["required"]
        )
        message = {
            "id": "1",
            "at": "2026-11-23T12:00:00.000Z",
            "type": name,
            "payload": {**example, "surplus": 1},
        }
        read.validate({"seq": 1, **message} if kind.numbered else message)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.source)
def test_every_field_is_of_a_known_type(kind: Kind) -> None:
    for entry in kind.entries().values():
        for field in entry["payload"].values():
            plain, _ = split(field)
            assert not isinstance(plain, str) or plain in TYPES


@pytest.mark.parametrize("kind", WRITES, ids=lambda kind: kind.source)
def test_sql_writes_every_message_of_the_list_and_no_other(kind: Kind) -> None:
    text = "\n".join(path.read_text() for path in sorted(SQL.glob("*.sql")))
    written = {
        name
        for found in WRITES[kind].findall(text)
        for name in ([found] if isinstance(found, str) else found)
    }
    assert written - {""} == set(kind.entries())


def test_every_notice_is_sent_by_a_handler() -> None:
    code = "\n".join(
        path.read_text() for path in (REPOSITORY / "handlers").glob("*.py") if path.name != TYPED
    )
    assert set(re.findall(r"NoticeType\.(\w+)", code)) == set(NoticeType.__members__)


def test_every_notice_has_its_sentence_in_both_languages() -> None:
    assert set(TEXTS) == set(NoticeType) == set(NOTICES.entries())
    assert all(words.en.endswith(".") and words.tr.endswith(".") for words in TEXTS.values())


def test_lists_are_written_in_order_once() -> None:
    for kind in KINDS:
        pairs = json.loads(
            (REPOSITORY / "livekit-system/schemas" / kind.source).read_text(), object_pairs_hook=list
        )
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names))
