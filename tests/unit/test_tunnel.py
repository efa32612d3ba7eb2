"""What a run that was killed in a tunnel has left is gone in the next one."""

import subprocess

import pytest

from local import tunnel

Rule = tuple[str, ...]


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> list[Rule]:
    """Those of a machine, where one is taken away by its words; one that is not there is an error."""
    there: list[Rule] = []

    def iptables(rule: list[str], verb: str) -> None:
        words = tuple(rule)
        if verb != "-D":
            there.append(words)
        elif words in there:
            there.remove(words)
        else:
            raise subprocess.CalledProcessError(1, "iptables")

    monkeypatch.setattr(tunnel, "iptables", iptables)
    return there


def test_a_tunnel_leaves_nothing_also_of_one_that_was_killed_in_the_dark(rules: list[Rule]) -> None:
    killed = [tuple(tunnel.DROPPING), *[(*tunnel.MARKING, *tunnel.MARKED)] * 2]
    rules.extend(killed)
    with tunnel.ready() as mouth:
        assert len(rules) == 1, "the mark alone: nothing is dropped yet"
        mouth.enter()
        assert len(rules) == 2
    assert rules == []
