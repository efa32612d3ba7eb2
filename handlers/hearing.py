"""What is remembered of a room's sound: who is heard, what is held against whom, and who has been shown what of it.

Data only; `handlers.audio` and `handlers.levels` change it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from handlers.events import Identity, Sid, Switches
from moderation.audio.levels import Board, Level
from moderation.audio.measurement import Gap
from moderation.audio.stats import AudioMinute, MinuteStats
from moderation.escalation import Record
from moderation.rules.judge import Watch
from moderation.rules.policy import Mode, Policy


class Microphone(NamedTuple):
    """One of a person's microphones; all but the first have a number other than 0."""

    identity: Identity
    number: int


@dataclass(slots=True)
class Minutes:
    """The minute that is being gathered, and those that are over."""

    begins: float | None = None
    """Start of the minute, seconds; None while nothing was heard in it."""
    now: dict[Identity, MinuteStats] = field(default_factory=dict)
    past: dict[Identity, list[AudioMinute]] = field(default_factory=dict)
    first_at: float | None = None
    """When what there is of the very first minute is written, before it is over; infinite once anything was."""


@dataclass(slots=True)
class Shown:
    """Who looks at the levels, and what they have been shown."""

    board: Board[Identity] = field(default_factory=Board)
    switches: Mapping[Identity, Switches] | None = None
    """None: those who look have been told nothing yet."""
    viewers: frozenset[Identity] = frozenset()
    doubtful: bool = True
    """Something has happened since the viewers were last looked for, and may have changed them."""
    watched_until: float = 0.0
    """Until then somebody looks from outside the room."""


@dataclass(slots=True)
class Hearing:
    """The sound of one room. Nothing is heard before there is a policy."""

    policy: Policy | None = None
    asked: Mapping[str, Any] | None = None
    """The policy as the database told it last, whether it could be used or not."""
    faults: tuple[str, ...] = ()
    """Why it could not be used."""
    faults_told_at: float = 0.0
    watches: dict[Microphone, Watch] = field(default_factory=dict)
    levels: dict[Microphone, Level] = field(default_factory=dict)
    """Of those who are heard now."""
    paused: dict[Identity, Gap] = field(default_factory=dict)
    switches: dict[Identity, tuple[Sid, Switches]] = field(default_factory=dict)
    """Of everybody who ever published anything, by their last connection that did."""
    records: dict[Identity, Record] = field(default_factory=dict)
    """What is held against whom. It outlives connections, so leaving and coming back clears nothing."""
    incidents: dict[Identity, int] = field(default_factory=dict)
    minutes: Minutes = field(default_factory=Minutes)
    shown: Shown = field(default_factory=Shown)
    host_heard_at: float = 0.0
    """When the host last spoke; when listening began, or the host came, if that is later."""
    dead_air_at: float = 0.0
    """When to look for dead air next."""

    @property
    def on(self) -> bool:
        return self.policy is not None and self.policy.mode is not Mode.OFF
