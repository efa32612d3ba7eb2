"""All rooms of this process in one loop: takes a room, holds it, takes it again after a fault, and lets go.

A dispatch is only a doorbell: what makes a room ours is its lease. So a room is held across the end of a job, a full
reconnect or a crash of its own handlers, and each new connection has a fresh identity (rejoining under a ghost's
identity would let the ghost's removal end it).
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator
from typing import assert_never

from agent.core.backoff import Backoff
from agent.core.envelope import Envelope
from agent.core.inbox import Inbox, InboxOverflow
from agent.core.lease import Claim, ClaimOutcome, Lease, Release, RoomName
from agent.core.log_fields import bind
from agent.core.moderated import Moderated, WrittenRows
from agent.core.ports import ConnectionLost, HiddenParticipant, PortError, Unavailable
from agent.core.puller import Puller
from agent.core.room_loop import moderate
from agent.core.shared import Shared
from agent.core.world import World
from handlers.facts import Identity

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.2
RETRY_CAP_SECONDS = 1.0
"""While LiveKit or the database is away: anyone who returns must not wait long for us."""
QUARANTINE_CAP_SECONDS = 30.0
STABLE_SECONDS = 2.0
"""A room that was held for so long had no lasting fault."""
DISCONNECT_SECONDS = 2.0
OFFER_SECONDS = 1.0
GOODBYE_SECONDS = 5.0
"""For the last writes of a room; past it the database closes what is open by its own clock."""


class Host:
    """`serve` a room by name; everything else follows."""

    def __init__(self, shared: Shared, puller: Puller) -> None:
        self._shared, self._puller = shared, puller
        self._store, self._calls = shared.store, shared.calls
        self._clock, self._metrics = shared.clock, shared.metrics
        self.taking = True
        """Whether new rooms are taken."""
        self._rooms: dict[RoomName, asyncio.Task[None]] = {}
        self._moderated: dict[Lease, Moderated] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self.ended = 0
        """Connections to LiveKit that are over."""
        self.outboxes = WrittenRows(self._moderated, puller, shared).outboxes()

    async def run(self) -> None:
        """Serve until cancelled. Cancelling leaves every room and gives its lease back."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            tasks.create_task(self.outboxes.run(), name="outboxes")
            tasks.create_task(self._puller.run(), name="puller")

    @property
    def rooms(self) -> frozenset[RoomName]:
        """Rooms being served or about to be."""
        return frozenset(self._rooms)

    @property
    def seeking(self) -> bool:
        """Whether there are rooms that it serves and does not moderate at this moment."""
        return len(self._rooms) > len(self._moderated)

    @property
    def moderated(self) -> tuple[Moderated, ...]:
        """The rooms that are ours, in the order in which we took them."""
        return tuple(self._moderated.values())

    def serve(self, room: RoomName, succeed_at: float | None = None) -> None:
        """See to it that this room is moderated, by us unless another worker has it. Repeats are harmless.

        `succeed_at` (monotonic): the room has or had another worker, whose lease can be taken from then on. We join
        first and claim when we are in, so that between the two nobody is missed.
        """
        if self._tasks is None or not self.taking or room in self._rooms:
            return
        task = self._tasks.create_task(self._serve(room, succeed_at), name=f"room {room}")
        self._rooms[room] = task
        task.add_done_callback(lambda _: self._rooms.pop(room, None))

    def stop_taking(self) -> None:
        """Take no further room; those that we have stay."""
        self.taking = False

    async def hand_over(self, seconds: float) -> None:
        """Offer every room to the other workers and go on until they are in, or until the time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while leases := self._puller.leases:
                    try:
                        await self._store.offer(leases)
                    except PortError as error:
                        log.warning("rooms not offered", extra={"rooms": len(leases), "error": str(error)})
                    # Again, for rooms that were just being taken when the drain began.
                    await asyncio.wait(self._rooms.values(), timeout=OFFER_SECONDS)

    async def offer_all(self) -> None:
        """Let other workers take our rooms; whatever they do not take we go on moderating."""
        if leases := self._puller.leases:
            await self._store.offer(leases)

    async def leave_all(self) -> None:
        """Let go of every room, what is known of it written first."""
        tasks = tuple(self._rooms.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, room: RoomName, succeed_at: float | None) -> None:
        """Hold the room until it ends or somebody else has it, whatever happens in between."""
        bind(room=room)
        backoff, lost_at = Backoff(FIRST_RETRY_SECONDS, RETRY_CAP_SECONDS), None
        while True:
            started, cap = self._clock.monotonic(), None
            try:
                return await self._hold(room, succeed_at, lost_at)
            except (PortError, ConnectionLost, InboxOverflow) as error:
                log.warning("room interrupted", extra={"error": str(error)})
                self._metrics.interruptions.labels(_cause(error)).inc()
            except Exception:
                cap = QUARANTINE_CAP_SECONDS
                # One room's bug must not touch the others: it is quarantined, ever longer, and tried again.
                log.exception("room failed")
                self._metrics.room_failures.inc()
            stable = self._clock.monotonic() - started > STABLE_SECONDS
            succeed_at = self._clock.monotonic()
            if lost_at is None or stable:
                lost_at = self._clock.now()
                backoff.reset()  # the first attempt is made at once
            else:
                await asyncio.sleep(backoff.pause(cap))

    async def _hold(self, room: RoomName, succeed_at: float | None, lost_at: float | None) -> None:
        """Moderate the room for as long as one connection lasts, or do nothing where it is not ours to moderate.

        `lost_at`: when our connection before ended, by the database's clock.
        """
        if lost_at is not None and room not in await self._calls.rooms():
            return  # joining would open it anew
        bot, inbox = Identity(f"agent-{uuid.uuid4()}"), Inbox()
        async with self._connection(room, bot, inbox) as livekit:
            if succeed_at is not None:
                log.info("succeeding")
                await livekit.connect()
                await asyncio.sleep(succeed_at - self._clock.monotonic())
            claimed_at = self._clock.monotonic()
            claim = await self._claim(room, bot, hopeful=succeed_at is not None and lost_at is None)
            answered_at = self._clock.monotonic()
            if claim is None or not await self._is_ours(room, claim):
                return
            if succeed_at is None:
                await livekit.connect()
            in_at = self._clock.monotonic()
            took = {"claim_ms": _ms(answered_at - claimed_at), "connect_ms": _ms(in_at - answered_at)}
            log.info("in the room", extra=took)
            self._tell_gap(claim.unmoderated_since if lost_at is None else lost_at)
            await self._moderate(room, claim, claimed_at, livekit, inbox)

    @contextlib.asynccontextmanager
    async def _connection(
        self, room: RoomName, bot: Identity, inbox: Inbox
    ) -> AsyncIterator[HiddenParticipant]:
        """A connection that is left at the end; of one that is lost nobody waits for the end."""
        livekit, lost = self._shared.connect(room, bot, inbox), False
        try:
            yield livekit
        except ConnectionLost:
            lost = True
            raise
        finally:
            leaving = self._disconnect(livekit)
            if lost and self._tasks is not None:
                self._tasks.create_task(leaving, name=f"leave {room}")
            else:
                await leaving

    async def _disconnect(self, livekit: HiddenParticipant) -> None:
        # Not asyncio.timeout: in a cancelled task Python before 3.11.3 lets its end pass for another cancellation.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(livekit.disconnect(), DISCONNECT_SECONDS)
        self.ended += 1

    async def _claim(self, room: RoomName, bot: Identity, *, hopeful: bool) -> Claim | None:
        """`hopeful`: another worker has the room, and may only have been kept from renewing its lease. When the
        database does not answer us either, the watcher gives it time, and then asks us again."""
        try:
            return await self._store.claim(room, bot)
        except Unavailable as error:
            if not hopeful:
                raise
            log.warning("not succeeding", extra={"error": str(error)})
            return None

    async def _is_ours(self, room: RoomName, claim: Claim) -> bool:
        match claim.outcome:
            case ClaimOutcome.CLAIMED:
                return True
            case ClaimOutcome.UNKNOWN:
                log.info("room belongs to no session and no call; left alone")
            case ClaimOutcome.HELD:
                log.debug("another worker has the room")
            case ClaimOutcome.ENDED:
                await self._calls.close(room)
            case _:
                assert_never(claim.outcome)
        return False

    async def _moderate(
        self, room: RoomName, claim: Claim, claimed_at: float, livekit: HiddenParticipant, inbox: Inbox
    ) -> None:
        assert claim.facts is not None
        assert claim.snapshot is not None
        lease = Lease(room, claim.epoch)
        inbox.put(claim.snapshot)
        held = self._puller.hold(lease, claim.cursor, claimed_at, inbox.put, inbox.fail)
        room_now = Moderated(held, claim.facts, inbox, self._clock.now())
        self._moderated[lease] = room_now
        self._shared.recorder.hold(lease, livekit.identity, recorded=claim.recorded)
        bind(**claim.facts.as_key(), epoch=claim.epoch)
        try:
            log.info("moderating")
            livekit.look_around()
            world = World(livekit, self._shared, self.outboxes, self._puller)
            envelope = Envelope(room, claim.facts, self._shared.signer)
            ended = await moderate(held, inbox, world, envelope, room_now.state)
            if ended.closed:
                await self._release(Release(lease, closed=True, at_ms=ended.at_ms))
        except asyncio.CancelledError:
            # The last words of a cancelled room: without them another worker would wait for the lease to lapse.
            await self._release(Release(lease, closed=False, at_ms=0))
            raise
        finally:
            del self._moderated[lease]
            self._shared.recorder.let_go(lease)
            self._puller.let_go(lease)

    def _tell_gap(self, since: float | None) -> None:
        if since is not None:
            self._metrics.unmoderated_seconds.observe(max(0.0, self._clock.now() - since))

    async def _release(self, release: Release) -> None:
        """Write what is known, then give the lease back: afterwards nothing would be taken any more."""
        try:
            await asyncio.wait_for(self._flush_and_release(release), GOODBYE_SECONDS)
        except (TimeoutError, PortError) as error:
            log.warning("lease left to lapse", extra={"room": release.lease.room, "error": str(error)})

    async def _flush_and_release(self, release: Release) -> None:
        await self.outboxes.flush()
        await self._store.release((release,))


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _cause(error: PortError | ConnectionLost | InboxOverflow) -> str:
    match error:
        case ConnectionLost():
            return "connection_lost"
        case InboxOverflow():
            return "inbox_overflow"
        case _:
            return "no_answer"
