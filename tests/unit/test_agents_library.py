"""LiveKit Agents' server is there without the rest of its package, which comes when it is asked for."""

import subprocess
import sys

SERVER_ALONE = """
import sys
from agent.livekit.agents_library import AgentServer
heavy = {"openai", "livekit.agents.voice", "livekit.agents.llm", "livekit.agents.cli"} & sys.modules.keys()
assert not heavy, heavy
import livekit.agents
assert livekit.agents.worker.AgentServer is AgentServer
assert not heavy & sys.modules.keys()
"""
WHOLE = """
import sys
from agent.livekit.agents_library import AgentServer
from livekit.agents import AgentServer as Theirs, AgentSession, stt, vad
assert Theirs is AgentServer
assert "livekit.agents.voice" in sys.modules
import livekit.agents
assert livekit.agents.__version__
"""
NO_SUCH_NAME = """
from agent.livekit.agents_library import AgentServer
import livekit.agents
try:
    livekit.agents.no_such_name
except AttributeError as error:
    assert "no_such_name" in str(error)
else:
    raise SystemExit("it was found")
"""
AFTER_THE_PACKAGE = """
import livekit.agents
from agent.livekit.agents_library import AgentServer
assert livekit.agents.AgentServer is AgentServer
"""


def runs(code: str) -> None:
    """In a process of its own: an import is for ever."""
    ran = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_server_comes_without_voice_parts() -> None:
    runs(SERVER_ALONE)


def test_a_name_of_the_package_brings_all_of_it() -> None:
    runs(WHOLE)


def test_a_name_that_nobody_has_is_an_attribute_error() -> None:
    runs(NO_SUCH_NAME)


def test_a_package_that_is_there_already_is_used() -> None:
    runs(AFTER_THE_PACKAGE)
