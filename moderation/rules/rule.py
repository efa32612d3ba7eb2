"""What a rule is: a file of its own beside this one, and a line in `moderation.rules.table`.

The file has all that belongs to the rule: its section of the policy with defaults and bounds, its sign in one
measurement, its grace, what is reported when it is broken, the words to the person, and the name that ops read. The
names in other languages and the database's shape of the policy are written from it (`tests/unit/test_rule_lists.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, Generic, Protocol, TypeVar

from moderation.audio.measurement import Measurement
from moderation.rule_names import Rule
from moderation.rules.steps import Step
from moderation.words import Words

GRAIN: Final = 1e-6
"""Seconds; sums of 0.2 are not exact."""


class RuleSection(Protocol):
    """A rule's part of the policy: a frozen dataclass whose numbers are `bounded`."""

    @property
    def enabled(self) -> bool:
        """Whether the rule is judged at all."""


S = TypeVar("S", bound=RuleSection)


class Sign(Enum):
    """Whether what the rule looks for is in one measurement."""

    ABSENT = auto()
    PRESENT = auto()
    HIDDEN = auto()
    """Cannot be told now; neither for nor against."""


def present(there: bool) -> Sign:  # noqa: FBT001  # the fact itself
    """A sign that can always be told."""
    return Sign.PRESENT if there else Sign.ABSENT


def lasting(seconds: float, grace: float) -> bool:
    """Whether something that is measured together with its length has lasted for the grace; both in seconds."""
    return seconds > 0.0 and seconds >= grace - GRAIN


@dataclass(frozen=True, slots=True)
class Subject:
    """What the database says of the person whose track it is."""

    role: str
    may_be_heard: bool = True


@dataclass(frozen=True, slots=True)
class Breach:
    """What a rule reports once its sign has been there for its grace."""

    held: float
    """For how long the rule has been broken, seconds."""
    measured: Mapping[str, float]
    """The numbers that made it fire, by name; the name ends in the unit."""
    why: Words
    ceiling: Step
    """The highest step that this rule leads to, or what follows instead of the ladder."""
    weight: float = 0.0
    """Strikes."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule is being broken, at `at`, and has been since `since`."""

    rule: Rule
    at: float
    since: float
    weight: float
    ceiling: Step
    """The highest step that this rule leads to, or what follows instead of the ladder."""
    measured: Mapping[str, float]
    why: Words
    mute_seconds: float | None = None
    """How long a mute lasts, and its cooldown, where the rule does not take the ladder's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioRule:
    """A rule as lists know it."""

    name: str
    shown: Words
    """What ops call it."""
    section: type[Any] | None = None
    """Its part of the policy; None: it is what rights mean, and has no field there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardRule(AudioRule, Generic[S]):
    """A rule that is judged by what one track sends."""

    section: type[S]
    sign: Callable[[Measurement, Subject, S], Sign]
    breach: Callable[[Measurement, float, S], Breach]
    """From the measurement, and the seconds for which the sign has been there."""
    grace: Callable[[S], float] = lambda _: 0.0
    """Seconds. 0 where the sign itself says how long it has been heard."""
    onset: Callable[[Measurement, S], bool] | None = None
    """Whether what may become the sign is heard, where the sign itself waits until it is sure; None: it does not."""
    through_gaps: bool = False
    """Whether the sign is still taken as seen after a gap in the sound."""
    summed: bool = False
    """Whether several sounds together can break it, none of which breaks it alone."""
