"""A dry run is the act, rolled back: what it says is what the real row then does, and nothing else is left of it.

`LIVE_TEST_EXAMPLES=500` looks for longer, in new places each time; without it a run is short and always the same.
"""

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, get_args

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.action_names import ActionName
from tests.database import action_lists
from tests.database.action_lists import Line
from tests.database.drawn import drawn
from tests.database.world import World

ACTIONS = get_args(ActionName)
REQUESTERS = ["service", "ops", "auto", "host", "co_host", "moderator", "listener", "stranger"]
RANKS = [0, 30, 40, 50, 100]
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

    async def books(self) -> dict[str, str]:
        """All that is in the database, but for what every row leaves."""
        names = [
            row["name"]
            for row in await self.connection.fetch(
                "select format('%I.%I', schemaname, tablename) as name from pg_tables"
                " where schemaname in ('public', 'live', 'realtime') order by 1"
            )
            if row["name"] not in TOLD_OF_A_ROW
        ]
        sql = " union all ".join(
            f"select '{name}', md5(coalesce(string_agg(t::text, '' order by t::text), '')) from {name} t"  # noqa: S608
            for name in names
        )
        return dict(await self.connection.fetch(sql))

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


async def play(
    dsn: str, state: State, requester: str, place: str, action: str, params: Mapping[str, Any]
) -> bool:
    world = World(dsn)
    try:
        connection = await world.connect()
        transaction = connection.transaction(isolation="repeatable_read")
        await transaction.start()
        stage = Stage(connection)
        await stage.set_up(state)
        line = next(line for line in await action_lists.lines(world) if line.action == action)
        whom = stage.people["target"] if line.needs_target else None
        given = {**params, **({"message_id": stage.message} if line.scope == "message" else {})}
        given |= {"recording_id": stage.recording} if "recording_id" in given else {}
        row = {**place_of(stage, place), "action": action, "target_user_id": whom, "params": given}
        return await compare(stage, requester, row)
    finally:
        await world.close()


def value_of(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return {"number": st.just(60), "integer": st.just(60), "boolean": st.booleans()}.get(
        schema["type"], st.just("hello")
    )


ranks = st.sampled_from(RANKS)
states = st.builds(
    State,
    kind=st.sampled_from(["audio_room", "video_live"]),
    status=st.sampled_from(["live", "live", "live", "scheduled", "ended"]),
    seated=st.sampled_from([True, True, True, False]),
    role=st.sampled_from(["listener", "speaker", "moderator", "co_host", "host"]),
    online=st.booleans(),
    mic=st.tuples(st.booleans(), st.booleans(), ranks, st.booleans()).map(
        lambda mic: (mic[0], mic[1] and not mic[3], mic[2], mic[3])
    ),
    camera=st.tuples(st.booleans(), ranks),
    chat=st.tuples(st.sampled_from([None, "infinity", "2100-01-01"]), ranks),
    hand=st.booleans(),
    invited=st.booleans(),
    everyone_muted=st.sampled_from([None, None, 40, 100]),
    bans=st.lists(st.tuples(st.sampled_from(["session", "creator", "platform"]), ranks), max_size=2).map(
        tuple
    ),
    deleted=st.booleans(),
)


@drawn(60)
@given(
    state=states,
    requester=st.sampled_from(REQUESTERS),
    place=st.sampled_from(["session", "session", "session", "session", "call", "nowhere"]),
    action=st.sampled_from(ACTIONS),
    data=st.data(),
)
def test_a_rehearsal_says_what_the_act_then_does_and_leaves_nothing(
    dsn: str, schemas: Mapping[str, Line], state: State, requester: str, place: str, action: str, data: Any
) -> None:
    taken = {
        name: data.draw(value_of(schema), label=name)
        for name, schema in schemas[action].properties.items()
        if schemas[action].needs(name) or data.draw(st.booleans(), label=f"with {name}")
    }
    asyncio.run(play(dsn, state, requester, place, action, taken))


@pytest.fixture(scope="module")
def schemas(dsn: str) -> Mapping[str, Line]:
    async def read() -> Mapping[str, Line]:
        world = World(dsn)
        try:
            return {line.action: line for line in await action_lists.lines(world)}
        finally:
            await world.close()

    return asyncio.run(read())


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_can_be_rehearsed_and_then_be_done(
    dsn: str, schemas: Mapping[str, Line], action: str
) -> None:
    """By ops, of somebody of whom all that can be undone is so."""
    state = State(
        mic=(True, True, 30, False), camera=(True, 30), chat=("2100-01-01", 30), everyone_muted=40,
        bans=(("session", 30),) if action == "unban" else (),
    )  # fmt: skip
    taken = {
        name: schema["enum"][0] if "enum" in schema else {"integer": 60}.get(schema["type"], "hello")
        for name, schema in schemas[action].properties.items()
        if schemas[action].needs(name)
    }
    assert asyncio.run(play(dsn, state, "ops", "session", action, taken))
