"""Sounds against rules: what the worker would do to each, through Opus, with the policy as it comes, enforced.

The innocent (`bench.hearing_entries`) are heard at three levels each, for 20 s; nothing may follow but a tip of the
right name, and nothing that can be heard may be taken for dead air. The offenders are in `bench.hearing_offenders`.
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from bench.hearing_entries import Entry, entries
from bench.hearing_offenders import (
    FALSE,
    GAINS,
    POLICY,
    SECONDS,
    SPEAKER,
    Group,
    Offender,
    blocks,
    caught_after,
    chance,
    in_time,
    longest_silence,
    offenders,
)
from bench.hearing_sounds.opus import through_opus
from bench.story import hear
from local import sounds
from local.results import Figure, at_most, say
from local.sounds import Signal
from moderation.rule_names import Rule
from moderation.rules.steps import CLIMB, Step

PEAK_DBFS = -0.5
SILENT_SECONDS = 10.0
"""The shortest dead air that a policy may ask for."""
CAUGHT_BAR = 98.0
"""Per cent."""
HARSH = frozenset({Step.MUTE, Step.DEMOTE, Step.CALL_HUMAN})


@dataclass(frozen=True, slots=True)
class Judged:
    """What followed from an innocent sound at one level."""

    name: str
    level: float
    mutes: int
    notices: tuple[str, ...]
    tips: tuple[str, ...]


def judge_innocent(entry: Entry, level: float, sound: Signal) -> Judged:
    """`sound`: mono at 48 kHz; it is set to `level` (dBFS RMS), or lower where its peaks would be cut."""
    at_level = sounds.at_rms(sound, level)
    if (peak := np.abs(at_level).max()) > 10.0 ** (PEAK_DBFS / 20.0):
        at_level = at_level * 10.0 ** (PEAK_DBFS / 20.0) / peak
    story = hear(blocks(through_opus(at_level)), POLICY, SPEAKER)
    mutes = sum(d.step in HARSH for d in story.decisions)
    notices = [d.rule.value for d in story.decisions if d.step in CLIMB and d.step not in HARSH]
    notices += [d.rule.value for d in story.decisions if d.step is Step.TIP and d.rule not in entry.tips]
    if not entry.tips and longest_silence([m.audible_seconds for m in story.measurements]) >= SILENT_SECONDS:
        notices.append(Rule.DEAD_AIR.value)
    tips = tuple(d.rule.value for d in story.decisions if d.step is Step.TIP and d.rule in entry.tips)
    return Judged(entry.name, level, mutes, tuple(notices), tips)


def judge_all_levels(entry: Entry) -> list[Judged]:
    """One judgement for each of the entry's levels, of one and the same sound."""
    sound = entry.make(SECONDS, chance(entry.name))
    return [judge_innocent(entry, level, sound) for level in entry.levels]


def figures() -> list[Figure]:
    """Runs the whole table, two sounds at a time."""
    with ProcessPoolExecutor(2) as pool:
        judged = [one for level in pool.map(_judge_named, [e.name for e in entries()]) for one in level]
        accused = list(offenders())
        late = list(pool.map(_catch_named, [o.name for o in accused], chunksize=len(GAINS)))
    _show(judged)
    _show_offenders(accused, late)
    hours = len(judged) * SECONDS / 3600.0
    mutes, notices = sum(j.mutes for j in judged), sum(len(j.notices) for j in judged)
    return [
        at_most("hearing.innocent.mutes", mutes, 0.0, "", len(judged)),
        at_most("hearing.innocent.notices", notices / hours, 1.0, "/h", len(judged)),
        *(_caught(group, accused, late) for group in Group),
    ]


def _caught(group: Group, accused: list[Offender], late: list[float | None]) -> Figure:
    caught = [in_time(o, at) for o, at in zip(accused, late, strict=True) if o.group is group]
    share = 100.0 * sum(caught) / max(1, len(caught))
    bar = CAUGHT_BAR if group is Group.SCORES else None
    held = None if bar is None else bool(caught) and share >= bar
    return Figure(f"hearing.offenders.{group.value}", round(share, 1), "%", len(caught), bar, held)


def _judge_named(name: str) -> list[Judged]:
    return judge_all_levels(next(e for e in entries() if e.name == name))


def _catch_named(name: str) -> float | None:
    return caught_after(next(o for o in offenders() if o.name == name))


def _show(judged: list[Judged]) -> None:
    say(f"{'innocent sound':36}{'dBFS':>6}  mutes  notices and tips")
    for j in judged:
        words = ", ".join([*(f"FALSE {n}" for n in j.notices), *(f"tip: {t}" for t in j.tips)])
        say(f"{j.name:36}{j.level:6.0f}{j.mutes:7}  {words or 'nothing'}")


def _show_offenders(accused: list[Offender], late: list[float | None]) -> None:
    say(f"{'offender':60}{'rule':14}{'after':>7}{'within':>8}")
    for o, at in zip(accused, late, strict=True):
        after = "NEVER" if at is None else f"{at:.1f} s"
        missed = "" if in_time(o, at) else "  FALSE" if at == FALSE else "  MISSED"
        say(f"{o.name:60}{o.rule.value:14}{after:>7}{o.within:6.1f} s{missed}")
