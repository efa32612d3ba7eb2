"""Owns the stage of the rehearsals: a session or call with its people as a test wants them, an act asked for twice
in one transaction, once as a dry run, and what the database holds before and after. Nothing is ever committed.
"""

import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from tests.database.action_lists import Line

RECORDED = """
    insert into live_recordings (session_id, mode, begins_at, max_until, prefix)
    values ($1, 'audio', now(), now() + interval '1 hour', gen_random_uuid()::text) returning id::text
"""
WATCHED = """
    insert into live_vods (recording_id, session_id, creator_id, title, access_type)
    select r.id, s.id, s.creator_id, s.title, 'public'
      from live_recordings r join live_sessions s on s.id = r.session_id
     where r.id = $1
"""
TOLD = """
    select jsonb_object_keys(m.payload -> 'changed') as name from realtime.messages m where m.payload ? 'changed'
    union all
    select m.event from realtime.messages m where not m.payload ? 'changed'
    union all
    select h.table_name from live.held_hints h
"""
"""Of what topics are told, or will be with their next hint: how soon that is depends on the clock."""
TOLD_OF_A_ROW = {
    *("live.spending", "public.moderation_actions"),
    *("realtime.messages", "live.session_hints", "live.held_hints", "live.hint_budget"),
}
"""What a dry run leaves: its own row, the hint that it is there, and that its asker used their rate."""


@dataclass(frozen=True)
class State:
    """What is so before somebody asks."""

    kind: str = "audio_room"
    status: str = "live"
    seated: bool = True
    role: str = "speaker"
    online: bool = True
    mic: tuple[bool, bool, int, bool] = (False, False, 0, False)
    """Muted, for a time, by which rank, by mute_all."""
    camera: tuple[bool, int] = (False, 0)
    chat: tuple[str | None, int] = (None, 0)
    hand: bool = False
    invited: bool = False
    everyone_muted: int | None = None
    bans: tuple[tuple[str, int], ...] = ()
    deleted: bool = False
    """Whether the message is."""


@dataclass
class Stage:
    """A session or call with its people, in a transaction that is never committed."""

    connection: asyncpg.Connection
    people: dict[str, str] = field(default_factory=dict)
    session: str = ""
    call: str = ""
    message: str = ""
    recording: str = ""

    async def value(self, sql: str, *args: object) -> Any:
        return await self.connection.fetchval(sql, *args)

    async def user(self, name: str) -> str:
        self.people[name] = person = str(uuid.uuid4())
        await self.value("insert into auth.users (id) values ($1)", person)
        return person

    async def seat(self, name: str, role: str) -> None:
        await self.value(
            "insert into live_participants (session_id, user_id, role, is_online) values ($1, $2, $3, true)",
            self.session, await self.user(name), role,
        )  # fmt: skip

    async def set_up(self, state: State) -> None:
        host = await self.user("host")
        await self.value("update profiles set is_creator = true where id = $1", host)
        self.session = await self.value(
            "insert into live_sessions (creator_id, type, title, status, scheduled_at)"
            " values ($1, $2, 'evening', $3, now() + interval '1 hour') returning id::text",
            host, state.kind, "live" if state.status == "ended" else state.status,
        )  # fmt: skip
        self.recording = await self.value(RECORDED, self.session)
        await self.value(WATCHED, self.recording)
        for role in ("co_host", "moderator", "listener"):
            await self.seat(role, role)
        await self.value("insert into live_ops (user_id) values ($1)", await self.user("ops"))
        await self.user("stranger")
        await self.target(state)
        await self.value(
            "update live_sessions set mute_all_rank = $2 where id = $1", self.session, state.everyone_muted
        )
        if state.status == "ended":
            await self.value("update live_sessions set status = 'ended' where id = $1", self.session)

    async def target(self, state: State) -> None:
        target = await self.user("target")
        self.call = await self.value(
            "select call_start($1, $2, 'audio') -> 'call' ->> 'id'",
            self.people["target"],
            self.people["stranger"],
        )
        if state.seated:
            await self.value(
                "insert into live_participants (session_id, user_id, role, is_online) values ($1, $2, $3, $4)",
                self.session, target, state.role, state.online,
            )  # fmt: skip
            muted, timed, by, by_all = state.mic
            await self.value(
                "update live_participants set mic_muted = $3,"
                " mic_muted_until = case when $3 and $4 then now() + interval '10 min' end, mic_by_rank = $5,"
                " mic_by_all = $3 and $6, camera_off = $7, camera_by_rank = $8,"
                " chat_muted_until = $9::text::timestamptz, chat_by_rank = $10,"
                " hand_raised_at = case when $11 then now() end,"
                " invited_role = case when $12 then 'speaker' end,"
                " invite_expires_at = case when $12 then now() + interval '1 min' end"
                " where session_id = $1 and user_id = $2",
                self.session, target, muted, timed, by, by_all, *state.camera, *state.chat, state.hand, state.invited,
            )  # fmt: skip
        self.message = await self.value(
            "insert into live_messages (session_id, user_id, type, payload, deleted_at)"
            " values ($1, $2, 'gift', '{}', case when $3 then now() end) returning id::text",
            self.session, target, state.deleted,
        )  # fmt: skip
        for scope, rank in state.bans:
            await self.value(
                "insert into live_bans (user_id, scope, session_id, creator_id, by_rank) values ($1, $2::text,"
                " case when $2 = 'session' then $3::uuid end, case when $2 = 'creator' then $4::uuid end, $5)",
                target, scope, self.session, self.people["host"], rank,
            )  # fmt: skip

    async def books(self) -> Mapping[str, Any]:
        """All that this transaction has written into the database, and how much is there, but for what every row
        leaves: nobody else's writes are seen in it."""
        names = [name for name in await self.tables() if name not in TOLD_OF_A_ROW]
        sql = " union all ".join(
            f"select '{name}', count(*) || ' ' || coalesce(string_agg(md5(t::text), ' ' order by t::text)"  # noqa: S608
            f" filter (where xmin::text::bigint >= own.id), '') from {name} t, own"
            for name in names
        )
        return dict(
            await self.connection.fetch(
                f"with own as materialized (select pg_current_xact_id()::text::bigint as id) {sql}"
            )
        )

    async def tables(self) -> Sequence[str]:
        found = await self.connection.fetch(
            "select format('%I.%I', schemaname, tablename) as name from pg_tables"
            " where schemaname in ('public', 'live', 'realtime') order by 1"
        )
        return [row["name"] for row in found]

    async def forget_hints(self) -> None:
        """As if nothing had been told for a while."""
        for table in ("realtime.messages", "live.held_hints"):
            await self.connection.execute(f"delete from {table}")  # noqa: S608
        await self.connection.execute("update live.session_hints set told_at = '-infinity'")

    async def told(self) -> set[str]:
        """Tables of which some topic is told, or the event where it is no hint."""
        return {row["name"] for row in await self.connection.fetch(TOLD)}

    async def ask(self, requester: str, row: Mapping[str, Any]) -> Any:
        """The row as the database has it then, or the refusal."""
        app = requester not in ("service", "auto")
        role = "authenticated" if app else "service_role"
        claims = {"role": role, "sub": self.people[requester]} if app else {"role": role}
        identity = str(uuid.uuid4())
        given = {"id": identity, **row, **({"requested_via": "auto"} if requester == "auto" else {})}
        given = {name: value for name, value in given.items() if value is not None}
        places = ", ".join(f"${n}" for n in range(1, len(given) + 1))
        try:
            async with self.connection.transaction():
                await self.value("select set_config('request.jwt.claims', $1, true)", json.dumps(claims))
                await self.connection.execute(f"set local role {role}")
                await self.value(
                    f"insert into moderation_actions ({', '.join(given)}) values ({places})",  # noqa: S608
                    *given.values(),
                )
        except asyncpg.PostgresError as error:
            return error.sqlstate, getattr(error, "hint", None), error.message
        finally:
            await self.connection.execute("reset role")
            await self.value("select set_config('request.jwt.claims', '', true)")
        found = await self.connection.fetchrow(
            "select id, status, before, after, live.state_of(a) as now from moderation_actions a where id = $1",
            identity,
        )
        return dict(found)


