"""Which LiveKit servers are too old, and what the doctor says of them."""

import pytest

from agent.livekit.server_version import Server, ask
from agent.process.commands import _version


@pytest.mark.parametrize(
    ("version", "cloud", "old"),
    [
        ("1.8.0", False, True),
        ("1.9.11", False, True),
        ("1.9.12", False, False),
        ("v1.13.5", False, False),
        ("2.0.0-rc1", False, False),
        ("0.0.0", True, False),
        ("nightly", False, False),
    ],
)
def test_a_server_is_old_by_its_version_unless_it_is_livekit_cloud(
    version: str, cloud: bool, old: bool
) -> None:
    assert Server(version, cloud).is_old is old


def test_the_doctor_refuses_an_old_server_and_says_which_is_new_enough() -> None:
    assert _version(Server("1.8.0", cloud=False)) == (
        False,
        "LiveKit server 1.8.0 is too old: upgrade to 1.9.12 or newer",
    )
    assert _version(Server("1.13.5", cloud=False)) == (True, "LiveKit: server 1.13.5")
    assert _version(None)[0] is False


async def test_a_server_that_is_not_there_says_nothing() -> None:
    assert await ask("ws://127.0.0.1:1", "key", "s" * 32) is None
