"""`postgres_changes`: tells subscribers of changed rows that they may see, in batches every 100 ms.

Postgres decides what a row looks like as JSON and who may see it: one query per table and batch for the
first, one per table, batch and distinct token for the second, however many rows and subscribers there are.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import asyncpg

from local.gateway.realtime.authorization import acting_as
from local.gateway.realtime.channel import Channel
from local.gateway.realtime.pgoutput import Change, Relation, Row
from moderation.timestamps import text_of

POLL_SECONDS = 0.1  # as hosted Realtime
BUFFER_CHANGES = 10_000
JSON_TYPES = frozenset({"json", "jsonb"})
UNAUTHORIZED = "Error 401: Unauthorized"
NO_KEY = "Error 400: Bad Request, no primary key"

Record = dict[str, Any]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Table:
    """What the log does not say of a table."""

    name: str
    key: frozenset[str]
    types: Mapping[str, str]
    row_security: bool


@dataclass(frozen=True)
class View:
    """What one token sees of a batch: positions of visible rows, readable columns, or why nothing at all."""

    rows: frozenset[int]
    columns: frozenset[str]
    error: str | None = None


class Changes:
    """The buffer between the log and the subscribers, emptied by `run`."""

    def __init__(self, pool: asyncpg.Pool, channels: Callable[[], Iterable[Channel]]) -> None:
        self._pool = pool
        self._channels = channels
        self._buffer: list[Change] = []
        self._tables: dict[Relation, Table] = {}

    def add(self, change: Change) -> None:
        """Take a change to be sent with the next batch; past the bound it is dropped, and logged."""
        if len(self._buffer) >= BUFFER_CHANGES:
            log.error("more than %d changes in a tenth of a second: one is dropped", BUFFER_CHANGES)
            return
        self._buffer.append(change)

    async def run(self) -> None:
        """Send what has gathered every `POLL_SECONDS`, until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            batch, self._buffer = self._buffer, []
            try:
                for relation, changes in groupby(batch, key=lambda change: change.relation):
                    await self._tell(relation, list(changes))
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                log.warning("changes could not be told and are lost: %s", error)
            self._announce()

    def _announce(self) -> None:
        """Tells new subscribers that changes flow from now on; a join's reply is earlier, as upstream."""
        for channel in self._channels():
            if channel.bindings and not channel.announced:
                channel.announced = True
                channel.system("postgres_changes", "ok", "Subscribed to PostgreSQL")

    async def _tell(self, relation: Relation, changes: Sequence[Change]) -> None:
        kinds = {change.kind for change in changes}
        listeners = [
            channel
            for channel in self._channels()
            if channel.announced and any(b.matches(k, relation) for b in channel.bindings for k in kinds)
        ]
        if not listeners:
            return
        table = await self._table(relation)
        new = await self._render(table, [change.new for change in changes])
        old = await self._render(table, [old_row(change, table) for change in changes])
        views: dict[str, View] = {}
        for channel in listeners:
            token = json.dumps(dict(channel.claims), sort_keys=True)
            if token not in views:
                views[token] = await self._view(table, channel, new)
            for place, change in enumerate(changes):
                deliver(channel, change, table, views[token], place, new[place], old[place])

    async def _table(self, relation: Relation) -> Table:
        if relation not in self._tables:
            self._tables[relation] = await self._describe(relation)
        return self._tables[relation]

    async def _describe(self, relation: Relation) -> Table:
        row = await self._pool.fetchrow(
            """
            select c.relrowsecurity,
              array(select a.attname::text from pg_index i join pg_attribute a
                on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
                where i.indrelid = c.oid and i.indisprimary) as key,
              (select json_object_agg(t.oid, t.typname) from pg_type t where t.oid = any ($2)) as types
            from pg_class c where c.oid = $1
            """,
            relation.oid,
            [type_oid for _, type_oid in relation.columns],
        )
        if row is None:
            raise asyncpg.UndefinedTableError(f"{relation.table} is gone")
        names = json.loads(row["types"])
        types = {name: names.get(str(type_oid), "text") for name, type_oid in relation.columns}
        name = f"{quoted(relation.schema)}.{quoted(relation.table)}"
        return Table(name, frozenset(row["key"]), types, row["relrowsecurity"])

    async def _render(self, table: Table, rows: Sequence[Row | None]) -> list[Record | None]:
        """Rows of text as JSON, by Postgres' own conversion."""
        given = json.dumps([typed(table, row or {}) for row in rows])
        rendered = await self._pool.fetch(
            f"select to_jsonb(r) as record from jsonb_populate_recordset(null::{table.name}, $1) r",  # noqa: S608
            given,
        )
        records = (json.loads(line["record"]) for line in rendered)
        return [
            None if row is None else {name: record[name] for name in row}
            for row, record in zip(rows, records, strict=True)
        ]

    async def _view(self, table: Table, channel: Channel, records: Sequence[Record | None]) -> View:
        if not table.key:
            return View(frozenset(), frozenset(), NO_KEY)
        same = " and ".join(f"r.{quoted(name)} = x.{quoted(name)}" for name in sorted(table.key))
        keys = [{name: (record or {}).get(name) for name in table.key} for record in records]
        try:
            async with acting_as(self._pool, channel.claims) as db:
                visible = await db.fetch(
                    f"select x.ordinality as place from "  # noqa: S608 - names are quoted
                    f"rows from (jsonb_populate_recordset(null::{table.name}, $1)) with ordinality as x "
                    f"where exists (select from {table.name} r where {same})",
                    json.dumps(keys),
                )
                columns = await db.fetch(
                    "select name from unnest($2::text[]) name where has_column_privilege($1, name, 'select')",
                    table.name,
                    list(table.types),
                )
        except asyncpg.PostgresError as error:
            log.info("%s is not readable: %s", table.name, error)
            return View(frozenset(), frozenset(), UNAUTHORIZED)
        return View(
            frozenset(line["place"] - 1 for line in visible), frozenset(line["name"] for line in columns)
        )


