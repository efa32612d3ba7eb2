"""Coming to speak by consent, and what ends by the clock: hands, invitations, grace, the sweep."""

from datetime import timedelta
from typing import Any

import pytest

from tests.database.world import Refused, Scene, World


async def arrive(world: World, scene: Scene, role: str = "listener") -> str:
    """Put someone into a session who is online."""
    user = await world.seat(scene, role)
    await world.value(
        "select live.record_presence('agent', $1, 'joined', $2, $3, now(), null)",
        scene.room,
        f"PA_{user[:12]}",
        user,
    )
    return user


async def row(world: World, user: str) -> Any:
    """Return someone's row."""
    return await world.row("select * from live_participants where user_id = $1", user)


async def sweep(world: World) -> Any:
    """Sweep as the only worker."""
    await world.value("delete from live.sweeps")
    return await world.service("select agent_sweep('w1', null)")


async def test_hands_queue_in_order_and_promotion_is_direct(world: World) -> None:
    scene = await world.live()
    one, two = await arrive(world, scene), await arrive(world, scene)
    raise_hand = "select raise_hand($1)"
    assert [(await world.as_user(u, raise_hand, scene.id))["position"] for u in (one, two, one)] == [1, 2, 1]
    await world.ask(scene.creator, "set_role", scene, one, params={"role": "speaker"})
    promoted = await row(world, one)
    assert (promoted["role"], promoted["hand_raised_at"], promoted["invited_role"]) == ("speaker", None, None)
    with pytest.raises(Refused) as refused:
        await world.as_user(one, raise_hand, scene.id)
    assert refused.value.hint == "already_speaker"
    assert await world.as_user(scene.creator, "select lower_hand($1, $2)", scene.id, two) == {"lowered": True}
    with pytest.raises(Refused) as refused:
        await world.as_user(two, "select lower_hand($1, $2)", scene.id, one)
    assert refused.value.hint == "not_allowed"


async def test_raising_someone_who_did_not_ask_is_an_invitation(world: World) -> None:
    scene = await world.live()
    user = await arrive(world, scene)
    action = await world.ask(scene.creator, "set_role", scene, user, params={"role": "speaker"})
    done = await world.row("select status, after from moderation_actions where id = $1", action)
    assert (done["status"], done["after"]["invited"]) == ("applied", True)
    invited = await row(world, user)
    assert (invited["role"], invited["invited_role"]) == ("listener", "speaker")
    assert await world.as_user(user, "select accept_invite($1)", scene.id) == {"role": "speaker"}
    accepted = await row(world, user)
    assert (accepted["role"], accepted["invited_role"]) == ("speaker", None)
    events = await world.value("select array_agg(type) from live_events where session_id = $1", scene.id)
    assert events == ["role_changed"]


@pytest.mark.parametrize("spoil", ["expire", "decline", "demote the host's deputy", "end"])
async def test_an_invitation_that_no_longer_stands_gives_nothing(world: World, spoil: str) -> None:
    scene = await world.live()
    user, deputy = await arrive(world, scene), await world.seat(scene, "co_host")
    await world.ask(deputy, "set_role", scene, user, params={"role": "speaker"})
    match spoil:
        case "expire":
            await world.value(
                "update live_participants set invite_expires_at = now() where user_id = $1", user
            )
        case "decline":
            assert await world.as_user(user, "select decline_invite($1)", scene.id) == {"declined": True}
        case "end":
            await world.value("update live_sessions set status = 'ended' where id = $1", scene.id)
        case _:
            await world.value("update live_participants set role = 'listener' where user_id = $1", deputy)
    with pytest.raises(Refused) as refused:
        await world.as_user(user, "select accept_invite($1)", scene.id)
    assert refused.value.hint in ("no_invitation", "session_not_live")
    assert (await row(world, user))["role"] == "listener"


async def test_hands_are_for_people_who_are_there_and_have_an_account(world: World) -> None:
    scene = await world.live()
    away, anonymous, banned = (
        await world.seat(scene, "listener"),
        await world.user(anonymous=True),
        await arrive(world, scene),
    )
    await world.ask(scene.creator, "ban", scene, banned)
    for user, hint in [(away, "not_in_session"), (anonymous, "sign_in_required"), (banned, "banned")]:
        with pytest.raises(Refused) as refused:
            await world.as_user(user, "select raise_hand($1)", scene.id)
        assert refused.value.hint == hint


