"""`Store` over SQL functions, one call for each method, all of them idempotent.

Two clients can call them: Supabase's data API (`agent.supabase.client`), and a worker's own lane to Postgres
(`agent.postgres.lane`).
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Protocol

from agent.core.clock import DatabaseClock
from agent.core.fleet_facts import CheckedIn, Findings, WorkerState
from agent.core.lease import (
    Claim,
    ClaimOutcome,
    Cursor,
    Finish,
    Incident,
    Joined,
    Known,
    Lease,
    Left,
    Minute,
    OnAir,
    Release,
    RoomFacts,
    RoomName,
    RoomPull,
    Written,
)
from agent.core.ports import Unavailable
from agent.supabase import fleet_rows, rows, sound_rows, written_rows
from agent.supabase.claims import Asked, Claims
from agent.supabase.shape import Json, ShapeError
from handlers.facts import Identity
from moderation.timestamps import text_of

PULL_LIMIT = 200
"""Actions and events of one room in one pull."""
KEY_LIFETIME_SECONDS = 7 * 86_400.0


class Rpc(Protocol):
    async def rpc(self, function: str, arguments: Mapping[str, Any]) -> Any:
        """What the function answers. Raises `Unavailable` or `Refused`."""


class SqlStore:
    def __init__(
        self,
        database: Rpc,
        worker_id: str,
        clock: DatabaseClock,
        *,
        lease_seconds: float,
    ) -> None:
        self._database, self._worker, self._clock = database, worker_id, clock
        self._quiet_since: dict[Lease, str] = {}
        """From where to ask about a room that had no news the last time: what is older was seen to be nothing."""
        self._ttl_ms = round(lease_seconds * 1000)
        self._claims = Claims(self._claim_all)
        self.failed_at = float("-inf")
        """When a lease last could not be taken, renewed or looked up, by the monotonic clock. Other calls do not count:
        one bad row that is tried again and again must not keep this worker from taking rooms."""

    def now(self) -> float:
        return self._clock.now()

    async def claim(self, room: RoomName, bot: Identity) -> Claim:
        with self._noting_failure():
            answer = await self._claims.claim(room, bot)
        outcome = ClaimOutcome(answer["outcome"])
        if outcome is not ClaimOutcome.CLAIMED:
            return Claim(outcome)
        seen = answer["snapshot"]
        facts = RoomFacts(seen["kind"], seen["id"])
        since = rows.seconds(answer["unmoderated_since"])
        snapshot, recorded = rows.snapshot(seen), bool(seen.get("recordings"))
        return Claim(outcome, answer["epoch"], facts, snapshot, seen["cursor"], since, recorded)

    async def _claim_all(self, asked: Sequence[Asked]) -> Sequence[Json]:
        wanted = [{"room": one.room, "bot_identity": one.bot} for one in asked]
        answer = await self._timed("agent_claim_rooms", p_rooms=wanted, p_ttl_ms=self._ttl_ms)
        by_room = {item["room"]: item["claim"] for item in answer["rooms"]}
        return [by_room[one.room] for one in asked]

    async def pull(self, rooms: Mapping[Lease, Known]) -> tuple[RoomPull, ...]:
        asked = [_known(lease, known, self._quiet_since.get(lease)) for lease, known in rooms.items()]
        with self._noting_failure():
            answer = await self._timed("agent_pull", p_rooms=asked, p_ttl_ms=self._ttl_ms, p_limit=PULL_LIMIT)
        told = {item["room"] for item in answer["rooms"]}
        for lease in rooms:
            if lease.room in told:
                self._quiet_since.pop(lease, None)
            else:
                self._quiet_since[lease] = answer["cursor"]
        return tuple(_room_pull(item) for item in answer["rooms"])

    async def waiting(self) -> frozenset[RoomName]:
        return frozenset(map(RoomName, await self._database.rpc("agent_waiting", {"p_worker": self._worker})))

    async def presence(self, reports: Sequence[Joined | Left]) -> Sequence[Written]:
        answers = await self._call(
            "agent_presence", p_reports=[written_rows.report(report) for report in reports]
        )
        return [written_rows.presence(item) for item in answers]

    async def finish(self, finishes: Sequence[Finish]) -> Sequence[Written]:
        results = [written_rows.result(finish) for finish in finishes]
        by_id = {item["id"]: item for item in await self._call("agent_finish_actions", p_results=results)}
        return [written_rows.finished(by_id.get(finish.effect.action)) for finish in finishes]

    async def relayed(self, cursors: Sequence[Cursor]) -> Sequence[Written]:
        furthest = {cursor.lease: cursor for cursor in sorted(cursors, key=lambda cursor: cursor.seq)}
        asked = [{**lease.as_json(), "seq": cursor.seq} for lease, cursor in furthest.items()]
        answers = {item["room"]: item for item in await self._call("agent_relayed", p_cursors=asked)}
        return [written_rows.written(answers.get(cursor.lease.room)) for cursor in cursors]

    async def incidents(self, incidents: Sequence[Incident]) -> Sequence[Written]:
        asked = [sound_rows.incident(incident) for incident in incidents]
        answers = {item["id"]: item for item in await self._call("agent_incidents", p_rows=asked)}
        return [written_rows.written(answers.get(row["id"])) for row in asked]

    async def minutes(self, minutes: Sequence[Minute]) -> Sequence[Written]:
        await self._call("agent_audio_stats", p_rows=[sound_rows.minute(minute) for minute in minutes])
        return [Written(ok=True) for _ in minutes]

    async def media(self, rows: Sequence[OnAir]) -> Sequence[Written]:
        asked = [written_rows.on_air(row) for row in rows]
        await self._call("agent_media", p_rows=asked)
        return [Written(ok=True) for _ in rows]

    async def release(self, releases: Sequence[Release]) -> None:
        for release in releases:
            self._quiet_since.pop(release.lease, None)
        asked = [{**r.lease.as_json(), "closed": r.closed, "at_ms": r.at_ms or None} for r in releases]
        await self._call("agent_release", p_rooms=asked)

    async def publish_key(self, kid: str, public_key: str) -> bool:
        until = text_of(time.time() + KEY_LIFETIME_SECONDS)
        key = await self._database.rpc(
            "agent_publish_key", {"p_kid": kid, "p_public_key": public_key, "p_not_after": until}
        )
        return key["revoked_at"] is None

    async def check_in(self, state: WorkerState, early_seconds: float) -> CheckedIn:
        return fleet_rows.checked_in(
            await self._timed(
                "agent_check_in",
                p_ttl_ms=self._ttl_ms,
                p_early_ms=round(early_seconds * 1000),
                p_state=asdict(state),
            )
        )

    async def watch(
        self,
        early_seconds: float,
        listed: frozenset[RoomName] | None,
        state: WorkerState | None = None,
    ) -> Findings:
        with self._noting_failure():
            answer = await self._call(
                "agent_watch",
                p_early_ms=round(early_seconds * 1000),
                p_listed=None if listed is None else sorted(listed),
                p_ttl_ms=self._ttl_ms,
                p_state=None if state is None else asdict(state),
            )
        return fleet_rows.findings(answer)

    async def hand(self, rooms: Mapping[RoomName, float]) -> Mapping[RoomName, float]:
        asked = [{"room": room, "in_ms": seconds * 1000} for room, seconds in rooms.items()]
        return fleet_rows.handed(await self._call("agent_hand", p_rooms=asked))

    async def suspect(self, worker: str, grace_seconds: float) -> Mapping[RoomName, float]:
        answer = await self._call("agent_suspect", p_fallen=worker, p_grace_ms=round(grace_seconds * 1000))
        return fleet_rows.handed(answer["own"])

    async def offer(self, leases: Sequence[Lease]) -> None:
        await self._call("agent_offer", p_rooms=[lease.as_json() for lease in leases])

    async def _timed(self, function: str, **arguments: Any) -> Any:
        """A call whose answer carries the database's time."""
        sent_at = self._clock.monotonic()
        answer = await self._call(function, **arguments)
        self._clock.learn(rows.seconds(answer["now"]) or 0.0, sent_at, self._clock.monotonic())
        return answer

    async def _call(self, function: str, **arguments: Any) -> Any:
        return await self._database.rpc(function, {"p_worker": self._worker, **arguments})

    @contextmanager
    def _noting_failure(self) -> Iterator[None]:
        try:
            yield
        except (Unavailable, asyncio.CancelledError):  # cancelled by the one who waited long enough
            self.failed_at = self._clock.monotonic()
            raise


def _known(lease: Lease, known: Known, quiet_since: str | None) -> dict[str, Any]:
    in_hand = None if known.in_hand is None else sorted(known.in_hand)
    return {**lease.as_json(), "cursor": quiet_since or known.cursor, "in_hand": in_hand}


def _room_pull(item: Json) -> RoomPull:
    room = RoomName(item["room"])
    if not item["held"]:
        return RoomPull(room, None)
    more = len(item["events"]) >= PULL_LIMIT
    try:
        recorded = bool(item.get("recordings"))
        return RoomPull(room, rows.pulled(item), item["cursor"], more_events=more, recorded=recorded)
    except ShapeError as error:
        return RoomPull(room, None, fault=error)
