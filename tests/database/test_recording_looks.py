"""Looks at the stores of recordings: what no row knows is noted, and the row says what is gone; one looks at a time."""

import uuid

import pytest

from tests.database.test_vods import made
from tests.database.world import Json, World

LOOK, LOOKED = (
    "select public.recording_look($1::text[])",
    "select public.recording_looked($1, $2, $3, $4::text[])",
)
ENDED = "select public.recording_look_ended($1, $2)"
FAULTS = "select book, found from live.look_faults() where id = $1"


@pytest.fixture
def store() -> str:
    return f"https://s3.example.com/{uuid.uuid4()}"


async def an_hour_later(world: World) -> None:
    await world.value("update live.recording_looks set looked_at = looked_at - interval '2 hours'")


async def look(world: World, store: str) -> Json:
    await an_hour_later(world)
    answer: Json = await world.service(LOOK, [store])
    assert await world.service(LOOK, [store]) is None, "somebody looks already"
    return answer


async def test_a_store_is_looked_at_session_after_session_and_the_stores_in_turn(
    world: World, store: str
) -> None:
    assert await look(world, store) == {"store": store, "after": ""}
    session = str(uuid.uuid4())
    await world.service(LOOKED, store, "", session, [])
    assert await look(world, store) == {"store": store, "after": session}
    await an_hour_later(world)
    assert (await world.service(LOOK, [store, store + "2"]))["store"] == store + "2"
    await world.service(LOOKED, store, session, "", [])
    assert await look(world, store) == {"store": store, "after": ""}


async def test_what_no_row_knows_is_noted_once_and_forgotten_when_it_is_gone(
    world: World, store: str
) -> None:
    scene = await world.live()
    recording = await made(world, scene)
    known, stray = f"{scene.id}/{recording['id']}", f"{uuid.uuid4()}/{uuid.uuid4()}"
    await look(world, store)
    first = await world.service(LOOKED, store, "", "", [known, stray])
    assert (set(first["strays"]), first["deleted"]) == ({stray}, [])
    assert (await world.service(LOOKED, store, "", "", [known, stray]))["strays"] == first["strays"]
    await world.service(ENDED, store, True)
    assert [row["found"] for row in await world.rows(FAULTS, store)] == ["1"]
    await world.service(ENDED, store, False)
    assert await world.rows(FAULTS, store), "it is still there"
    beyond = "00000000-0000-0000-0000-000000000000"
    await world.service(LOOKED, store, "", beyond, [])
    assert await world.value("select count(*) from live.recording_strays where store = $1", store) == 1
    assert (await world.service(LOOKED, store, "", "", [known]))["strays"] == {}
    await world.service(ENDED, store, False)
    assert await world.rows(FAULTS, store) == []


async def test_what_is_ready_and_gone_is_said_in_its_row_until_it_is_there_again(
    world: World, store: str
) -> None:
    scene = await world.live()
    recording = await made(world, scene)
    await world.value(
        "update live_recording_parts set store = $2 where recording_id = $1", recording["id"], store
    )
    prefix = f"{scene.id}/{recording['id']}"

    async def fault(*found: str, upto: str = "") -> str | None:
        await world.service(LOOKED, store, "", upto, list(found))
        told: str | None = await world.value(
            "select error_code from live_recordings where id = $1 and state = 'ready'", recording["id"]
        )
        return told

    assert await fault() is None, "it may be written just now"
    await world.value(
        "update live_recordings set ready_at = now() - interval '2 hours' where id = $1", recording["id"]
    )
    assert await fault(upto="00000000-0000-0000-0000-000000000000") is None, "nobody looked there"
    assert await fault() == "files_gone"
    assert [row["book"] for row in await world.rows(FAULTS, recording["id"])] == [
        "live_recordings: files gone"
    ]
    assert await fault(prefix) is None
    assert await world.rows(FAULTS, recording["id"]) == []


async def test_what_lies_there_of_a_deleted_recording_is_named(world: World, store: str) -> None:
    scene = await world.live()
    recording = await made(world, scene)
    prefix = f"{scene.id}/{recording['id']}"
    await world.value("update live_recordings set state = 'deleted' where id = $1", recording["id"])
    told = await world.service(LOOKED, store, "", "", [prefix])
    assert (told["deleted"], told["strays"]) == ([prefix], {})
