"""Adding an action: what complains, place by place, and in how few hand-written files."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.actions import CONDITIONS
from moderation.action_names import AGENT_ACTIONS
from tests.database import action_lists
from tests.database.action_lists import FILES, PART, REPOSITORY, Line
from tests.database.world import Refused, World

BAR = 5
CONSOLE = Path("livekit-system/console/src")
SCHEMAS = Path("livekit-system/supabase/schemas")
ROW = SCHEMAS / "14_live_actions.sql"
FUNCTION = SCHEMAS / "32_action_effects.sql"
HANDLER = Path("handlers/actions.py")


def fictional(like: Line) -> Line:
    return replace(like, action="spotlight", description="everybody looks at one person")


async def test_a_new_action_complains_in_at_most_five_hand_written_files(
    world: World, tmp_path: Path
) -> None:
    known = await action_lists.lines(world)
    wanted = [*known, fictional(known[0])]
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    complaints: set[Path] = set()

    # 1. Without its row the door denies it.
    with pytest.raises(Refused) as refused:
        await world.ask(None, "spotlight", scene, target)
    assert refused.value.hint == "unknown_action"
    complaints.add(ROW)

    # 2. With the row and no function, the door cannot carry it out.
    connection = await world.owner()
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        "insert into live_actions (action, aspect, scope, needs_target, needs_agent, params_schema, min_rank,"
        " undone_by, place, description)"
        " select 'spotlight', 'light', scope, needs_target, needs_agent, params_schema, min_rank, 'spotlight', 1000,"
        " 'look there' from live_actions where action = 'kick'"
    )
    assert await missing_functions(world) == ["spotlight"]
    await connection.execute(
        "create function live.do_spotlight(p_row public.moderation_actions) returns jsonb"
        " language sql as 'select null::jsonb'"
    )
    assert await missing_functions(world) == []
    status = await connection.fetchval(
        "insert into moderation_actions (session_id, target_user_id, action) values ($1, $2, 'spotlight')"
        " returning status", scene.id, target,
    )  # fmt: skip
    assert status == "pending"  # a worker's turn, with nothing else touched in SQL
    await transaction.rollback()
    complaints.add(FUNCTION)

    # 3. The lists in other languages are stale, all of them: one command writes them.
    assert all(action_lists.text(path, wanted) != (REPOSITORY / path).read_text() for path in FILES)
    assert action_lists.page(PART.read_text(), wanted) != PART.read_text()

    # 4. The worker's table has no condition for it; a unit test compares the two.
    space: dict[str, frozenset[str]] = {}
    exec(action_lists.text(Path("moderation/action_names.py"), wanted), space)  # noqa: S102
    assert set(CONDITIONS) == AGENT_ACTIONS
    assert space["AGENT_ACTIONS"] - set(CONDITIONS) == {"spotlight"}
    complaints.add(HANDLER)

    # 5. Both languages of the console do not compile.
    complaints |= faults_of_the_console(tmp_path, wanted)

    assert complaints == {ROW, FUNCTION, HANDLER, CONSOLE / "texts/en.ts", CONSOLE / "texts/tr.ts"}
    assert len(complaints) <= BAR


async def missing_functions(world: World) -> list[str]:
    rows = await world.rows(
        "select a.action from live_actions a where to_regprocedure("
        " format('live.%I(public.moderation_actions)', 'do_' || a.action)) is null"
    )
    return [row["action"] for row in rows]


def faults_of_the_console(work: Path, wanted: list[Line]) -> set[Path]:
    """Files that the type checker names, in a copy whose list of actions has one more."""
    for folder in ("model", "texts"):
        shutil.copytree(REPOSITORY / CONSOLE / folder, work / CONSOLE / folder)
    shutil.copy(REPOSITORY / CONSOLE.parent / "deno.json", work / CONSOLE.parent)
    listed = CONSOLE / "model/action_list.ts"
    (work / listed).write_text(action_lists.text(listed, wanted))
    deno = str(Path(sys.executable).parent / "deno")
    checked = [str(work / CONSOLE / "texts" / name) for name in ("en.ts", "tr.ts")]
    done = subprocess.run(
        [deno, "check", "--no-lock", "--config", str(work / CONSOLE.parent / "deno.json"), *checked],
        check=False, capture_output=True, text=True, timeout=120, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert done.returncode != 0
    assert "spotlight" in done.stderr, done.stderr
    files = [*(work / CONSOLE).rglob("*.ts")]
    return {
        path.relative_to(work)
        for path in files
        if f"at file://{path}:" in done.stderr and path.name != "words.ts"
    }
