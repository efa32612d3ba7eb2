"""Two LiveKit nodes that share a Redis: rooms as with one, and what happens when the Redis loses its memory."""

import sys
from pathlib import Path

from tests.conformance.oldest_livekit import ROOMS
from tests.conformance.steps import command, packages, run_tests

FAULTS = ("node_killed", "redis")
FAULTS_SECONDS = 280.0


async def rooms(_: Path) -> str:
    """What rests on LiveKit's answers, with people and workers on a node that may not have the room."""
    await packages(["redis-server"], "redis-server")
    files = [f"tests/integration/{name}.py" for name in (*ROOMS, "test_ingress") if name != "test_doctor"]
    return await run_tests(*files, env={"LIVEKIT_NODES": "2"})


async def faults(_: Path) -> str:
    await packages(["redis-server"], "redis-server")
    said = await command([sys.executable, "-m", "tests.chaos", *FAULTS], seconds=FAULTS_SECONDS)
    return f"{said.count(' held')} bars held"
