"""Console and app hear which messages of a chat are new or deleted, and nothing of what they say."""

import json

from tests.database.world import Scene, World

WRITE = "insert into public.live_messages (session_id, body) values ($1, $2) returning id"
HINTS = (
    "select payload, private, extension from realtime.messages "
    "where topic = $1 and event = 'changed' and payload ->> 'table' = 'live_messages' order by inserted_at, id"
)


async def hints(world: World, scene: Scene) -> list[list[str]]:
    """The ids of each hint, in order."""
    rows = await world.rows(HINTS, f"live:session:{scene.id}")
    assert all(row["private"] for row in rows)
    payloads = [
        json.loads(row["payload"]) if isinstance(row["payload"], str) else row["payload"] for row in rows
    ]
    assert all({"table", "ids"} <= set(payload) for payload in payloads)
    return [payload["ids"] for payload in payloads]


async def writer_in(world: World, scene: Scene) -> str:
    user = await world.seat(scene, "listener")
    await world.value(
        "update live_participants set is_online = true where session_id = $1 and user_id = $2", scene.id, user
    )
    return user


async def test_a_message_and_its_deletion_are_told_by_id(world: World) -> None:
    scene = await world.live()
    message = await world.as_user(await writer_in(world, scene), WRITE, scene.id, "hello there")
    assert await hints(world, scene) == [[str(message)]]
    await world.ask(scene.creator, "delete_message", scene, params={"message_id": str(message)})
    assert await hints(world, scene) == [[str(message)], [str(message)]]
    told = await world.value(
        "select count(*) from realtime.messages where payload::text like '%hello there%'"
    )
    assert told == 0


async def test_a_hint_goes_to_its_own_session_only(world: World) -> None:
    here, elsewhere = await world.live(), await world.live()
    await world.as_user(await writer_in(world, here), WRITE, here.id, "x")
    assert len(await hints(world, here)) == 1
    assert await hints(world, elsewhere) == []
