"""The oldest LiveKit server that is supported: built from its Go module, under the tests that need real rooms."""

from pathlib import Path

from agent.livekit.server_version import OLDEST
from local import go
from local.livekit import MODULE, VERSION
from local.paths import machine_cache
from tests.conformance.steps import Skipped, run_tests

ROOMS = ("test_room_moderation", "test_room_presence", "test_bans_survive", "test_dispatch", "test_doctor")
"""Who may speak, who was there, who is out, and who is asked: what rests on the server's own answers."""
OTHER_VERSION = "not test_a_complete_system_is_well"  # it names the version that the stack pins


async def oldest_livekit(_: Path) -> str:
    version = ".".join(map(str, OLDEST))
    binary = machine_cache() / f"livekit-server-{version}" / "server"
    if not binary.exists():
        try:
            await go.build(
                "livekit-server",
                binary,
                [MODULE.replace(VERSION, version)],
                version=version,
                takes="about 90 s",
                remedy="install Go",
            )
        except RuntimeError as error:
            raise Skipped(str(error)) from error
    files = [f"tests/integration/{name}.py" for name in ROOMS]
    return await run_tests(*files, "-k", OTHER_VERSION, env={"LIVEKIT_SERVER": str(binary)})
