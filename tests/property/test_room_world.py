"""Whatever happens, in whatever order, and whatever is lost: in the end the room is what the database says.

`LIVE_TEST_EXAMPLES=5000` looks for longer, in new places each time; without it a run is short and always the same.
"""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.facts import Identity
from tests.fakes.scene import NOTHING, SPEAK
from tests.fakes.world import World

EXAMPLES = int(os.environ.get("LIVE_TEST_EXAMPLES", "250"))
PEOPLE = [Identity("ada"), Identity("bo"), Identity("cem")]
QUIET_SECONDS = 100.0

who = st.sampled_from(PEOPLE)
rights = st.sampled_from([NOTHING, SPEAK])
Step = Callable[[World], None]


def row(action: str, **params: Any) -> Callable[[Identity], Step]:
    return lambda target: lambda world: world.ask(action, target, params=params)


def room_row(action: str) -> Step:
    return lambda world: world.ask(action)


def outage(part: str, seconds: float) -> Step:
    def begin(world: World) -> None:
        other = world.calls if part == "livekit" else world.database
        other.away = True

        def end() -> None:
            other.away = False

        world.later(seconds, end)

    return begin


def forgetful(seconds: float) -> Step:
    """LiveKit's API says of everything that it is not there."""

    def begin(world: World) -> None:
        world.livekit.forgotten = True

        def end() -> None:
            world.livekit.forgotten = False

        world.later(seconds, end)

    return begin


joins = st.builds(lambda one, may: lambda world: world.join(one, may), who, rights)
leaves = st.builds(lambda one: lambda world: world.leave(one), who)
rows = st.builds(
    lambda make, one: make(one),
    st.sampled_from(
        [
            row("mute"),
            row("mute", seconds=2.0),
            row("unmute"),
            row("set_role", role="speaker"),
            row("set_role", role="listener"),
            row("kick"),
            row("ban"),
            row("ban", seconds=2.0),
            row("unban"),
            row("chat_mute"),
            lambda target: lambda world: world.ask("ban", target, dry_run=True),
        ]
    ),
    who,
)
room_rows = st.sampled_from(["mute_all", "unmute_all", "announce"]).map(room_row)
meddling = st.builds(lambda one, may: lambda world: world.meddle(one, may), who, rights)
mishaps: st.SearchStrategy[Step] = st.sampled_from(
    [
        World.crash,
        World.reconnect,
        World.lose_next_reports,
        outage("livekit", 2.0),
        outage("database", 2.0),
        outage("database", 8.0),
        forgetful(2.0),
        forgetful(30.0),
    ]
)
pauses = st.sampled_from([0.0, 0.002, 0.02, 0.2, 1.0, 4.0])
steps = st.lists(
    st.tuples(st.one_of(joins, rows, leaves, room_rows, meddling, mishaps, rows), pauses), max_size=30
)


def profile() -> settings:
    return settings(
        max_examples=EXAMPLES,
        derandomize="LIVE_TEST_EXAMPLES" not in os.environ,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=True,
    )


@profile()
@given(
    steps=steps,
    seed=st.integers(0, 2**32),
    faults=st.sampled_from([0.0, 0.1, 0.4]),
    ahead=st.sampled_from([0.0, -30.0, 30.0]),
)
def test_once_the_world_goes_quiet_the_room_is_what_the_database_says(
    steps: list[tuple[Step, float]], seed: int, faults: float, ahead: float
) -> None:
    world = World(seed, faults, ahead)
    for step, pause in steps:
        step(world)
        world.passes(pause)
    world.calls.away = world.database.away = world.livekit.forgotten = False
    world.faults = 0.0
    world.passes(QUIET_SECONDS)
    world.check_at_rest()
