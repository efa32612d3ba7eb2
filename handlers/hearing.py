"""What is remembered of a room's sound: who is heard, what is held against whom, and who has been shown what of it.

Data only; `handlers.audio` and `handlers.levels` change it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.facts import EvidenceAsked, Identity, Sid, Switches, Track, Weak
from moderation.audio.board import Board, Level
from moderation.audio.kept import Cause
from moderation.audio.measurement import Gap, Measurement
from moderation.audio.stats import PersonStats
from moderation.escalation import Record
from moderation.rules.judge import Watch
from moderation.rules.not_measurable import Evaded
from moderation.rules.policy import Mode, Policy

OFF = frozenset({Gap.MUTED, Gap.UNPUBLISHED})


@dataclass(slots=True)
class Voice:
    """What is heard from one person. It outlives connections and publications: who publishes anew goes on."""

    latest: dict[Track, Measurement] = field(default_factory=dict)
    """Of every track of which something was measured in the last seconds."""
    watches: dict[Track, Watch] = field(default_factory=dict)
    together: Watch = field(default_factory=Watch)
    """Of the sum of several tracks."""
    together_at: float = 0.0
    sign_at: float = -math.inf
    """When the sign of a rule was heard last that may lead to a step."""
    levels: dict[Track, Level] = field(default_factory=dict)
    """Of those that are heard now."""
    paused: dict[Track, Gap] = field(default_factory=dict)

    def gap(self) -> Gap | None:
        """Why nothing is to be heard from this person; None: something is. Switched off only if all is switched off."""
        if self.levels:
            return None
        return next((why for why in self.paused.values() if why not in OFF), self._off())

    def _off(self) -> Gap:
        return Gap.MUTED if Gap.MUTED in self.paused.values() else Gap.UNPUBLISHED


@dataclass(slots=True)
class Minutes:
    """The minute that is being gathered."""

    begins: float | None = None
    """Start of the minute, seconds; None while nothing was heard in it."""
    now: dict[Identity, PersonStats[Track]] = field(default_factory=dict)
    first_at: float | None = None
    """When what there is of the very first minute is written, before it is over; infinite once anything was."""


@dataclass(slots=True)
class Shown:
    """Who looks at the levels, and what they have been shown."""

    board: Board[Identity] = field(default_factory=Board)
    switches: Mapping[Identity, Switches] | None = None
    """None: those who look have been told nothing yet."""
    weak: Mapping[Identity, Weak] = field(default_factory=dict)
    viewers: frozenset[Identity] = frozenset()
    doubtful: bool = True
    """Something has happened since the viewers were last looked for, and may have changed them."""
    watched_until: float = 0.0
    """Until then somebody looks from outside the room."""


@dataclass(slots=True)
class KeptSound:
    """Of whom the last seconds are kept, and what the database has asked for."""

    asked: EvidenceAsked | None = None
    kept: Mapping[Identity, Cause] = field(default_factory=dict)
    """As the hearing was told last."""
    seconds: float = 0.0
    taken: dict[str, None] = field(default_factory=dict)
    """Orders that were taken up, in the order of time."""


@dataclass(slots=True)
class SoundState:
    """The sound of one room. Nothing is heard before there is a policy."""

    policy: Policy | None = None
    asked: Mapping[str, Any] | None = None
    """The policy as the database told it last, whether it could be used or not."""
    faults: tuple[str, ...] = ()
    """Why it could not be used."""
    faults_told_at: float = 0.0
    voices: dict[Identity, Voice] = field(default_factory=dict)
    switches: dict[Identity, tuple[Sid, Switches]] = field(default_factory=dict)
    """Of everybody who ever published anything, by their last connection that did."""
    weak: dict[Identity, tuple[Sid, Weak]] = field(default_factory=dict)
    """Whose connection is weak, by their last one that was."""
    records: dict[Identity, Record] = field(default_factory=dict)
    """What is held against whom. It outlives connections, so leaving and coming back clears nothing."""
    evaded: dict[Identity, Evaded] = field(default_factory=dict)
    """Sound of people that others could hear and we were kept from. Like records it outlives connections."""
    evidence: KeptSound = field(default_factory=KeptSound)
    minutes: Minutes = field(default_factory=Minutes)
    shown: Shown = field(default_factory=Shown)
    heard_at: float = 0.0
    """When anybody was last audible who may be heard; when listening began, or the host came, if that is later."""
    dead_air_at: float = 0.0
    """When to look for dead air next."""

    def voice(self, identity: Identity) -> Voice:
        """What is heard from this person, from now on if nothing was."""
        return self.voices.setdefault(identity, Voice())

    @property
    def on(self) -> bool:
        """Whether the room is measured: there is a policy, and it is not off."""
        return self.policy is not None and self.policy.mode is not Mode.OFF
