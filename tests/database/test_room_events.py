"""What a session's stream tells the room, no matter who made the change; each payload as the schema has it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.database.world import Refused, Scene, World

SCHEMA = Path(__file__).resolve().parents[2] / "livekit-system" / "schemas" / "live-event.schema.json"
EVENT = Draft202012Validator(json.loads(SCHEMA.read_text()), format_checker=FormatChecker())


async def told(world: World, scene: Scene, after: int = 0) -> list[tuple[str, Any]]:
    """The events of a session, each a valid one, without gaps."""
    rows = await world.rows(
        "select seq, id::text, type, live.instant(created_at) as at, payload from live_events"
        " where session_id = $1 order by seq", scene.id,
    )  # fmt: skip
    for row in rows:
        EVENT.validate(row)
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    return [(row["type"], row["payload"]) for row in rows[after:]]


async def arrive(world: World, scene: Scene, role: str = "listener") -> str:
    """Put someone into a session who is online."""
    user = await world.seat(scene, role)
    await report(world, scene, "joined", user)
    return user


async def with_host(world: World) -> Scene:
    """A live session whose host is there: one alone is told to end after a while."""
    scene = await world.live()
    await report(world, scene, "joined", scene.creator)
    return scene


async def report(world: World, scene: Scene, event: str, user: str) -> None:
    await world.value(
        "select live.record_presence('agent', $1, $2, $3, $4, now(), null)",
        scene.room,
        event,
        f"PA_{scene.id[:6]}_{user[:12]}",
        user,
    )


async def sweep(world: World) -> Any:
    await world.value("delete from live.sweeps")
    return await world.service("select agent_sweep('w1', null)")


async def test_a_mute_by_name_and_its_end_are_told(world: World) -> None:
    scene = await with_host(world)
    one, two = await arrive(world, scene), await arrive(world, scene)
    await world.ask(None, "mute", scene, one)
    await world.ask(None, "mute", scene, two, params={"seconds": 60})
    await world.ask(None, "unmute", scene, one)
    until = await world.value(
        "select live.instant(mic_muted_until) from live_participants where user_id = $1", two
    )
    await world.value(
        "update live_participants set mic_muted_until = now() - interval '1 second' where user_id = $1", two
    )
    before = await told(world, scene)
    assert before[:3] == [
        ("muted", {"user_id": one, "until": None}),
        ("muted", {"user_id": two, "until": until}),
        ("unmuted", {"user_id": one}),
    ]
    await sweep(world)
    assert await told(world, scene, len(before)) == [("unmuted", {"user_id": two})]


async def test_muting_everyone_is_one_event_and_so_is_its_end(world: World) -> None:
    scene = await with_host(world)
    people = [await arrive(world, scene, "speaker") for _ in range(5)]
    named, freed = people[:2]
    await world.ask(None, "mute", scene, named)
    await world.ask(None, "mute_all", scene)
    await world.ask(None, "unmute", scene, freed)
    await world.ask(None, "unmute_all", scene)
    assert await told(world, scene) == [
        ("muted", {"user_id": named, "until": None}),
        ("muted", {"user_id": None, "until": None}),
        ("unmuted", {"user_id": freed}),
        ("unmuted", {"user_id": None}),
    ]


async def test_hands_are_told_but_not_after_the_end(world: World) -> None:
    scene = await with_host(world)
    one, two = await arrive(world, scene), await arrive(world, scene)
    for _ in range(2):
        await world.as_user(one, "select raise_hand($1)", scene.id)
    await world.as_user(two, "select raise_hand($1)", scene.id)
    await world.as_user(one, "select lower_hand($1)", scene.id)
    await world.value(
        "update live_sessions set status = 'ended', end_reason = 'host' where id = $1", scene.id
    )
    assert await told(world, scene) == [
        ("hand_raised", {"user_id": one}),
        ("hand_raised", {"user_id": two}),
        ("hand_lowered", {"user_id": one}),
        ("session_ended", {"reason": "host"}),
    ]


@pytest.mark.parametrize("action", ["kick", "ban"])
async def test_a_removal_is_told_when_there_is_somebody_to_remove(world: World, action: str) -> None:
    scene = await with_host(world)
    here, away = await arrive(world, scene), await world.seat(scene, "listener")
    await world.ask(None, action, scene, here, dry_run=True)
    for person in (away, here):
        await world.ask(None, action, scene, person)
    assert await told(world, scene) == [("removed", {"user_id": here})]


async def test_a_milestone_is_celebrated_once(world: World) -> None:
    scene = await with_host(world)
    peak = "update live_sessions set peak_viewers = $2 where id = $1"
    for viewers in (9, 24, 20, 25, 60, 12, 100):
        await world.value(peak, scene.id, viewers)
    assert await told(world, scene) == [
        ("viewer_milestone", {"viewers": reached}) for reached in (10, 25, 50, 100)
    ]


async def test_the_coming_end_is_told_and_that_the_host_is_back(world: World) -> None:
    scene = await with_host(world)
    await report(world, scene, "joined", scene.creator)
    await report(world, scene, "left", scene.creator)
    await sweep(world)
    assert await told(world, scene) == []
    await world.value(
        "update live_sessions set host_left_at = now() - interval '20 seconds' where id = $1", scene.id
    )
    for _ in range(2):
        await sweep(world)
    ends_at = await world.value(
        "select live.instant(host_left_at + interval '120 seconds') from live_sessions where id = $1",
        scene.id,
    )
    await world.value(
        "select live.record_presence('agent', $1, 'joined', 'PA_again', $2, now(), null)",
        scene.room,
        scene.creator,
    )
    assert await told(world, scene) == [
        ("session_ending", {"ends_at": ends_at, "reason": "host_away"}),
        ("session_resumed", {"reason": "host_back"}),
    ]
    await world.value(
        "update live_sessions set host_left_at = now() - interval '20 seconds' where id = $1", scene.id
    )
    await sweep(world)
    await world.value(
        "update live_sessions set host_left_at = now() - interval '1 hour' where id = $1", scene.id
    )
    await sweep(world)
    assert [kind for kind, _ in await told(world, scene, 2)] == ["session_ending", "session_ended"]


@pytest.fixture
def keys() -> Iterator[str]:
    return (f"gift-key-{n}" for n in range(1000))


async def test_equal_gifts_in_quick_succession_are_told_once_more_as_one(
    world: World, keys: Iterator[str]
) -> None:
    scene = await with_host(world)
    fan, other = await world.user(), await world.user()
    for person in (fan, other):
        await world.service("select credit_coins($1, 10000, $2)", person, f"receipt-{person}")

    async def give(who: str, code: str, quantity: int = 1) -> int:
        sql = "select send_gift($1, $2, $3, $4)"
        return (await world.as_user(who, sql, scene.id, code, quantity, next(keys)))["seq"]

    catalog = await world.rows("select code from gift_catalog order by coins, code limit 2")
    code, second = [row["code"] for row in catalog]
    first = await give(fan, code)
    await give(other, code)
    await give(fan, code, 4)
    await give(fan, second)
    last = await give(fan, code)
    await sweep(world)
    assert {kind for kind, _ in await told(world, scene)} == {"gift"}
    await world.value("update live.gift_runs set latest_at = latest_at - interval '4 seconds'")
    await sweep(world)
    price = await world.value("select coins from gift_catalog where code = $1", code)
    combos = [payload for kind, payload in await told(world, scene) if kind == "gift_combo"]
    assert combos == [{
        "sender_id": fan, "gift_code": code, "gifts": 3, "quantity": 6, "coins": 6 * price,
        "first_seq": first, "last_seq": last,
    }]  # fmt: skip
    assert await world.value("select count(*) from live.gift_runs where session_id = $1", scene.id) == 0


async def test_a_run_after_a_pause_is_another_run_also_when_nobody_sweeps(
    world: World, keys: Iterator[str]
) -> None:
    scene, fan = await with_host(world), await world.user()
    await world.service("select credit_coins($1, 10000, $2)", fan, f"receipt-{fan}")
    code = await world.value("select code from gift_catalog order by coins limit 1")
    for pause in (False, True, False):
        if pause:
            await world.value("update live.gift_runs set latest_at = latest_at - interval '4 seconds'")
        for _ in range(2):
            await world.as_user(fan, "select send_gift($1, $2, 1, $3)", scene.id, code, next(keys))
    events = await told(world, scene)
    assert [kind for kind, _ in events] == ["gift", "gift", "gift", "gift_combo", "gift", "gift", "gift"]
    assert (events[3][1]["first_seq"], events[3][1]["last_seq"]) == (1, 2)


async def test_what_no_packet_could_carry_is_refused_at_the_source(world: World) -> None:
    scene = await with_host(world)
    append = "select live.append_event($1, 'system', $2)"
    with pytest.raises(Exception, match="too long to be told") as refused:
        await world.value(append, scene.id, {"kind": "announcement", "text": '"' * 4000})
    assert refused.value.sqlstate == "PT413"  # type: ignore[attr-defined]
    assert await world.value(append, scene.id, {"kind": "announcement", "text": "ş" * 2000}) == 1
    assert await world.ask(None, "announce", scene, params={"text": '"' * 1000})


async def test_ops_and_nobody_else_revoke_a_key(world: World) -> None:
    kid = (await world.user()).replace("-", "")[:16]
    publish = "select agent_publish_key($1, $2, now() + interval '1 day')"
    await world.service(publish, kid, "A" * 43)
    with pytest.raises(Refused) as refused:
        await world.as_user(await world.user(), "select revoke_relay_key($1)", kid)
    assert refused.value.hint == "ops_only"
    ops = await world.user(ops=True)
    first, again = [await world.as_user(ops, "select revoke_relay_key($1)", kid) for _ in range(2)]
    assert first["revoked_at"] == again["revoked_at"] is not None
    assert (await world.service(publish, kid, "A" * 43))["revoked_at"] is not None
    with pytest.raises(Refused) as refused:
        await world.service("select revoke_relay_key('nobody')")
    assert refused.value.hint == "unknown_key"
