"""What the meter, the rules and the ladder make of a sound, without a room: for tests and pictures."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from moderation.audio.measurement import Measurement
from moderation.audio.meter import BLOCK_SECONDS, TrackMeter
from moderation.escalation import Decision, Record, escalate
from moderation.rules.judge import Watch, judge
from moderation.rules.policy import Policy
from moderation.rules.rule import Subject, Verdict

Frame = tuple[float, NDArray[np.int16]]
"""When a block ends, and the block."""


@dataclass
class Story:
    """One person's sound and what followed from it."""

    measurements: list[Measurement] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    record: Record = field(default_factory=Record)


def frames(blocks: Iterable[NDArray[np.int16]], start: float = 0.0) -> list[Frame]:
    """`blocks`: (samples, channels), `BLOCK_SECONDS` each. `start`: seconds, when the first one begins."""
    return [(start + (i + 1) * BLOCK_SECONDS, block) for i, block in enumerate(blocks)]


def hear(sound: Iterable[Frame], policy: Policy, subject: Subject) -> Story:
    """Begins with an empty record. `sound`: in the order of time."""
    meter, watch, story = TrackMeter(), Watch(), Story()
    for at, block in sound:
        measurement = meter.push(block, at)
        if measurement is None:
            continue
        story.measurements.append(measurement)
        watch, verdicts = judge(watch, measurement, subject, policy)
        story.verdicts += verdicts
        for verdict in verdicts:
            story.record, decision = escalate(story.record, verdict, subject.role, policy)
            if decision is not None:
                story.decisions.append(decision)
    return story
