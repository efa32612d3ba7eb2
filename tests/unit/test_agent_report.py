"""What a worker says of itself: which condition fails and why, its rooms and queues, and nothing about a person."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from agent.core.announced import DEAF_AFTER
from agent.core.fleet_facts import FleetRole, WorkerState
from agent.core.lease import RoomName
from agent.core.relay_key import RelayKey
from agent.livekit.api_budget import ApiBudget
from agent.process.readiness import REASONS
from agent.process.report import Parts, Report
from moderation.roles import Role
from tests.fakes.process import LEASE_SECONDS, WATCH_SECONDS, Outside, Process, serving
from tests.fakes.scene import ADA, NOTHING
from tests.fakes.virtual_time import clock, virtual_time

ONE, TWO = RoomName("one"), RoomName("two")


@asynccontextmanager
async def reported(*, wakeups: bool = True) -> AsyncIterator[tuple[Outside, Process, Report]]:
    """A worker with one room, in which ADA speaks, and its report."""
    world = Outside()
    world.database.live(ONE)
    world.database.set(ONE, ADA, role=Role.SPEAKER)
    world.livekit.join(ONE, ADA, NOTHING)
    async with serving(Process(world), ONE) as process:
        key = RelayKey(process.store, None)
        await key.publish()
        parts = Parts(
            name="one",
            key=key,
            host=process.host,
            puller=process.puller,
            watcher=process.watcher,
            dispatches=SimpleNamespace(registered=True),  # type: ignore[arg-type]
            hearing=SimpleNamespace(rooms=[SimpleNamespace(room=ONE)]),  # type: ignore[arg-type]
            wakeups=SimpleNamespace(joined=True) if wakeups else None,  # type: ignore[arg-type]
            budget=ApiBudget(10, 10, clock),
            clock=world.clock,
            memory_limit_mb=100.0,
        )
        yield world, process, Report(parts)


def failing(report: Report) -> set[str]:
    return {name for name, holds in report.conditions().items() if not holds}


def sample(report: Report, name: str, **labels: str) -> float:
    (value,) = (
        sample.value
        for family in report.collect()
        for sample in family.samples
        if (sample.name, sample.labels) == (name, labels)
    )
    return value


@virtual_time
async def test_every_condition_has_its_reason_and_all_hold_in_a_well_worker() -> None:
    async with reported() as (_, _, report):
        assert report.conditions().keys() == REASONS.keys()
        assert failing(report) == set()


@virtual_time
async def test_each_fault_is_the_condition_of_its_own() -> None:
    async with reported() as (world, process, report):
        report._parts.dispatches.registered = False
        assert failing(report) == {"registered"}
        report._parts.dispatches.registered = True
        report._parts.wakeups.joined = False  # type: ignore[union-attr,misc]
        assert failing(report) == {"wakeups"}
        report._parts.wakeups.joined = True  # type: ignore[union-attr,misc]
        process.puller.announced.unannounced = DEAF_AFTER
        assert failing(report) == {"wakeups"}, "joined, and yet nothing came through it"
        process.puller.announced.unannounced = 0
        process.host.stop_taking()
        assert failing(report) == {"taking_rooms"}
        world.database.away = True
        await asyncio.sleep(LEASE_SECONDS + 1)
        assert failing(report) == {"taking_rooms", "database", "leases"}


@virtual_time
async def test_a_worker_that_only_polls_misses_no_wakeups() -> None:
    async with reported(wakeups=False) as (_, process, report):
        process.puller.announced.unannounced = DEAF_AFTER
        assert failing(report) == set()


@virtual_time
async def test_the_status_names_rooms_and_rows_and_no_person() -> None:
    async with reported() as (world, process, report):
        status: Any = report.status()
        (room,) = status["rooms"]
        assert (room["room"], room["session_id"], room["epoch"], room["people"]) == (ONE, f"id-{ONE}", 1, 1)
        assert 0 < room["lease_left_s"] <= LEASE_SECONDS
        assert (status["hearing"], status["worker"], status["kid"]) == ([ONE], "one", report._parts.key.kid)
        process.calls.away = True
        action = world.database.ask(ONE, "mute", ADA)
        process.puller.wake(ONE)
        await asyncio.sleep(0.5)
        ((open_,),) = (room["open_actions"] for room in report.status()["rooms"])
        assert (open_["id"], open_["action"]) == (action, "mute")
        assert open_["age_s"] > 0
        assert ADA not in json.dumps(report.status())


@virtual_time
async def test_figures_say_how_many_and_for_how_long() -> None:
    async with reported() as (world, process, report):
        assert (sample(report, "live_people"), sample(report, "live_rooms_unmoderated")) == (1, 0)
        assert sample(report, "live_ready", condition="database") == 1
        assert sample(report, "live_memory_limit_bytes") == 100 * 2**20
        world.database.live(TWO)
        world.livekit.join(TWO, ADA, NOTHING)
        process.host.stop_taking()
        process.fleet.state = lambda: WorkerState(takes=True, rooms=0, load=0.0)
        process.fleet.standing = FleetRole.LEADER
        watching = asyncio.create_task(process.watcher.run())
        await asyncio.sleep(3 * WATCH_SECONDS)
        assert sample(report, "live_rooms_unmoderated") == 1
        assert (
            2 * WATCH_SECONDS <= sample(report, "live_rooms_unmoderated_longest_seconds") <= 3 * WATCH_SECONDS
        )
        world.database.away = True
        process.outside.livekit.leave(ONE, ADA)
        process.inside[0].hear()
        await asyncio.sleep(0.5)
        assert sample(report, "live_outbox_rows", kind="presence") == 1
        assert sample(report, "live_people") == 0
        watching.cancel()
        await asyncio.wait({watching})


@virtual_time
async def test_without_rooms_there_is_no_lease_to_lapse() -> None:
    async with reported() as (_, process, report):
        await process.host.leave_all()
        assert "leases" not in failing(report)
        alone = replace(report._parts, name="alone")
        assert Report(alone).status()["rooms"] == []
