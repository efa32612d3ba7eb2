"""One list of roles: every other is written from it, and nothing else knows a role's rank."""

from pathlib import Path

import asyncpg
import pytest

from tests.database.role_lists import FILES
from tests.database.world import World
from tests.written import hold

ROWS = "select * from live_roles order by rank desc, context desc, role"


@pytest.mark.parametrize("path", FILES, ids=str)
async def test_a_list_in_another_language_is_what_the_table_says(world: World, path: Path) -> None:
    ops = await world.value("select live.rank_of_ops()")
    hold(path, FILES[path](await world.rows(ROWS), ops), "tests/database/test_live_roles.py")


async def test_a_new_role_is_a_row(world: World) -> None:
    """Nothing but its row has to know it: it is given, shows in rights, is spared by mute_all."""
    connection = await world.owner()
    scene = await world.live()
    guest = await world.seat(scene, "listener")
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(
            "insert into live_roles (context, role, rank, can_publish_sources, staff, name_en, name_tr)"
            " select context, 'steward', 35, '{microphone}', true, 'steward', 'görevli' from live_roles where arrives"
        )
        await connection.execute(
            "update live_participants set role = 'steward' where session_id = $1 and user_id = $2",
            scene.id, guest,
        )  # fmt: skip
        row = await connection.fetchrow(
            "select p.staff, live.rank_in(p.session_id, p.user_id) as rank, live.access_fault(s, p.user_id) as lacks"
            " from live_participants p join live_sessions s on s.id = p.session_id where p.user_id = $1",
            guest,
        )
        assert dict(row) == {"staff": True, "rank": 35, "lacks": None}
        await connection.execute(
            "insert into moderation_actions (session_id, action, requested_by) values ($1, 'mute_all', $2)",
            scene.id, scene.creator,
        )  # fmt: skip
        muted = "select mic_muted from live_participants where user_id = $1"
        assert await connection.fetchval(muted, guest) is False
    finally:
        await transaction.rollback()


async def test_a_role_that_is_not_listed_is_refused(world: World) -> None:
    scene = await world.live()
    guest = await world.seat(scene, "listener")
    for change in (
        "role = 'steward'",
        "role = 'party'",
        "invited_role = 'steward', invite_expires_at = now()",
    ):
        with pytest.raises(asyncpg.CheckViolationError, match="has no role"):
            await (await world.owner()).execute(
                f"update live_participants set {change} where session_id = $1 and user_id = $2",  # noqa: S608
                scene.id, guest,
            )  # fmt: skip


async def test_staff_of_a_session_is_what_the_list_says_of_each_role(world: World) -> None:
    assert await world.rows(
        "select p.role from live_participants p join live_sessions s on s.id = p.session_id"
        " join live_roles r on r.context = s.type and r.role = p.role where r.staff <> p.staff"
    ) == []  # fmt: skip


async def test_who_moderates_follows_the_table(world: World) -> None:
    scene = await world.live("audio_room")
    speaker = await world.seat(scene, "speaker")
    connection = await world.owner()
    transaction = connection.transaction()
    await transaction.start()
    change = "update live_roles set staff = $1 where role = 'speaker' and context = 'audio_room'"
    read = "select staff from live_participants where session_id = $1 and user_id = $2"
    await connection.execute(change, True)
    assert await connection.fetchval(read, scene.id, speaker) is True
    await connection.execute(change, False)
    assert await connection.fetchval(read, scene.id, speaker) is False
    await transaction.rollback()
