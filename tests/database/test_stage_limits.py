"""Who may be raised, and how many: limits of the stage that are named are kept, by consent before the start as well."""

from collections.abc import Awaitable

import pytest

from tests.database.world import Json, Refused, Scene, World

ACCEPT = "select public.accept_invite($1)"
SPEAKER = {"role": "speaker"}


async def hint_of(refused: Awaitable[Json]) -> str | None:
    with pytest.raises(Refused) as caught:
        await refused
    return caught.value.hint


async def announced(world: World) -> Scene:
    creator = await world.user(creator=True)
    session = (
        await world.service(
            "select public.session_create($1, 'audio_room', 'public', 'Later', null, now() + interval '1 day')",
            creator,
        )
    )["session"]
    return Scene(session["id"], session["livekit_room"], creator)


async def role_of(world: World, user: str) -> str:
    return str(await world.value("select role from live_participants where user_id = $1", user))


async def full_stage(world: World) -> Scene:
    scene = await world.live()
    limits = await world.value("select value from app_settings where key = 'limits'")
    for _ in range(int(limits["speakers_per_session"])):
        await world.seat(scene, "speaker")
    return scene


@pytest.mark.parametrize("asker", ["host", "service"])
async def test_before_the_start_raising_somebody_is_an_invitation_too(world: World, asker: str) -> None:
    scene, guest = await announced(world), await world.user()
    row = await world.ask(
        scene.creator if asker == "host" else None, "set_role", scene, guest, params=SPEAKER
    )
    after = await world.value("select after from moderation_actions where id = $1", row)
    assert (after["invited"], after["role"]) == (True, "listener")
    expires_in = await world.value(
        "select extract(epoch from invite_expires_at - now()) from live_participants where user_id = $1",
        guest,
    )
    assert expires_in > 86_400, "it holds until the session may still start"
    assert await world.as_user(guest, ACCEPT, scene.id) == SPEAKER
    assert await role_of(world, guest) == "speaker"


async def test_an_invitation_before_the_start_can_be_declined(world: World) -> None:
    scene, guest = await announced(world), await world.user()
    await world.ask(scene.creator, "set_role", scene, guest, params={"role": "moderator"})
    assert await world.as_user(guest, "select public.decline_invite($1)", scene.id) == {"declined": True}
    assert await role_of(world, guest) == "listener"


@pytest.mark.parametrize("role", ["speaker", "moderator", "co_host", "host"])
@pytest.mark.parametrize("before_start", [True, False])
async def test_an_anonymous_sign_in_is_never_more_than_audience(
    world: World, role: str, before_start: bool
) -> None:
    scene = await announced(world) if before_start else await world.live()
    nobody = await world.user(anonymous=True)
    for asker in (None, scene.creator):
        if asker and role == "host":
            continue  # only ops may ask that
        assert (
            await hint_of(world.ask(asker, "set_role", scene, nobody, params={"role": role}))
            == "cannot_be_invited"
        )
    assert await world.ask(scene.creator, "set_role", scene, nobody, params={"role": "listener"})
    with pytest.raises(Exception, match="no account"):
        await world.seat(scene, role, user=nobody)


async def test_no_more_speakers_than_the_limit_by_any_way(world: World) -> None:
    scene = await full_stage(world)
    invited, raised = await world.seat(scene, "listener"), await world.seat(scene, "listener")
    assert (
        await hint_of(world.ask(scene.creator, "set_role", scene, raised, params=SPEAKER))
        == "too_many_speakers"
    )
    assert (
        await hint_of(world.ask(None, "set_role", scene, raised, params=SPEAKER, dry_run=True))
        == "too_many_speakers"
    )
    await world.value("update live_participants set hand_raised_at = now() where user_id = $1", raised)
    assert await hint_of(world.ask(None, "set_role", scene, raised, params=SPEAKER)) == "too_many_speakers"
    speaker = str(
        await world.value(
            "select user_id from live_participants where session_id = $1 and role = 'speaker'", scene.id
        )
    )
    await world.ask(None, "set_role", scene, speaker, params={"role": "listener"})
    await world.ask(scene.creator, "set_role", scene, invited, params=SPEAKER)
    await world.ask(None, "set_role", scene, raised, params=SPEAKER)
    assert await hint_of(world.as_user(invited, ACCEPT, scene.id)) == "too_many_speakers"
    await world.ask(None, "set_role", scene, raised, params={"role": "listener"})
    assert await world.as_user(invited, ACCEPT, scene.id) == SPEAKER


async def test_a_full_stage_keeps_nobody_from_being_demoted(world: World) -> None:
    scene = await full_stage(world)
    co_host = await world.seat(scene, "co_host")
    await world.ask(scene.creator, "set_role", scene, co_host, params=SPEAKER)
    assert await role_of(world, co_host) == "speaker"
