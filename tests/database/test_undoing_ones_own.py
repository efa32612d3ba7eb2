"""What somebody may do they may take back, as long as nobody else has had a hand in it since."""

import pytest

from tests.database.world import Refused, World

PAIRS = [("ban", "unban"), ("camera_off", "camera_on"), ("chat_mute", "chat_unmute")]


@pytest.mark.parametrize(("do", "undo"), PAIRS)
async def test_a_moderator_takes_back_their_own_act_and_nobody_elses(
    world: World, do: str, undo: str
) -> None:
    scene = await world.live()
    target = await world.seat(scene, "listener")
    mine, other = await world.seat(scene, "moderator"), await world.seat(scene, "moderator")
    await world.ask(mine, do, scene, target)
    with pytest.raises(Refused) as refused:
        await world.ask(other, undo, scene, target)
    assert refused.value.hint == "not_allowed"
    await world.ask(mine, undo, scene, target)
    with pytest.raises(Refused) as again:
        await world.ask(mine, undo, scene, target)
    assert again.value.hint == "not_allowed", "it is taken back once"


async def test_lifting_ones_own_ban_lifts_nobody_elses(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "listener")
    mine, other = await world.seat(scene, "moderator"), await world.seat(scene, "moderator")
    await world.ask(other, "ban", scene, target, params={"seconds": 60})
    await world.ask(mine, "ban", scene, target)
    with pytest.raises(Refused) as refused:
        await world.ask(mine, "unban", scene, target)
    assert refused.value.hint == "not_allowed"


async def test_who_moderates_no_more_takes_nothing_back(world: World) -> None:
    scene = await world.live()
    target, mine = await world.seat(scene, "listener"), await world.seat(scene, "moderator")
    await world.ask(mine, "chat_mute", scene, target)
    await world.ask(scene.creator, "set_role", scene, mine, params={"role": "listener"})
    with pytest.raises(Refused) as refused:
        await world.ask(mine, "chat_unmute", scene, target)
    assert refused.value.hint == "not_allowed"


async def test_a_creators_ban_is_not_lifted_by_a_moderator(world: World) -> None:
    scene = await world.live()
    target, mine = await world.seat(scene, "listener"), await world.seat(scene, "moderator")
    await world.ask(mine, "ban", scene, target)
    await world.ask(scene.creator, "ban", scene, target, params={"scope": "creator"})
    with pytest.raises(Refused) as refused:
        await world.ask(mine, "unban", scene, target, params={"scope": "creator"})
    assert refused.value.hint == "not_allowed"
