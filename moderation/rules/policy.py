"""The policy of automatic moderation: each rule's own part, strikes and the ladder, with what is right for a new
deployment.

`parse_policy` reads the JSON of `app_settings` (`moderation.policy`) and of `live_sessions.moderation`,
which has the same shape and may leave out whatever it does not change. `default_policy_json()` is the whole
shape.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, make_dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any

from moderation.rules.parsing import bounded, default_json, merged, parse
from moderation.rules.rule import RuleSection, S
from moderation.rules.steps import CLIMB, Step
from moderation.rules.table import RULES


class Mode(StrEnum):
    OFF = "off"
    OBSERVE = "observe"
    """Decide and record, touch nothing."""
    ENFORCE = "enforce"


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


def default_sections() -> Mapping[type[Any], Any]:
    """Each rule's own part as it is right for a new deployment, by its type."""
    return {rule.section: rule.section() for rule in RULES if rule.section is not None}


@dataclass(frozen=True, slots=True)
class Policy:
    mode: Mode = Mode.OBSERVE
    sections: Mapping[type[Any], Any] = field(default_factory=default_sections)
    """Each rule's own part, by its type: `policy[TooLoud].threshold_lufs`."""
    strikes: Strikes = field(default_factory=Strikes)
    ladder: tuple[Rung, ...] = LADDER
    told_every_seconds: float = bounded(60.0, 1.0, 86_400.0)
    """Whom the ladder may not climb for, and ops, hear about the same thing at most this often."""
    tips_every_seconds: float = bounded(900.0, 10.0, 86_400.0)
    """The same tip is given at most this often."""

    def __getitem__(self, section: type[S]) -> S:
        found: S = self.sections[section]
        return found

    def having(self, *sections: RuleSection) -> "Policy":
        """The same policy with these rules' parts instead of its own."""
        return replace(self, sections={**self.sections, **{type(section): section for section in sections}})

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
        problems += [
            f"{rule.name}.ceiling: must be one of {', '.join(CLIMB)}"
            for rule in RULES
            if rule.section is not None
            and getattr(self.sections[rule.section], "ceiling", Step.NOTICE) not in CLIMB
        ]
        if problems:
            raise PolicyError(problems)

    def _steps(self) -> list[Step]:
        return [rung.step for rung in self.ladder]


def _fields() -> list[tuple[str, Any, Any]]:
    """The fields of a policy's JSON, in the order in which they are listed."""
    own = [
        (f.name, f.type, field(default=f.default, default_factory=f.default_factory, metadata=f.metadata))
        for f in fields(Policy)
    ]
    rules = [(r.name, r.section, field(default_factory=r.section)) for r in RULES if r.section is not None]
    place = next(n for n, (name, _, _) in enumerate(own) if name == "sections")
    return [*own[:place], *rules, *own[place + 1 :]]


PolicyJson = make_dataclass("PolicyJson", _fields(), frozen=True)
"""A policy in the shape that JSON has: each rule's part under the rule's name."""


def _of_json(flat: Any) -> Policy:
    own = {f.name: getattr(flat, f.name) for f in fields(Policy) if f.name != "sections"}
    sections = {r.section: getattr(flat, r.name) for r in RULES if r.section is not None}
    return Policy(sections=sections, **own)


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
    flat: Any = parse(PolicyJson, merged(platform, overrides or {}), "", problems)
    if problems or flat is None:
        raise PolicyError(problems)
    return _of_json(flat)


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
    return default_json(PolicyJson())
