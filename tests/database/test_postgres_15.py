"""A smoke of the oldest Postgres that hosted Supabase has; `make conformance` runs every test of the database on it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.database.server import migrate, postgres
from tests.database.world import World

BINARIES = Path("/usr/lib/postgresql/15/bin")
pytestmark = pytest.mark.skipif(
    not (BINARIES / "postgres").exists(), reason="no Postgres 15 here: `make conformance` installs Debian's"
)


@pytest.fixture(scope="module")
def oldest() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="live-db-") as directory:
        Path(directory).chmod(0o755)
        with postgres(Path(directory), binaries=BINARIES) as socket:
            migrate(socket)
            yield World(f"postgresql://postgres@/postgres?host={socket}")


async def test_sessions_acts_topics_and_sweeps_work(oldest: World) -> None:
    """What reads a text as a uuid, and what the doctor looks at, among them."""
    assert str(await oldest.value("show server_version_num")).startswith("15")
    scene = await oldest.live()
    target = await oldest.seat(scene, "speaker")
    await oldest.ask(scene.creator, "mute", scene, target)
    muted = "select mic_muted from live_participants where session_id = $1 and user_id = $2"
    assert await oldest.value(muted, scene.id, target) is True
    assert await oldest.as_user(scene.creator, "select live.may_listen('live:session:' || $1)", scene.id)
    assert not await oldest.as_user(target, "select live.may_listen('live:session:nonsense')")
    await oldest.service("select public.agent_sweep('w')")
    contract = await oldest.service("select public.live_schema_contract()")
    assert contract["missing"] == []
    for connection in oldest.connections:
        await connection.close()