async def test_the_sweep_ends_what_is_over_by_the_clock(world: World) -> None:
    scene = await world.live()
    muted, invited, raised = [await arrive(world, scene) for _ in range(3)]
    await world.ask(None, "mute", scene, muted, params={"seconds": 30})
    await world.ask(None, "set_role", scene, invited, params={"role": "speaker"})
    await world.as_user(raised, "select raise_hand($1)", scene.id)
    await sweep(world)
    assert (await row(world, muted))["mic_muted"]
    await world.value(
        "update live_participants set mic_muted_until = mic_muted_until - interval '1 day',"
        " invite_expires_at = invite_expires_at - interval '1 day', hand_raised_at = hand_raised_at - interval '1 day'"
        " where session_id = $1", scene.id,
    )  # fmt: skip
    await sweep(world)
    assert not (await row(world, muted))["mic_muted"]
    assert (await row(world, invited))["invited_role"] is None
    assert (await row(world, raised))["hand_raised_at"] is None


async def test_one_worker_sweeps_for_all(world: World) -> None:
    assert (await sweep(world))["held"] is True
    assert await world.service("select agent_sweep('w2', null)") == {"held": False}
    assert (await world.service("select agent_sweep('w1', null)"))["held"] is True


async def test_a_session_whose_host_stays_away_ends_after_the_grace(world: World) -> None:
    scene = await world.live()
    await sweep(world)
    assert await world.value("select status from live_sessions where id = $1", scene.id) == "live"
    await world.value(
        "update live_sessions set host_left_at = now() - interval '1 day' where id = $1", scene.id
    )
    await sweep(world)
    ended = await world.row("select status, end_reason from live_sessions where id = $1", scene.id)
    assert ended == {"status": "ended", "end_reason": "host_gone"}


CROWD = """
    with people as (
      insert into auth.users (id, email)
      select x, x || '@crowd.example' from (select gen_random_uuid() as x from generate_series(1, $1)) y returning id)
    insert into live_sessions (creator_id, type, access_type, title, livekit_room, status, host_left_at)
    select p.id, 'audio_room', 'public', $2, 'crowd-' || p.id, 'live', now() - interval '10 seconds' from people p
"""


@pytest.mark.parametrize(
    ("left_ago", "step"),
    [
        (timedelta(seconds=10), "live.announce_ends()"),
        (timedelta(days=1), "live.end_hostless_sessions()"),
    ],
)
async def test_a_fault_that_touches_every_room_is_dealt_with_in_steps(
    world: World, left_ago: timedelta, step: str
) -> None:
    most, crowd = await world.value("select live.at_a_time()"), f"Crowd for {step}"
    await world.value(CROWD, most + 1, crowd)
    await world.value(
        "update live_sessions set host_left_at = now() - $1::interval where title = $2", left_ago, crowd
    )
    # Others may become due meanwhile, so only the crowd is counted.
    dealt = (
        "select count(*) from live_sessions where title = $1 and (status = 'ended' or ends_at is not null)"
    )
    assert await world.value(f"select {step}") == most
    assert 0 < await world.value(dealt, crowd) <= most
    await world.value(f"select {step}")
    assert await world.value(dealt, crowd) == most + 1
    await world.value(
        "update live_sessions set status = 'ended', end_reason = 'host' where title = $1 and status <> 'ended'",
        crowd,
    )


async def test_paid_access_that_lapses_is_a_notice_then_removal_and_renewal_stops_it(world: World) -> None:
    scene = await world.live(access="subscribers")
    user = await world.user()
    owner = await world.owner()
    await owner.execute(
        "insert into creator_subscriptions (user_id, creator_id) values ($1, $2)", user, scene.creator
    )
    await world.seat(scene, "listener", user=user)
    await world.value("update live_participants set is_online = true where user_id = $1", user)

    async def pay(status: str) -> Any:
        await owner.execute("update creator_subscriptions set status = $2 where user_id = $1", user, status)
        await sweep(world)
        found = await row(world, user)
        return found["access_ends_at"] is not None, found["access_removed"]

    assert await pay("active") == (False, False)
    assert await pay("expired") == (True, False)
    assert await pay("active") == (False, False)
    assert await pay("expired") == (True, False)
    await world.value("update live_participants set access_ends_at = now() where user_id = $1", user)
    assert await pay("expired") == (True, True)
    person = await world.value("select live.person_in_session($1, $2)", scene.id, user)
    assert person["removed"]["reason"] == "access"
    assert await pay("active") == (False, False)


