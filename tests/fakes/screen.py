"""The levels' way out, in memory."""

from collections.abc import Mapping
from typing import Any


class FakeScreen:
    """`agent.core.ports.Screen`: what each session's viewers were shown last."""

    def __init__(self) -> None:
        self.shown: dict[str, Mapping[str, Any]] = {}

    def show(self, session_id: str, payload: Mapping[str, Any]) -> None:
        self.shown[session_id] = payload
