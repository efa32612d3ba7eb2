"""How often a burst of changes wakes the worker that holds a room."""

import pytest

from tests.database.world import World


@pytest.mark.parametrize(("lane", "again"), [("api", False), ("own", True)])
async def test_a_room_is_woken_again_sooner_where_that_costs_no_message(
    world: World, lane: str, again: bool
) -> None:
    """20 ms later: a moderator's next act, asked when the one before is through."""
    scene = await world.live()
    worker = f"worker of {scene.room}"
    await world.value("insert into agent_workers (worker_id, lane) values ($1, $2)", worker, lane)
    asked = [{"room": scene.room, "bot_identity": "agent"}]
    await world.service("select agent_claim_rooms($1, $2, 3000)", worker, asked)
    owner = await world.owner()
    for milliseconds, woken in ((20, again), (500, True)):
        # In one message, so that no time passes between, and in one transaction, whose beginning tells them apart.
        await owner.execute(f"""
            update live.wake_marks set woken_at = clock_timestamp() - interval '{milliseconds} ms'
             where room = '{scene.room}';
            select live.wake('{scene.room}');
            create temporary table seen on commit preserve rows as
              select woken_at >= now() as woken from live.wake_marks where room = '{scene.room}'
        """)  # noqa: S608 - the name is ours
        assert await owner.fetchval("select woken from seen") is woken, milliseconds
        await owner.execute("drop table seen")
