"""One list of actions: the door denies what is not in it, and every other list is written from it."""

import os
from pathlib import Path

import asyncpg
import pytest

from tests.database import action_lists
from tests.database.action_lists import FILES, PART, REPOSITORY
from tests.database.world import World

KEYWORDS = {"type", "enum", "minimum", "maximum", "maxLength", "format", "default", "description"}


@pytest.mark.parametrize("path", FILES, ids=str)
async def test_a_list_in_another_language_is_what_the_table_says(world: World, path: Path) -> None:
    actual = action_lists.text(path, await action_lists.lines(world))
    if os.environ.get("WRITE_ACTIONS"):
        (REPOSITORY / path).write_text(actual)
    assert (REPOSITORY / path).read_text() == actual, (
        "write it anew: WRITE_ACTIONS=1 uv run pytest tests/database/test_live_actions.py"
    )


async def test_the_handbooks_table_is_what_the_table_says(world: World) -> None:
    actual = action_lists.page(PART.read_text(), await action_lists.lines(world))
    if os.environ.get("WRITE_ACTIONS"):
        PART.write_text(actual)
    assert PART.read_text() == actual, (
        "write it anew: WRITE_ACTIONS=1 uv run pytest tests/database/test_live_actions.py"
    )


async def test_each_action_has_the_function_that_writes_its_desired_state_and_no_other_is_there(
    world: World,
) -> None:
    functions = await world.value(
        "select array_agg(substr(proname, 4) order by proname) from pg_proc"
        " where pronamespace = 'live'::regnamespace and proname like 'do\\_%'"
    )
    assert functions == sorted(line.action for line in await action_lists.lines(world))


async def test_schemas_use_only_what_the_validator_knows(world: World) -> None:
    for line in await action_lists.lines(world):
        assert set(line.params_schema) == {"type", "properties", "required", "additionalProperties"}
        assert line.params_schema["additionalProperties"] is False
        for schema in line.properties.values():
            assert set(schema) <= KEYWORDS
            bounded = {"minimum", "maximum"} <= set(schema)
            assert bounded == (schema["type"] in ("number", "integer"))
            assert ("maxLength" in schema) == (schema.get("format") == "text")


async def test_what_undoes_an_action_is_of_the_same_aspect_and_its_columns_exist(world: World) -> None:
    assert (
        await world.rows(
            "select a.action from live_actions a join live_actions b on b.action = a.undone_by"
            " where a.aspect <> b.aspect or a.scope <> b.scope"
        )
        == []
    )
    tables = {
        "session": "live_sessions",
        "message": "live_messages",
        "person": "live_participants",
        "account": "live_participants",
    }
    for row in await world.rows("select action, scope, columns from live_actions"):
        known = await world.value(
            "select array_agg(attname::text) from pg_attribute where attrelid = $1::regclass and attnum > 0",
            f"public.{tables[row['scope']]}",
        )
        assert set(row["columns"]) <= set(known), row


async def test_an_action_that_is_taken_off_the_list_is_denied(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "listener")
    connection = await world.owner()
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("delete from moderation_actions where action = 'camera_off'")
    await connection.execute("update live_actions set undone_by = action where action = 'camera_on'")
    await connection.execute("delete from live_actions where action = 'camera_off'")
    with pytest.raises(asyncpg.PostgresError) as refused:
        await connection.execute(
            "insert into moderation_actions (session_id, target_user_id, action) values ($1, $2, 'camera_off')",
            scene.id, target,
        )  # fmt: skip
    await transaction.rollback()
    assert getattr(refused.value, "hint", None) == "unknown_action"