def alike(one: Any, other: Any) -> bool:
    """Whether both are the same, moments within a minute, since both runs count from their own now."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
        case str(), str() if _is_moment(one) and _is_moment(other):
            apart = datetime.fromisoformat(one) - datetime.fromisoformat(other)
            return abs(apart) < timedelta(minutes=1)
        case _:
            return bool(one == other)


def _is_moment(value: str) -> bool:
    return len(value) > 20 and value[4] == "-" and value[10] == "T"


def place_of(stage: Stage, place: str) -> dict[str, str]:
    return {"session": {"session_id": stage.session}, "call": {"call_id": stage.call}}.get(place, {})


async def compare(stage: Stage, requester: str, row: Mapping[str, Any]) -> bool:
    """Whether it was allowed."""
    await stage.forget_hints()
    was = await stage.books()
    rehearsed = await stage.ask(requester, {**row, "dry_run": True})
    left = await stage.books()
    assert {name for name in left if left[name] != was[name]} == set(), "a rehearsal left something"
    allowed = isinstance(rehearsed, dict)
    assert await stage.told() <= {"moderation_actions"}, "hints of a rehearsal leaked"
    done = await stage.ask(requester, {**row, "dry_run": False})
    if not isinstance(rehearsed, dict) or not isinstance(done, dict):
        assert rehearsed == done
        return allowed
    assert rehearsed["status"] == "applied"
    for side in ("before", "after"):
        assert alike(rehearsed[side], done[side]), side
    assert alike(done["after"] | (done["now"] or {}), done["after"]), "after is what is now"
    return allowed


@dataclass(frozen=True)
class Theatre:
    """What all plays share: one connection, in a loop of its own, and the actions."""

    runner: asyncio.Runner
    connection: asyncpg.Connection
    lines: Mapping[str, Line]

    def play(self, state: State, requester: str, place: str, action: str, params: Mapping[str, Any]) -> bool:
        """Whether it was allowed."""
        return self.runner.run(self._play(state, requester, place, self.lines[action], params))

    async def _play(
        self, state: State, requester: str, place: str, line: Line, params: Mapping[str, Any]
    ) -> bool:
        transaction = self.connection.transaction(isolation="repeatable_read")
        await transaction.start()
        try:
            stage = Stage(self.connection)
            await stage.set_up(state)
            whom = stage.people["target"] if line.needs_target else None
            given = {**params, **({"message_id": stage.message} if line.scope == "message" else {})}
            given |= {"recording_id": stage.recording} if "recording_id" in given else {}
            row = {**place_of(stage, place), "action": line.action, "target_user_id": whom, "params": given}
            return await compare(stage, requester, row)
        finally:
            await transaction.rollback()
