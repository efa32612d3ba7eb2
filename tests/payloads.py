"""Owns the look at what SQL has written for apps: events of sessions, messages to people and hints, each as its list
says, with no field too many.
"""

import json

import asyncpg
from jsonschema import Draft202012Validator, FormatChecker

from tests.message_lists import EVENTS, HINTS, PERSONAL, Kind, payloads

FORMATS = FormatChecker()
CHECKS = {
    kind: {
        name: Draft202012Validator(schema, format_checker=FORMATS)
        for name, schema in payloads(kind, strict=True).items()
    }
    for kind in (EVENTS, PERSONAL, HINTS)
}
WRITTEN = {
    EVENTS: "select type, payload::text from public.live_events where xmin::text::bigint > $1",
    PERSONAL: "select event, (payload - '{now,id}'::text[])::text from realtime.messages"
    " where topic like 'live:user:%' and xmin::text::bigint > $1",
    # Realtime gives a payload without an id one.
    HINTS: "select split_part(topic, ':', 2),"
    " (case when topic like 'live:session:%' then payload - 'id' else payload end)::text from realtime.messages"
    " where event = 'changed' and topic like 'live:%' and xmin::text::bigint > $1",
}
_seen: dict[str, int] = {}
"""Of each database, the transaction up to which it has been looked at."""


async def faults(connection: asyncpg.Connection) -> list[str]:
    """What is wrong with the messages written since the last look, in words: the type, its field, what it should be."""
    server, now = await connection.fetchrow(
        "select current_setting('unix_socket_directories') || current_setting('port') || current_database(),"
        " pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    )
    since = _seen.get(server, 0)
    _seen[server] = now - 1
    return [
        fault
        for kind, sql in WRITTEN.items()
        for type_, payload in await connection.fetch(sql, since)
        for fault in faults_of(kind, type_, json.loads(payload))
    ]


def faults_of(kind: Kind, type_: str, payload: object) -> list[str]:
    """What is wrong with one message."""
    check = CHECKS[kind].get(type_)
    if check is None:
        return [f"{kind.source} has no {type_}"]
    return [f"{type_}: {error.json_path}: {error.message}" for error in check.iter_errors(payload)]