async def test_actions_on_people_who_are_away_are_settled_when_no_agent_is_there(world: World) -> None:
    scene = await world.live()
    away, here = await world.seat(scene, "speaker"), await arrive(world, scene, "speaker")
    actions = [await world.ask(None, "mute", scene, user) for user in (away, here)]
    await world.value(
        "update moderation_actions set created_at = created_at - interval '1 min' where session_id = $1",
        scene.id,
    )
    await sweep(world)
    statuses = [await world.value("select status from moderation_actions where id = $1", a) for a in actions]
    assert statuses == ["applied", "pending"]
    assert (await row(world, away))["mic_muted"]


async def listed_but(world: World, scene: Scene) -> list[str]:
    """What LiveKit lists when it has every room but one: other tests' workers hold rooms in this database too."""
    rooms = await world.rows("select livekit_room from live_sessions where id <> $1", scene.id)
    held = await world.rows("select room from agent_rooms where room <> $1", scene.room)
    return [*(row["livekit_room"] for row in rooms), *(row["room"] for row in held)]


async def test_visits_that_nobody_closed_are_closed_when_the_room_is_gone(world: World) -> None:
    scene, other = await world.live(), await world.live()
    for place in (scene, other):
        user = await arrive(world, place)
        await world.value(
            "update live_visits set join_reported_at = now() - interval '5 min' where user_id = $1", user
        )
    await world.value("delete from live.sweeps")
    await world.service("select agent_sweep('w1', $1)", await listed_but(world, scene))
    counts = [
        await world.value("select viewer_count from live_sessions where id = $1", s.id)
        for s in (scene, other)
    ]
    assert counts == [0, 1]


async def test_a_list_that_misses_a_room_in_which_a_worker_is_closes_nothing(world: World) -> None:
    """Redis has restarted and forgotten all: LiveKit lists no room, and everybody talks on."""
    scene, other = await world.live(), await world.live()
    for place in (scene, other):
        user = await arrive(world, place)
        await world.value(
            "update live_visits set join_reported_at = now() - interval '5 min' where user_id = $1", user
        )
    await world.claim(other.room)
    await world.value(
        "update agent_rooms set claimed_at = now() - interval '1 min', lease_expires_at = now() + interval '1 min'"
        " where room = $1",
        other.room,
    )
    await world.value("delete from live.sweeps")
    done = await world.service("select agent_sweep('w1', '{}'::text[])")
    assert done["unlisted_rooms"] >= 1
    assert done["closed_visits"] == 0
    assert await world.value("select viewer_count from live_sessions where id = $1", scene.id) == 1
    listed = await world.service("select agent_sweep('w1', $1)", await listed_but(world, scene))
    assert listed["unlisted_rooms"] == 0
    assert await world.value("select viewer_count from live_sessions where id = $1", scene.id) == 0
    await world.value("delete from agent_rooms where room = $1", other.room)


async def test_the_overview_tells_which_rooms_somebody_is_in(world: World) -> None:
    async def occupied() -> bool:
        rooms = (await world.service("select agent_overview()"))["rooms"]
        return bool(next(place["occupied"] for place in rooms if place["room"] == scene.room))

    scene = await world.live()
    assert not await occupied()
    user = await arrive(world, scene)
    assert await occupied()
    await world.value(
        "update live_visits set agent_left_at = now(), agent_leave_reason = 'x' where user_id = $1", user
    )
    await world.value("select live.refresh_session($1, -1)", scene.id)
    assert not await occupied()


async def test_levels_are_watched_under_a_lease(world: World) -> None:
    scene = await world.live()
    listener = await arrive(world, scene)
    claimed = await world.claim(scene.room)
    answer = await world.as_user(scene.creator, "select watch_levels($1)", scene.id)
    assert answer["topic"] == f"live:levels:{scene.id}"
    assert (await world.pull(scene.room, 1, claimed["snapshot"]["cursor"]))["levels_watched"] is True
    with pytest.raises(Refused) as refused:
        await world.as_user(listener, "select watch_levels($1)", scene.id)
    assert refused.value.hint == "not_allowed"


async def test_catching_up_is_for_those_who_may_be_there(world: World) -> None:
    scene = await world.live(access="subscribers")
    listener, stranger = await world.seat(scene, "listener"), await world.user()
    await world.value(
        "insert into creator_subscriptions (user_id, creator_id) values ($1, $2)", listener, scene.creator
    )
    for n in range(3):
        await world.value(
            "select live.append_event($1, 'viewer_milestone', $2)", scene.id, {"viewers": n + 1}
        )
    sql = "select array_agg(seq order by seq) from live_events_since($1, 1, 10)"
    assert await world.as_user(listener, sql, scene.id) == [2, 3]
    with pytest.raises(Refused) as refused:
        await world.as_user(stranger, sql, scene.id)
    assert refused.value.hint == "not_in_session"
