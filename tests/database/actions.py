"""What the tests of actions ask of a row, and of the agent that carries it out."""

from typing import Any

from tests.database.world import Scene, World


async def state(world: World, user: str, *columns: str) -> Any:
    """Return columns of someone's row."""
    return await world.row(
        f"select {', '.join(columns)} from live_participants where user_id = $1",  # noqa: S608
        user,
    )


async def status(world: World, action: str) -> Any:
    """Return the status of an action."""
    return await world.value("select status from moderation_actions where id = $1", action)


async def attempts(world: World, action: str) -> Any:
    """Return how often an action was claimed."""
    return await world.value("select attempts from moderation_actions where id = $1", action)


async def apply_all(world: World, scene: Scene, epoch: int = 1) -> list[str]:
    """Play the agent until nothing is left to claim; return the actions in the order of their claims."""
    order = []
    while (entry := await world.pull(scene.room, epoch)) and entry["actions"]:
        for action in entry["actions"]:
            order.append(action["id"])
            await world.finish(scene.room, epoch, action["id"])
    return order
