"""A dry run is the act, rolled back: what it says is what the real row then does, and nothing else is left of it.

`LIVE_TEST_EXAMPLES=500` looks for longer, in new places each time; without it a run is short and always the same.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.action_names import ActionName
from tests.database import action_lists
from tests.database.drawn import drawn
from tests.database.theatre import State, Theatre
from tests.database.world import World

ACTIONS = get_args(ActionName)
REQUESTERS = ["service", "ops", "auto", "host", "co_host", "moderator", "listener", "stranger"]
RANKS = [0, 30, 40, 50, 100]


@pytest.fixture(scope="module")
def theatre(dsn: str) -> Iterator[Theatre]:
    world = World(dsn)
    with asyncio.Runner() as runner:
        connection = runner.run(world.owner())
        yield Theatre(
            runner, connection, {line.action: line for line in runner.run(action_lists.lines(world))}
        )
        runner.run(world.close())


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
    theatre: Theatre, state: State, requester: str, place: str, action: str, data: Any
) -> None:
    line = theatre.lines[action]
    taken = {
        name: data.draw(value_of(schema), label=name)
        for name, schema in line.properties.items()
        if line.needs(name) or data.draw(st.booleans(), label=f"with {name}")
    }
    theatre.play(state, requester, place, action, taken)


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_can_be_rehearsed_and_then_be_done(theatre: Theatre, action: str) -> None:
    """By ops, of somebody of whom all that can be undone is so."""
    state = State(
        mic=(True, True, 30, False), camera=(True, 30), chat=("2100-01-01", 30), everyone_muted=40,
        bans=(("session", 30),) if action == "unban" else (),
    )  # fmt: skip
    line = theatre.lines[action]
    taken = {
        name: schema["enum"][0] if "enum" in schema else {"integer": 60}.get(schema["type"], "hello")
        for name, schema in line.properties.items()
        if line.needs(name)
    }
    assert theatre.play(state, "ops", "session", action, taken)
