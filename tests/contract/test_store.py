"""What any `Store` must do: the fake of the unit tests, and Supabase's data API over the real database."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
import pytest_asyncio

from agent.core.clock import DatabaseClock
from agent.core.lease import (
    Claim,
    ClaimOutcome,
    Cursor,
    Finish,
    Joined,
    Known,
    Lease,
    Left,
    Release,
    RoomName,
    RoomPull,
)
from agent.core.ports import Store
from agent.postgres.lane import own_lane
from agent.supabase.client import supabase_client
from agent.supabase.store import Rpc, SqlStore
from handlers.effects import FinishAction, Outcome
from handlers.facts import ActionId, Connection, Identity, Sid
from local.lane import lane_url
from local.stack import Stack
from moderation.action_names import AGENT_ACTIONS, TARGETED
from moderation.desired import Permission
from tests.database.world import World
from tests.fakes.store import Database, FakeStore

PARAMS: Mapping[str, Mapping[str, Any]] = {"set_role": {"role": "listener"}, "announce": {"text": "hello"}}
"""What an action does not go without."""
FIRST = {"unban": "ban"}
"""What must have happened before."""
GRACE_SECONDS = 0.3
START_MS = 1_800_000_000_000
NOBODY = Permission(frozenset())


class Backend(Protocol):
    """One database, as everyone but the agent sees it."""

    def worker(self, name: str) -> Store: ...
    async def live(self) -> RoomName: ...
    async def user(self) -> Identity: ...
    async def seat(self, room: RoomName, who: Identity) -> None: ...
    async def mute(self, room: RoomName, who: Identity) -> ActionId: ...
    async def announce(self, room: RoomName) -> ActionId: ...
    async def act(self, room: RoomName, action: str, who: Identity | None) -> ActionId: ...
    async def status(self, action: ActionId) -> str: ...
    async def visit(self, sid: Sid) -> tuple[int, int | None]: ...
    async def relayed(self, room: RoomName) -> int: ...
    async def lapse(self, room: RoomName) -> None: ...
    async def begin_camera_off(self, room: RoomName, who: Identity) -> Any: ...
    async def commit(self, transaction: Any) -> None: ...
    async def pass_grace(self) -> None: ...
    async def take_lock(self, worker: str) -> None: ...


class Fake:
    def __init__(self) -> None:
        self.now = START_MS / 1000
        self.database = Database(lambda: self.now)
        self.users = 0

    def worker(self, name: str) -> Store:
        return FakeStore(self.database, name)

    async def live(self) -> RoomName:
        return self.database.live(RoomName(f"room-{len(self.database.places)}")).name

    async def user(self) -> Identity:
        self.users += 1
        return Identity(f"user-{self.users}")

    async def seat(self, room: RoomName, who: Identity) -> None:
        self.database.set(room, who)

    async def mute(self, room: RoomName, who: Identity) -> ActionId:
        return self.database.ask(room, "mute", who)

    async def announce(self, room: RoomName) -> ActionId:
        return self.database.ask(room, "announce", params={"text": "hello"})

    async def act(self, room: RoomName, action: str, who: Identity | None) -> ActionId:
        return self.database.ask(room, action, who, params=dict(PARAMS.get(action, {})))

    async def status(self, action: ActionId) -> str:
        return next(
            place.rows[action].status for place in self.database.places.values() if action in place.rows
        )

    async def visit(self, sid: Sid) -> tuple[int, int | None]:
        found = next(place.visits[sid] for place in self.database.places.values() if sid in place.visits)
        return found.joined_at_ms, found.left_at_ms

    async def relayed(self, room: RoomName) -> int:
        return self.database.places[room].relayed

    async def lapse(self, room: RoomName) -> None:
        self.database.places[room].expires_at = self.now

    async def begin_camera_off(self, room: RoomName, who: Identity) -> Any:
        return room, who, self.database.begin()

    async def commit(self, transaction: Any) -> None:
        room, who, xid = transaction
        self.database.set(room, who, xid, camera_off=True)
        self.database.commit(xid)

    async def pass_grace(self) -> None:
        """After which the rooms of a worker that fell may be claimed."""
        self.now += GRACE_SECONDS

    async def take_lock(self, worker: str) -> None:
        """The session lock by which a worker shows that it lives."""
        self.database.workers[worker].alive = True


class Real:
    def __init__(self, database_url: str, client: Rpc) -> None:
        self._client, self.world = client, World(database_url)

    def worker(self, name: str) -> Store:
        return SqlStore(self._client, name, DatabaseClock(), lease_seconds=30.0)

    async def live(self) -> RoomName:
        return RoomName((await self.world.live()).room)

    async def user(self) -> Identity:
        return Identity(await self.world.user())

    async def session(self, room: RoomName) -> str:
        return str(await self.world.value("select id from live_sessions where livekit_room = $1", room))

    async def seat(self, room: RoomName, who: Identity) -> None:
        await (await self.world.owner()).execute(
            "insert into live_participants (session_id, user_id, role) values ($1, $2, 'listener')",
            await self.session(room),
            who,
        )

    async def _ask(self, room: RoomName, action: str, target: str | None, params: dict[str, Any]) -> ActionId:
        sql = (
            "insert into moderation_actions (session_id, target_user_id, action, params)"
            " values ($1, $2, $3, $4) returning id"
        )
        return ActionId(str(await self.world.service(sql, await self.session(room), target, action, params)))

    async def mute(self, room: RoomName, who: Identity) -> ActionId:
        return await self._ask(room, "mute", who, {})

    async def announce(self, room: RoomName) -> ActionId:
        return await self._ask(room, "announce", None, {"text": "hello"})

    async def act(self, room: RoomName, action: str, who: Identity | None) -> ActionId:
        return await self._ask(room, action, who, dict(PARAMS.get(action, {})))

    async def status(self, action: ActionId) -> str:
        return str(await self.world.value("select status from moderation_actions where id = $1", action))

    async def visit(self, sid: Sid) -> tuple[int, int | None]:
        row = await self.world.row(
            "select round(extract(epoch from joined_at) * 1000)::bigint as joined,"
            " round(extract(epoch from left_at) * 1000)::bigint as gone"
            " from live_visits where participant_sid = $1",
            sid,
        )
        return row["joined"], row["gone"]

    async def relayed(self, room: RoomName) -> int:
        return int(
            await self.world.value("select relayed_seq from live_sessions where livekit_room = $1", room)
        )

    async def lapse(self, room: RoomName) -> None:
        owner = await self.world.owner()
        await owner.execute(
            "update agent_rooms set lease_expires_at = clock_timestamp() - interval '1 s' where room = $1",
            room,
        )

    async def begin_camera_off(self, room: RoomName, who: Identity) -> Any:
        connection = await self.world.connect()
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "update live_participants set camera_off = true where session_id = $1 and user_id = $2",
            await self.session(room),
            who,
        )
        return transaction

    async def commit(self, transaction: Any) -> None:
        await transaction.commit()

    async def pass_grace(self) -> None:
        await (await self.world.owner()).execute("select pg_sleep($1)", GRACE_SECONDS)

    async def take_lock(self, worker: str) -> None:
        await (await self.world.owner()).execute("select pg_advisory_lock(live.worker_lock($1))", worker)


@pytest.fixture
def fake() -> Backend:
    return Fake()


@pytest_asyncio.fixture(loop_scope="session")
async def real(stack: Stack) -> AsyncIterator[Backend]:
    env = stack.env
    async with supabase_client(env["SUPABASE_URL"], env["SUPABASE_SERVICE_ROLE_KEY"], 5.0) as supabase:
        backend = Real(stack.database_url, supabase)
        try:
            yield backend
        finally:
            await backend.world.close()


@dataclass
class Held:
    """A room of one worker, with its lease and cursor."""

    store: Store
    room: RoomName
    claim: Claim

    def __post_init__(self) -> None:
        self.lease, self.cursor = Lease(self.room, self.claim.epoch), self.claim.cursor

    async def pull(self, in_hand: frozenset[ActionId] | None = None) -> RoomPull | None:
        news = await self.store.pull({self.lease: Known(self.cursor, in_hand)})
        for item in news:
            self.cursor = item.cursor or self.cursor
        return news[0] if news else None

    async def settle(self) -> None:
        """Take in everything that is known so far."""
        await self.pull()

    def joined(self, who: Identity, sid: str, at_ms: int = START_MS) -> Joined:
        return Joined(self.lease, who, Connection(Sid(sid), at_ms, NOBODY))

    def left(self, who: Identity, sid: str, at_ms: int) -> Left:
        return Left(self.lease, who, Sid(sid), "client_initiated", at_ms)

    def finish(self, action: ActionId, verdict: Outcome = Outcome.APPLIED) -> Finish:
        return Finish(self.lease, FinishAction(action, verdict, {"a": 1}, {"b": 2}), 0.0)


async def hold(backend: Backend, room: RoomName, worker: str = "one") -> Held:
    store = backend.worker(worker)
    claim = await store.claim(room, Identity("agent-1"))
    assert claim.outcome is ClaimOutcome.CLAIMED
    return Held(store, room, claim)


class StoreContract:
    """The suite. Each test gets `backend` from the class below it."""

    async def test_a_room_has_one_holder(self, backend: Backend) -> None:
        room = await backend.live()
        held = await hold(backend, room)
        other = await backend.worker("two").claim(room, Identity("agent-2"))
        assert other.outcome is ClaimOutcome.HELD
        assert held.claim.snapshot is not None

    async def test_the_same_worker_may_claim_again_with_a_new_epoch(self, backend: Backend) -> None:
        room = await backend.live()
        first, second = await hold(backend, room), await hold(backend, room)
        assert second.lease.epoch > first.lease.epoch

    async def test_a_room_of_nothing_is_unknown(self, backend: Backend) -> None:
        claim = await backend.worker("one").claim(RoomName("of-nothing"), Identity("agent-1"))
        assert claim.outcome is ClaimOutcome.UNKNOWN

    async def test_a_row_waits_in_its_holders_room_until_it_is_claimed(self, backend: Backend) -> None:
        room, ada = await backend.live(), await backend.user()
        await backend.seat(room, ada)
        held = await hold(backend, room)
        await held.settle()
        assert room not in await held.store.waiting()
        await backend.mute(room, ada)
        assert room in await held.store.waiting()
        assert room not in await backend.worker("two").waiting()
        await held.pull()
        assert room not in await held.store.waiting()

    async def test_after_a_take_over_the_one_before_is_fenced(self, backend: Backend) -> None:
        room, ada = await backend.live(), await backend.user()
        await backend.seat(room, ada)
        old = await hold(backend, room)
        row = await backend.mute(room, ada)
        await backend.lapse(room)
        new = await hold(backend, room, "two")
        assert new.lease.epoch > old.lease.epoch
        lost = await old.pull()
        assert lost is not None
        assert lost.pulled is None
        (presence,) = await old.store.presence([old.joined(ada, f"PA_{ada}")])
        (finish,) = await old.store.finish([old.finish(row)])
        (cursor,) = await old.store.relayed([Cursor(old.lease, 1)])
        assert {(one.ok, one.error) for one in (presence, finish, cursor)} == {(False, "fenced")}
        assert await backend.status(row) == "pending"

    async def test_a_lease_that_ran_out_but_was_not_taken_is_renewed(self, backend: Backend) -> None:
        room = await backend.live()
        held = await hold(backend, room)
        await backend.lapse(room)
        news = await held.pull()
        assert news is None or news.pulled is not None
        other = await backend.worker("two").claim(room, Identity("agent-2"))
        assert other.outcome is ClaimOutcome.HELD

    async def test_a_room_that_was_given_back_is_free(self, backend: Backend) -> None:
        room = await backend.live()
        held = await hold(backend, room)
        await held.store.release((Release(held.lease, closed=False, at_ms=0),))
        assert (await hold(backend, room, "two")).lease.epoch > held.lease.epoch

    async def test_a_room_on_offer_is_moderated_until_another_worker_takes_it(self, backend: Backend) -> None:
        room = await backend.live()
        held = await hold(backend, room)
        await held.store.offer((held.lease,))
        assert (await held.store.watch(1.0, None)).lapsing[room] is None
        news = await held.pull()
        assert news is None or news.pulled is not None
        taken = await hold(backend, room, "two")
        lost = await held.pull()
        assert lost is not None
        assert lost.pulled is None
        assert room not in (await taken.store.watch(1.0, None)).lapsing

    async def test_what_commits_late_is_not_missed(self, backend: Backend) -> None:
        room, ada, bo = await backend.live(), await backend.user(), await backend.user()
        for who in (ada, bo):
            await backend.seat(room, who)
        held = await hold(backend, room)
        await held.settle()
        late = await backend.begin_camera_off(room, ada)
        await backend.mute(room, bo)  # a later transaction that commits first
        first = await held.pull()
        assert first is not None
        assert first.pulled is not None
        assert bo in {person.identity for person in first.pulled.people}
        await backend.commit(late)
        second = await held.pull()
        assert second is not None
        assert second.pulled is not None
        assert {p.identity: p.desired.camera_off for p in second.pulled.people}[ada]

    async def test_a_row_brings_its_desired_state_and_is_claimed_once(self, backend: Backend) -> None:
        room, ada = await backend.live(), await backend.user()
        await backend.seat(room, ada)
        held = await hold(backend, room)
        row = await backend.mute(room, ada)
        news = await held.pull()
        assert news is not None
        assert news.pulled is not None
        assert [action.id for action in news.pulled.actions] == [row]
        assert {p.identity: p.desired.mic_muted for p in news.pulled.people}[ada]
        again = await held.pull()
        assert again is None or (again.pulled is not None and again.pulled.actions == ())

    async def test_a_row_whose_answer_got_lost_is_brought_again_and_one_in_hand_is_not(
        self, backend: Backend
    ) -> None:
        room, ada, bo = await backend.live(), await backend.user(), await backend.user()
        for who in (ada, bo):
            await backend.seat(room, who)
        held = await hold(backend, room)
        had, lost = await backend.mute(room, ada), await backend.mute(room, bo)
        await held.pull()
        again = await held.pull(frozenset({had}))
        assert again is not None
        assert again.pulled is not None
        assert [action.id for action in again.pulled.actions] == [lost]
        at_last = await held.pull(frozenset({had, lost}))
        assert at_last is None or (at_last.pulled is not None and at_last.pulled.actions == ())
        assert {await backend.status(row) for row in (had, lost)} == {"claimed"}

    async def test_finishing_twice_is_finishing_once(self, backend: Backend) -> None:
        room, ada = await backend.live(), await backend.user()
        await backend.seat(room, ada)
        held = await hold(backend, room)
        row = await backend.mute(room, ada)
        await held.pull()
        (first,) = await held.store.finish([held.finish(row)])
        (second,) = await held.store.finish([held.finish(row, Outcome.FAILED)])
        assert first.ok
        assert second.ok
        assert (first.action, first.enforce_ms is not None) == ("mute", True)
        assert await backend.status(row) == "applied"

    @pytest.mark.parametrize("action", sorted(AGENT_ACTIONS))
    async def test_every_action_that_needs_an_agent_is_brought_once_and_finished(
        self, backend: Backend, action: str
    ) -> None:
        room, ada = await backend.live(), await backend.user()
        await backend.seat(room, ada)
        held = await hold(backend, room)
        if (first := FIRST.get(action)) is not None:
            done = await backend.act(room, first, ada)
            await held.pull()
            await held.store.finish([held.finish(done)])
        row = await backend.act(room, action, ada if action in TARGETED else None)
        news = await held.pull()
        assert news is not None
        assert news.pulled is not None
        (brought,) = news.pulled.actions
        assert (brought.id, brought.action) == (row, action)
        assert brought.target == (ada if action in TARGETED else None)
        (written,) = await held.store.finish([held.finish(row)])
        assert (written.ok, written.action) == (True, action)
        assert await backend.status(row) == "applied"

    async def test_a_watch_shows_leases_that_end_and_what_nobody_claims(self, backend: Backend) -> None:
        held_room, alone, ada = await backend.live(), await backend.live(), await backend.user()
        await backend.seat(held_room, ada)
        held = await hold(backend, held_room)
        await backend.mute(held_room, ada)
        await backend.mute(held_room, ada)  # it waits for the first one, not for a claim
        await backend.announce(held_room)
        seen = await held.store.watch(1.0, None)
        assert held_room not in seen.lapsing
        assert seen.lapsing[alone] is None
        lapsing = (await held.store.watch(3600, None)).lapsing[held_room]
        assert lapsing is not None
        assert lapsing > 0
        assert (await backend.worker("another").watch(1.0, None)).next_seconds is not None, (
            "it is not its own"
        )
        assert seen.unclaimed[held_room].actions == 2
        assert 0 <= seen.unclaimed[held_room].oldest_seconds < 60
        assert alone not in seen.unclaimed
        await held.pull()
        assert held_room not in (await held.store.watch(1.0, None)).unclaimed

    async def test_a_watch_compares_with_what_was_listed(self, backend: Backend) -> None:
        empty, busy, ada = await backend.live(), await backend.live(), await backend.user()
        held = await hold(backend, busy)
        await held.store.presence([Joined(held.lease, ada, Connection(Sid(f"PA_{ada}"), START_MS, NOBODY))])
        stranger = RoomName("a room of somebody else")
        seen = await held.store.watch(1.0, frozenset({stranger}))
        assert busy in seen.missed
        assert seen.strangers == {stranger}
        listed = await held.store.watch(1.0, frozenset({busy, empty}))
        assert busy not in listed.missed
        assert listed.strangers == frozenset()
        unlisted = await held.store.watch(1.0, None)
        assert (unlisted.missed, unlisted.strangers) == (frozenset(), frozenset())

    async def test_a_watch_with_a_list_sweeps_and_one_without_does_not(self, backend: Backend) -> None:
        store = (await hold(backend, await backend.live())).store
        assert (await store.watch(1.0, None)).swept is None
        assert (await store.watch(1.0, frozenset())).swept is not None

    async def test_visits_do_not_depend_on_order_or_repetition(self, backend: Backend) -> None:
        room, ada = await backend.live(), await backend.user()
        held = await hold(backend, room)
        for number, order in enumerate(("jl", "lj", "jjll", "ljlj")):
            sid = f"PA_{ada}_{number}"
            join, leave = held.joined(ada, sid), held.left(ada, sid, START_MS + 5000)
            for step in order:
                (written,) = await held.store.presence([join if step == "j" else leave])
                assert written.ok
                assert written.person is not None
                assert written.person.identity == ada
            assert await backend.visit(Sid(sid)) == (START_MS, START_MS + 5000)

    async def test_the_earliest_credible_end_counts(self, backend: Backend) -> None:
        room, ada = await backend.live(), await backend.user()
        held = await hold(backend, room)
        sid = f"PA_{ada}"
        reports: list[Joined | Left] = [
            held.joined(ada, sid),
            held.left(ada, sid, START_MS + 9000),
            held.left(ada, sid, START_MS + 4000),
        ]
        await held.store.presence(reports)
        assert await backend.visit(Sid(sid)) == (START_MS, START_MS + 4000)

    async def test_the_end_of_a_room_ends_what_is_open(self, backend: Backend) -> None:
        room, ada = await backend.live(), await backend.user()
        held = await hold(backend, room)
        await held.store.presence([held.joined(ada, f"PA_{ada}")])
        await held.store.release((Release(held.lease, closed=True, at_ms=START_MS + 7000),))
        assert await backend.visit(Sid(f"PA_{ada}")) == (START_MS, START_MS + 7000)

    async def test_the_stream_is_numbered_and_its_cursor_only_moves_on(self, backend: Backend) -> None:
        room = await backend.live()
        held = await hold(backend, room)
        for _ in range(3):
            await backend.announce(room)
        news = await held.pull()
        assert news is not None
        assert news.pulled is not None
        seqs = [event.seq for event in news.pulled.events]
        assert seqs == sorted(set(seqs))
        for seq in (seqs[1], seqs[0]):
            (answer,) = await held.store.relayed([Cursor(held.lease, seq)])
            assert answer.ok
        assert await backend.relayed(room) == seqs[1]
        later = await held.pull()
        assert later is not None
        assert later.pulled is not None
        assert [event.seq for event in later.pulled.events] == seqs[2:]


class TestFakeStore(StoreContract):
    @pytest.fixture
    def backend(self, fake: Backend) -> Backend:
        return fake


class TestOwnLaneStore(StoreContract):
    @pytest_asyncio.fixture(loop_scope="session")
    async def backend(self, stack: Stack) -> AsyncIterator[Backend]:
        url = await lane_url(stack.database_url)
        async with own_lane(url, "tests", 5.0, lambda *_: None) as lane:
            backend = Real(stack.database_url, lane)
            try:
                yield backend
            finally:
                await backend.world.close()


class TestSupabaseStore(StoreContract):
    @pytest.fixture
    def backend(self, real: Backend) -> Backend:
        return real
