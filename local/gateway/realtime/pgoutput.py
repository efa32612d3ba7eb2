"""Decodes Postgres' own logical replication output, protocol version 1.

The format is "Logical Replication Message Formats" in the PostgreSQL manual, chapter "Frontend/Backend
Protocol". No library on PyPI decodes it for current Python; psycopg2 brings the stream of these messages.
Values stay text: Postgres itself turns them into JSON later (see `changes.py`).
"""

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

Kind = Literal["INSERT", "UPDATE", "DELETE"]
Row = dict[str, str | None]


@dataclass(frozen=True)
class Relation:
    """A table as of one moment; Postgres sends it again when it changes."""

    oid: int
    schema: str
    table: str
    columns: tuple[tuple[str, int], ...]
    """Names and type oids."""
    identity: frozenset[str]
    """Columns of the replica identity."""


@dataclass(frozen=True)
class Change:
    """One row's change. `new` is None for a DELETE; `old` holds what the replica identity gives, or is None.

    A column whose large value an UPDATE left alone is missing from `new`, unless `old` knows it.
    """

    kind: Kind
    relation: Relation
    committed_at: datetime
    new: Row | None
    old: Row | None


@dataclass
class Decoder:
    """Turns messages into changes; remembers relations and the present transaction."""

    _relations: dict[int, Relation] = field(default_factory=dict)
    _committed_at: datetime = EPOCH

    def feed(self, message: bytes) -> Change | None:
        """The change that a message of logical replication tells; None: it tells none."""
        reader = _Reader(message)
        match reader.char():
            case "B":
                reader.skip(8)
                self._committed_at = EPOCH + timedelta(microseconds=reader.int64())
            case "R":
                relation = _relation(reader)
                self._relations[relation.oid] = relation
            case "I":
                return self._change("INSERT", reader)
            case "U":
                return self._change("UPDATE", reader)
            case "D":
                return self._change("DELETE", reader)
            case _:
                pass  # commit, origin, type, truncate: nothing that a subscriber is told
        return None

    def _change(self, kind: Kind, reader: "_Reader") -> Change:
        relation = self._relations[reader.int32()]
        old: Row | None = None
        part = reader.char()
        if part in {"K", "O"}:
            old = _row(reader, relation, {})
            if part == "K":
                old = {name: value for name, value in old.items() if name in relation.identity}
            if kind == "UPDATE":
                reader.char()
        new = None if kind == "DELETE" else _row(reader, relation, old or {})
        return Change(kind, relation, self._committed_at, new, old)


def _relation(reader: "_Reader") -> Relation:
    oid, schema, table = reader.int32(), reader.text(), reader.text()
    reader.skip(1)
    columns, identity = [], set()
    for _ in range(reader.int16()):
        in_identity, name, type_oid = reader.int8() & 1, reader.text(), reader.int32()
        reader.skip(4)
        columns.append((name, type_oid))
        if in_identity:
            identity.add(name)
    return Relation(oid, schema, table, tuple(columns), frozenset(identity))


def _row(reader: "_Reader", relation: Relation, old: Row) -> Row:
    row: Row = {}
    for name, _ in relation.columns[: reader.int16()]:
        match reader.char():
            case "n":
                row[name] = None
            case "t":
                row[name] = reader.take(reader.int32()).decode()
            case _:  # "u": a large value that was left alone and is not in the message
                if name in old:
                    row[name] = old[name]
    return row


class _Reader:
    """Reads a message from front to back, in network byte order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, length: int) -> bytes:
        start, self._at = self._at, self._at + length
        return self._data[start : self._at]

    def skip(self, length: int) -> None:
        self._at += length

    def char(self) -> str:
        return self.take(1).decode()

    def int8(self) -> int:
        return self.take(1)[0]

    def int16(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def int32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def int64(self) -> int:
        return int(struct.unpack("!q", self.take(8))[0])

    def text(self) -> str:
        end = self._data.index(0, self._at)
        text = self.take(end - self._at).decode()
        self.skip(1)
        return text