def deliver(
    channel: Channel,
    change: Change,
    table: Table,
    view: View,
    place: int,
    new: Record | None,
    old: Record | None,
) -> None:
    """Sends the change if the channel wants it and its token sees it; a DELETE leaves nothing to see."""
    compared = new if new is not None else old or {}
    ids = [
        binding.id
        for binding in channel.bindings
        if binding.matches(change.kind, change.relation)
        and (binding.filter is None or binding.filter.admits(compared))
    ]
    if not ids or not (view.error or change.kind == "DELETE" or place in view.rows):
        return
    data: Record = {
        "schema": change.relation.schema,
        "table": change.relation.table,
        "type": change.kind,
        "commit_timestamp": text_of(change.committed_at.timestamp()),
        "errors": [view.error] if view.error else None,
        "columns": [{"name": n, "type": t} for n, t in table.types.items() if n in view.columns],
    }
    if new is not None:
        data["record"] = {name: value for name, value in new.items() if name in view.columns}
    if old is not None:
        data["old_record"] = {name: value for name, value in old.items() if name in view.columns}
    channel.send("postgres_changes", {"ids": ids, "data": data})


def old_row(change: Change, table: Table) -> Row | None:
    """The row before: its key; all of it under `replica identity full`, but for a DELETE under RLS."""
    if change.kind == "INSERT":
        return None
    row = change.old if change.old is not None else change.new or {}
    key_only = change.old is None or (change.kind == "DELETE" and table.row_security)
    return {name: value for name, value in row.items() if not key_only or name in table.key}


def typed(table: Table, row: Row) -> Record:
    """Text as `jsonb_populate_recordset` wants it: every type is read from text, but JSON must be JSON."""
    return {
        name: json.loads(value) if value is not None and table.types[name] in JSON_TYPES else value
        for name, value in row.items()
    }


def quoted(name: str) -> str:
    """As an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
