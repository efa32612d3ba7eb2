"""The policy of automatic moderation: thresholds, strikes and the ladder, with what is right for a new
deployment.

`parse_policy` reads the JSON of `app_settings` (`moderation.policy`) and of `live_sessions.moderation`,
which has the same shape and may leave out whatever it does not change. `default_policy_json()` is the whole
shape.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any

from moderation.rules.parsing import bounded, default_json, merged, parse


class Mode(StrEnum):
    OFF = "off"
    OBSERVE = "observe"
    """Decide and record, touch nothing."""
    ENFORCE = "enforce"


class Rule(StrEnum):
    TOO_LOUD = "too_loud"
    SCREAM = "scream"
    CLIPPING = "clipping"
    HOWL = "howl"
    NOISE = "noise"
    HUM = "hum"
    DEAD_AIR = "dead_air"
    NOT_ALLOWED = "not_allowed"
    NOT_MEASURABLE = "not_measurable"
    DISGUISE = "disguise"
    """A track that is not what its source says. No field of the policy: it is what rights mean."""
    TOO_MANY_TRACKS = "too_many_tracks"
    """Of one source, by one person. No field of the policy either."""


class Step(StrEnum):
    """What follows. The first five are the ladder, from mild to grave."""

    NOTICE = "notice"
    WARNING = "warning"
    MUTE = "mute"
    DEMOTE = "demote"
    CALL_HUMAN = "call_human"
    TELL_OPS = "tell_ops"
    """Only ops hear about it."""
    TIP = "tip"
    """Words to the person that help; nothing is held against anybody."""
    REASSERT = "reassert"
    """The room does not agree with the database: make it agree again, and tell ops."""


CLIMB: tuple[Step, ...] = (Step.NOTICE, Step.WARNING, Step.MUTE, Step.DEMOTE, Step.CALL_HUMAN)


@dataclass(frozen=True, slots=True)
class TooLoud:
    """Short-term loudness above the threshold for the whole grace."""

    enabled: bool = True
    threshold_lufs: float = bounded(-9.0, -40.0, 0.0)
    grace_seconds: float = bounded(2.0, 0.0, 60.0)
    weight: float = bounded(1.0, 0.0, 5.0)
    ceiling: Step = Step.CALL_HUMAN


@dataclass(frozen=True, slots=True)
class Scream:
    """Momentary loudness far above the threshold and above the last 3 s, for longer than a slammed door."""

    enabled: bool = True
    threshold_lufs: float = bounded(-5.0, -40.0, 0.0)
    jump_lu: float = bounded(3.0, 0.0, 6.0)
    """Momentary above short-term, which the scream itself raises: 3 LU after a second mean that it was about
    8 LU softer before."""
    grace_seconds: float = bounded(1.0, 0.0, 60.0)
    weight: float = bounded(1.0, 0.0, 5.0)
    ceiling: Step = Step.CALL_HUMAN


@dataclass(frozen=True, slots=True)
class Clipping:
    """The share of samples that were cut off within 3 s, as far as that can be told after the codec."""

    enabled: bool = True
    ratio: float = bounded(0.01, 0.0001, 1.0)
    grace_seconds: float = bounded(3.0, 0.0, 60.0)
    weight: float = bounded(1.0, 0.0, 5.0)
    ceiling: Step = Step.WARNING


@dataclass(frozen=True, slots=True)
class Howl:
    """Feedback: a tone that grew out of what was there before and stands. A tone that merely stands is none."""

    enabled: bool = True
    threshold_dbfs: float = bounded(-35.0, -90.0, 0.0)
    grace_seconds: float = bounded(1.0, 0.5, 60.0)
    """From when it was recognised, which takes it about a second of growth."""
    weight: float = bounded(1.0, 0.0, 5.0)
    ceiling: Step = Step.CALL_HUMAN


@dataclass(frozen=True, slots=True)
class Noise:
    """A noise floor that others hear, from a spectrum that does not change, while nobody speaks. A tip, no offence."""

    enabled: bool = True
    threshold_dbfs: float = bounded(-45.0, -90.0, 0.0)
    grace_seconds: float = bounded(15.0, 1.0, 300.0)


@dataclass(frozen=True, slots=True)
class Hum:
    """Hum of the mains, whenever nobody speaks. A tip, no offence."""

    enabled: bool = True
    threshold_dbfs: float = bounded(-50.0, -90.0, 0.0)
    grace_seconds: float = bounded(15.0, 1.0, 300.0)


@dataclass(frozen=True, slots=True)
class DeadAir:
    """A live session in which nobody has been heard for so long, whatever there was to hear."""

    enabled: bool = True
    seconds: float = bounded(120.0, 10.0, 3600.0)
    count_muted: bool = False
    """Whether a microphone that the host has switched off counts too."""


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """Someone is heard who should not be; the grace covers a change that is still under way."""

    enabled: bool = True
    threshold_lufs: float = bounded(-47.0, -70.0, 0.0)
    grace_seconds: float = bounded(2.0, 0.2, 60.0)


@dataclass(frozen=True, slots=True)
class NotMeasurable:
    """A sound that people may hear and that the agent is kept from, in seconds of one person over all tracks."""

    enabled: bool = True
    grace_seconds: float = bounded(2.0, 0.5, 60.0)
    mute_seconds: float = bounded(3.0, 1.0, 3600.0)
    """Instead of the ladder's: the mute ends the track, and anyone who lets the agent hear the next one may speak on.
    Nothing further is held against them for as long."""
    weight: float = bounded(1.0, 0.0, 5.0)
    ceiling: Step = Step.CALL_HUMAN


@dataclass(frozen=True, slots=True)
class Strikes:
    half_life_seconds: float = bounded(600.0, 1.0, 86_400.0)
    clean_below: float = bounded(0.25, 0.001, 1.0)
    """With less than this the record counts as clean."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One line of the ladder. `strikes` lies below a whole number so that what decays between two strikes
    in a row costs no step."""

    step: Step
    strikes: float = bounded(1.0, 0.0, 1000.0)
    cooldown_seconds: float = bounded(5.0, 0.0, 86_400.0)
    """How long nothing further is held against the person: time to react."""
    seconds: float = bounded(0.0, 0.0, 86_400.0)
    """Length of a timed mute; 0 for every other step."""


LADDER = (
    Rung(Step.NOTICE, 0.75, 5.0),
    Rung(Step.WARNING, 1.5, 5.0),
    Rung(Step.MUTE, 2.5, 60.0, seconds=60.0),
    Rung(Step.DEMOTE, 3.5, 60.0),
    Rung(Step.CALL_HUMAN, 4.5, 300.0),
)


@dataclass(frozen=True, slots=True)
class Policy:
    mode: Mode = Mode.OBSERVE
    too_loud: TooLoud = field(default_factory=TooLoud)
    scream: Scream = field(default_factory=Scream)
    clipping: Clipping = field(default_factory=Clipping)
    howl: Howl = field(default_factory=Howl)
    noise: Noise = field(default_factory=Noise)
    hum: Hum = field(default_factory=Hum)
    dead_air: DeadAir = field(default_factory=DeadAir)
    not_allowed: NotAllowed = field(default_factory=NotAllowed)
    not_measurable: NotMeasurable = field(default_factory=NotMeasurable)
    strikes: Strikes = field(default_factory=Strikes)
    ladder: tuple[Rung, ...] = LADDER
    told_every_seconds: float = bounded(60.0, 1.0, 86_400.0)
    """Whom the ladder may not climb for, and ops, hear about the same thing at most this often."""
    tips_every_seconds: float = bounded(900.0, 10.0, 86_400.0)
    """The same tip is given at most this often."""

    def __post_init__(self) -> None:
        if not self.ladder:
            raise PolicyError(["ladder: must have at least one step"])
        problems = [f"ladder: {s} is no step of the ladder" for s in self._steps() if s not in CLIMB]
        if not problems and self._steps() != sorted(set(self._steps()), key=CLIMB.index):
            problems.append(f"ladder: steps must be in this order, each once: {', '.join(CLIMB)}")
        strikes = [rung.strikes for rung in self.ladder]
        if any(low >= high for low, high in pairwise(strikes)):
            problems.append("ladder: each step must take more strikes than the one before")
        problems += [
            f"ladder: {rung.step} must {'' if rung.step is Step.MUTE else 'not '}have seconds above 0"
            for rung in self.ladder
            if (rung.seconds > 0.0) is not (rung.step is Step.MUTE)
        ]
        for name in ("too_loud", "scream", "clipping", "howl", "not_measurable"):
            if getattr(self, name).ceiling not in CLIMB:
                problems.append(f"{name}.ceiling: must be one of {', '.join(CLIMB)}")
        if problems:
            raise PolicyError(problems)

    def _steps(self) -> list[Step]:
        return [rung.step for rung in self.ladder]


class PolicyError(ValueError):
    """The policy cannot be used. `problems` says where and why, all of it at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def parse_policy(platform: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> Policy:
    """The policy of one session; objects are merged key by key, the ladder is replaced as a whole.

    Raises PolicyError, naming every unknown key, wrong type and value out of bounds.
    """
    problems: list[str] = []
    policy = parse(Policy, merged(platform, overrides or {}), "", problems)
    if problems or policy is None:
        raise PolicyError(problems)
    return policy


def readable_policy(told: Mapping[str, Any]) -> Policy:
    """What can be used of a policy that `parse_policy` refuses: each top-level part that is right by itself, `mode`
    among them; the default of the others. Enforcing does not end because of one number."""
    parts: dict[str, Any] = {}
    for name, value in told.items():
        with suppress(PolicyError):
            parse_policy({name: value})
            parts[name] = value
    return parse_policy(parts)


def default_policy_json() -> dict[str, Any]:
    """The defaults in the shape that `parse_policy` reads."""
    return default_json(Policy())
