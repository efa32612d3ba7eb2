"""The functions of the agent: leases, fencing, cursors, relaying."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tests.database.world import Json, Scene, World


async def test_a_room_is_claimed_held_and_taken_over_when_the_lease_runs_out(world: World) -> None:
    scene = await world.live()
    first = await world.claim(scene.room, "w1", ttl_ms=200)
    assert (first["outcome"], first["epoch"]) == ("claimed", 1)
    assert (await world.claim(scene.room, "w2"))["outcome"] == "held"
    await world.value("update agent_rooms set lease_expires_at = now() where room = $1", scene.room)
    second = await world.claim(scene.room, "w2")
    assert (second["outcome"], second["epoch"]) == ("claimed", 2)
    assert (await world.pull(scene.room, 1)) == {"room": scene.room, "held": False}


async def test_a_take_over_tells_since_when_the_room_was_without_an_agent(world: World) -> None:
    scene = await world.live()
    first = await world.claim(scene.room, "w1")
    assert first["unmoderated_since"] is None
    renewed = (await world.service("select agent_pull('w1', $1, 3000, 1)", [rooms_of(scene, 1)]))["now"]
    await world.value("update agent_rooms set lease_expires_at = now() where room = $1", scene.room)
    assert (await world.claim(scene.room, "w2"))["unmoderated_since"] == renewed
    await world.service("select agent_offer('w2', $1)", [rooms_of(scene, 2)])
    offered = await world.claim(scene.room, "w1")
    assert offered["unmoderated_since"] == offered["now"]
    await world.service(
        "select agent_release('w1', $1)", [{**rooms_of(scene, 3), "closed": True, "at_ms": 1}]
    )
    assert (await world.claim(scene.room, "w2"))["unmoderated_since"] is None


async def test_a_room_that_closes_finishes_what_its_last_beat_claimed_and_nothing_is_claimed_after(
    world: World,
) -> None:
    scene = await world.live()
    await world.claim(scene.room, "w1")
    lease = rooms_of(scene, 1)
    action = await world.ask(None, "end_session", scene)
    pulled = await world.pull(scene.room, 1)
    assert [claimed["id"] for claimed in pulled["actions"]] == [action]

    await world.service("select agent_release('w1', $1)", [{**lease, "closed": True, "at_ms": 1}])

    row = await world.row("select status, enforce_ms from moderation_actions where id = $1", action)
    assert row["status"] == "applied"
    assert row["enforce_ms"] > 0
    assert await world.pull(scene.room, 1) == {"room": scene.room, "held": False}
    lapsed = await world.value(
        "select lease_expires_at <= now() from agent_rooms where room = $1", scene.room
    )
    assert lapsed, "a late beat does not bring the lease back"


def rooms_of(scene: Scene, epoch: int) -> Json:
    return {"room": scene.room, "epoch": epoch}


async def test_unknown_and_ended_rooms_are_told_apart(world: World) -> None:
    scene = await world.live()
    assert (await world.claim("nobody-knows"))["outcome"] == "unknown"
    await world.service("update live_sessions set status = 'ended' where id = $1", scene.id)
    assert (await world.claim(scene.room))["outcome"] == "ended"


async def test_of_two_concurrent_claims_one_wins(world: World) -> None:
    scene = await world.live()
    connections = [await world.connect() for _ in range(8)]
    answers = await asyncio.gather(
        *(
            c.fetchval(
                "select agent_claim_rooms($1, $2, 3000)", f"w{i}", [{"room": scene.room, "bot_identity": "a"}]
            )
            for i, c in enumerate(connections)
        )
    )
    outcomes = sorted(answer["rooms"][0]["claim"]["outcome"] for answer in answers)
    assert outcomes == ["claimed"] + ["held"] * 7


async def test_several_rooms_are_claimed_in_one_call_each_with_an_answer_of_its_own(world: World) -> None:
    taken, free, over = [await world.live() for _ in range(3)]
    await world.claim(taken.room, "w2")
    await world.service("update live_sessions set status = 'ended' where id = $1", over.id)
    rooms = [taken.room, free.room, over.room, "nobody-knows"]
    asked = [{"room": room, "bot_identity": f"agent-{room}"} for room in rooms]
    answer = await world.service("select agent_claim_rooms('w1', $1, 3000)", asked)
    outcomes = {item["room"]: item["claim"]["outcome"] for item in answer["rooms"]}
    assert outcomes == dict(zip(rooms, ["held", "claimed", "ended", "unknown"], strict=True))
    bot = await world.service("select bot_identity from agent_rooms where room = $1", free.room)
    assert bot == f"agent-{free.room}"


async def test_every_write_of_an_older_epoch_is_refused(world: World) -> None:
    scene = await world.live()
    user = await world.user()
    await world.claim(scene.room, "w1")
    await world.claim(scene.room, "w1")
    old = {"room": scene.room, "epoch": 1}
    report = {**old, "event": "joined", "participant_sid": "PA_x", "user_id": user, "at_ms": 1}
    presence = await world.service("select agent_presence('w1', $1)", [report])
    assert presence == [{"ok": False, "error": "fenced"}]
    relayed = await world.service("select agent_relayed('w1', $1)", [{**old, "seq": 1}])
    assert relayed[0]["error"] == "fenced"
    released = await world.service("select agent_release('w1', $1)", [{**old, "closed": True, "at_ms": 1}])
    assert released == [{"room": scene.room, "ok": False}]
    stats = {**old, "user_id": user, "minute": "2026-01-01T00:00:00Z", "talk_seconds": 1}
    assert await world.service("select agent_audio_stats('w1', $1)", [stats]) == {"written": 0}
    incident = {**old, "id": user, "user_id": user, "rule": "loud", "severity": "info"}
    assert (await world.service("select agent_incidents('w1', $1)", [incident]))[0]["error"] == "fenced"


async def test_the_snapshot_and_the_beat_tell_about_people(world: World) -> None:
    scene = await world.live()
    speaker = await world.seat(scene, "speaker")
    listener = await world.seat(scene, "listener")
    claimed = await world.claim(scene.room)
    people = {p["user_id"]: p["role"] for p in claimed["snapshot"]["people"]}
    assert people == {scene.creator: "host", speaker: "speaker"}
    cursor = claimed["snapshot"]["cursor"]
    while (entry := await world.pull(scene.room, 1, cursor)) is not None:
        cursor = entry["cursor"]
    await world.service("update live_participants set role = 'speaker' where user_id = $1", listener)
    entry = await world.pull(scene.room, 1, cursor)
    assert [(p["user_id"], p["role"]) for p in entry["people"]] == [(listener, "speaker")]
    assert [e["type"] for e in entry["events"]] == ["role_changed"]


async def test_a_change_that_commits_late_is_not_missed(world: World) -> None:
    scene = await world.live()
    one, two = await world.seat(scene, "listener"), await world.seat(scene, "listener")
    cursor = (await world.claim(scene.room))["snapshot"]["cursor"]
    late = await world.connect()
    transaction = late.transaction()
    await transaction.start()
    await late.execute("update live_participants set camera_off = true where user_id = $1", one)
    await world.value("update live_participants set camera_off = true where user_id = $1", two)
    entry = await world.pull(scene.room, 1, cursor)
    assert two in [p["user_id"] for p in entry["people"]]
    await transaction.commit()
    entry = await world.pull(scene.room, 1, entry["cursor"])
    assert one in [p["user_id"] for p in entry["people"]]


async def test_relaying_moves_the_cursor_forward_only(world: World) -> None:
    scene = await world.live()
    for n in range(3):
        await world.value(
            "select live.append_event($1, 'viewer_milestone', $2)", scene.id, {"viewers": n + 1}
        )
    await world.claim(scene.room)
    entry = await world.pull(scene.room, 1)
    assert [e["seq"] for e in entry["events"]] == [1, 2, 3]
    for seq, reached in [(2, 2), (1, 2), (99, 3)]:
        cursors = [{"room": scene.room, "epoch": 1, "seq": seq}]
        assert (await world.service("select agent_relayed('w1', $1)", cursors))[0]["seq"] == reached


async def test_seq_has_no_gaps_under_concurrency(world: World) -> None:
    scene = await world.live()
    connections = [await world.connect() for _ in range(8)]

    async def append(connection, count: int) -> None:  # type: ignore[no-untyped-def]
        for n in range(count):
            transaction = connection.transaction()
            await transaction.start()
            await connection.fetchval(
                "select live.append_event($1, 'viewer_milestone', '{\"viewers\": 10}')", scene.id
            )
            await (transaction.rollback() if n % 3 == 0 else transaction.commit())

    await asyncio.gather(*(append(c, 9) for c in connections))
    seqs = await world.value(
        "select array_agg(seq order by seq) from live_events where session_id = $1", scene.id
    )
    assert seqs == list(range(1, 8 * 6 + 1))


async def test_an_idle_beat_for_fifty_rooms_is_cheap(world: World) -> None:
    rooms = []
    for _ in range(50):
        scene = await world.live()
        claimed = await world.claim(scene.room)
        rooms.append({"room": scene.room, "epoch": 1, "cursor": claimed["snapshot"]["cursor"]})
    fresh = await world.service("select pg_snapshot_xmin(pg_current_snapshot())::text")
    rooms = [{**room, "cursor": fresh} for room in rooms]
    started = time.perf_counter()
    answer = await world.service("select agent_pull('w1', $1, 3000, 100)", rooms)
    assert answer["rooms"] == []
    assert time.perf_counter() - started < 0.25


async def test_only_what_is_due_in_a_running_room_counts_as_unclaimed(world: World) -> None:
    scene, over = await world.live(), await world.live()
    await world.claim(scene.room)
    one, two, three, four = [await world.seat(scene, "speaker") for _ in range(4)]

    async def unclaimed() -> Json:
        return {item["room"]: item for item in (await world.service("select agent_overview()"))["unclaimed"]}

    assert scene.room not in await unclaimed()
    await world.ask(None, "mute", scene, one)
    await world.ask(None, "camera_off", scene, one)  # is claimed when the first is finished
    later = await world.ask(None, "mute", scene, two)
    pointless = await world.ask(None, "kick", scene, three)
    lapsed = await world.ask(None, "mute", scene, four)
    await world.ask(None, "mute", over, over.creator)
    await world.service("update live_sessions set status = 'ended' where id = $1", over.id)
    change = "update moderation_actions set "
    held = "status = 'claimed', claim_expires_at = now() + interval '1 min' where id = $1"
    await world.value(change + held, later)
    await world.value(change + "expires_at = now() where id = $1", pointless)
    lapse = "status = 'claimed', claim_expires_at = now() - interval '9 s' where id = $1"
    await world.value(change + lapse, lapsed)
    waiting = await unclaimed()
    assert over.room not in waiting
    assert waiting[scene.room]["actions"] == 2
    since = datetime.fromisoformat(waiting[scene.room]["since"])
    assert timedelta(seconds=9) <= datetime.now(UTC) - since < timedelta(minutes=1)

    await world.pull(scene.room, 1)
    assert scene.room not in await unclaimed()


@pytest.mark.parametrize("write", ["agent_relayed", "agent_presence"])
async def test_a_batch_gives_way_to_a_moderator_who_takes_sessions_as_they_come(
    world: World, write: str
) -> None:
    first, second = sorted([await world.live(), await world.live()], key=lambda scene: scene.id)
    people = [await world.seat(scene, "speaker") for scene in (first, second)]
    fences = [{"room": s.room, "epoch": (await world.claim(s.room))["epoch"]} for s in (first, second)]
    moderator, agent = await world.connect(), await world.connect()

    async def mute(scene: Scene, target: str) -> None:
        await moderator.execute(
            "insert into moderation_actions (session_id, target_user_id, action) values ($1, $2, 'mute')",
            scene.id, target,
        )  # fmt: skip

    async def batch() -> object:
        report = {"event": "left", "at_ms": 1000, "seq": 1}
        rows = [
            {**fence, **report, "user_id": who, "participant_sid": f"PA_{who}"}
            for fence, who in zip(fences, people, strict=True)
        ]
        return await agent.fetchval(f"select {write}('w1', $1)", rows)

    async with moderator.transaction():
        await mute(second, people[1])
        writing = asyncio.create_task(batch())
        pid = agent.get_server_pid()
        waits = "select wait_event_type = 'Lock' from pg_stat_activity where pid = $1"
        while not writing.done() and not await world.value(waits, pid):
            pass
        await mute(first, people[0])
    with pytest.raises(asyncpg.LockNotAvailableError):
        await writing
    await batch()
