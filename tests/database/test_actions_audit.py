"""What the audit tells about an action: who asked, and what undid it."""

from typing import Any

import pytest

from tests.database.actions import apply_all
from tests.database.world import World


async def test_the_audit_tells_who_did_what_and_what_undid_it(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    mute = await world.ask(scene.creator, "mute", scene, target, reason="noise")
    unmute = await world.ask(scene.creator, "unmute", scene, target)
    async with world.acting("authenticated", scene.creator) as connection:
        row = dict(await connection.fetchrow("select * from moderation_audit where action_id = $1", mute))
    assert (str(row["undone_by"]), row["reason"], row["requested_via"]) == (unmute, "noise", "app")
    assert (
        await world.as_user(target, "select count(*) from moderation_audit where session_id = $1", scene.id)
        == 0
    )


async def undoing(world: World, action: str) -> Any:
    return await world.row(
        "select undone_by::text, undone_at from moderation_audit where action_id = $1", action
    )


@pytest.mark.parametrize("scope", ["session", "creator", "platform"])
async def test_the_audit_names_what_lifted_a_ban_wherever_it_was_lifted(world: World, scope: str) -> None:
    here = await world.live()
    target = await world.seat(here, "listener")
    ban = await world.ask(None, "ban", here, target, params={"scope": scope})
    assert (await undoing(world, ban))["undone_by"] is None
    lifted_from = here
    if scope != "session":
        await world.value("update live_sessions set status = 'ended' where id = $1", here.id)
        lifted_from = await world.live(creator=here.creator if scope == "creator" else None)
    await world.ask(None, "unban", lifted_from, target, params={"scope": scope})
    assert (await undoing(world, ban))["undone_by"] is not None


async def test_the_audit_tells_when_a_timed_mute_ran_out(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    mute = await world.ask(None, "mute", scene, target, params={"seconds": 1})
    await apply_all(world, scene, (await world.claim(scene.room))["epoch"])
    await world.value(
        "update moderation_actions set created_at = created_at - interval '1 min' where id = $1", mute
    )
    seen = await undoing(world, mute)
    assert (seen["undone_by"], seen["undone_at"] is not None) == (None, True)
