"""Fairness of automatic moderation, over sounds drawn at random: who is spared, who is not, and when.

Loudness of the sounds is set with pyloudnorm, so that the meter under test is not its own judge, as two
ears hear them.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pyloudnorm  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.story import Frame, Story, frames, hear
from local import sounds
from moderation.audio.kweighting import SAMPLE_RATE as RATE
from moderation.audio.meter import BLOCK_SECONDS
from moderation.escalation import strikes_at
from moderation.rule_names import Rule
from moderation.rules.clipping import Clipping
from moderation.rules.policy import Mode, Policy
from moderation.rules.rule import Subject
from moderation.rules.steps import Step
from moderation.rules.too_loud import TooLoud

POLICY = Policy(mode=Mode.ENFORCE)
SPEAKER = Subject("speaker")
FEW = settings(max_examples=12, deadline=None)

seeds = st.integers(0, 2**20)


def at_lufs(signal: sounds.Signal, lufs: float) -> sounds.Signal:
    found = pyloudnorm.Meter(RATE, filter_class="DeMan").integrated_loudness(
        np.stack([signal, signal], axis=1)
    )
    return np.asarray(signal * 10.0 ** ((lufs - found) / 20.0))


def unclipped(signal: sounds.Signal) -> sounds.Signal:
    """Turned down until its peak is full scale: above that it is no normal speech, and called clipping rightly."""
    return np.asarray(signal / max(1.0, float(np.abs(signal).max())))


def heard(signal: sounds.Signal, policy: Policy = POLICY) -> Story:
    return hear(frames(sounds.as_blocks(signal)), policy, SPEAKER)


@FEW
@given(level=st.floats(-90.0, -50.0), seed=seeds)
def test_silence_is_never_held_against_anyone(level: float, seed: int) -> None:
    assert not heard(sounds.white_noise(level, 20.0, RATE, np.random.default_rng(seed))).decisions


@FEW
@given(lufs=st.floats(-27.0, -13.0), seed=seeds, pauses=st.floats(0.0, 0.5))
def test_normal_speech_is_never_held_against_anyone(lufs: float, seed: int, pauses: float) -> None:
    rng = np.random.default_rng(seed)
    speech = at_lufs(sounds.speech(-20.0, 30.0, RATE, rng, pauses=pauses), lufs)
    story = heard(unclipped(speech))
    assert not story.decisions
    assert story.record.strikes == 0.0


@FEW
@given(peak=st.floats(-12.0, -0.5), seed=seeds, lufs=st.floats(-27.0, -13.0))
def test_laughter_and_a_slammed_door_never_lead_to_a_mute(peak: float, seed: int, lufs: float) -> None:
    rng = np.random.default_rng(seed)
    talk = at_lufs(sounds.speech(-20.0, 6.0, RATE, rng), lufs)
    laugh = sounds.laughter(peak, 8.0, RATE, rng)
    slam = sounds.door_slam(peak, RATE, rng)
    story = heard(np.concatenate([talk, laugh, talk, slam, talk]))
    assert not {d.step for d in story.decisions} & {Step.WARNING, Step.MUTE, Step.DEMOTE, Step.CALL_HUMAN}


@lru_cache(maxsize=2)
def shouting(seed: int) -> sounds.Signal:
    """80 s at -7 LUFS, by repeating 8 s."""
    return np.tile(at_lufs(sounds.shout(-10.0, 8.0, RATE, np.random.default_rng(seed)), -7.0), 10)


def exceeded_at(story: Story, policy: Policy) -> float:
    """When short-term loudness has been above the threshold for the grace, from the figures alone."""
    over = 0.0
    for m in story.measurements:
        over = over + m.seconds if m.short_term_lufs > policy[TooLoud].threshold_lufs else 0.0
        if over >= policy[TooLoud].grace_seconds - 1e-6:
            return m.at
    raise AssertionError("never above the threshold for the grace")


def predicted(start: float, policy: Policy) -> list[tuple[float, Step]]:
    """When the table says each step comes, if nothing changes."""
    steps, at = [], start
    for rung in policy.ladder:
        steps.append((at, rung.step))
        at += rung.cooldown_seconds
    return steps


@FEW
@given(
    seed=st.integers(0, 3),
    above=st.floats(2.0, 6.0),
    grace=st.sampled_from([1.0, 2.0, 4.0]),
    lead=st.integers(0, 20),
)
def test_a_steady_shout_climbs_the_table_within_a_second(
    seed: int, above: float, grace: float, lead: int
) -> None:
    # The shout is a voice pressed by a tanh, which is overdrive too: that rule has tables of its own.
    too_loud = TooLoud(threshold_lufs=-7.0 - above, grace_seconds=grace)
    policy = POLICY.having(too_loud, Clipping(enabled=False))
    quiet = np.zeros(lead * RATE // 5)
    story = heard(np.concatenate([quiet, shouting(seed)[: 30 * RATE]]), policy)
    table = [step for step in predicted(exceeded_at(story, policy), policy) if step[0] < 28.0]
    taken = [(d.at, d.step) for d in story.decisions]
    assert Step.MUTE in {step for _, step in table}
    assert [step for _, step in taken][: len(table)] == [step for _, step in table]
    for (at, _), (expected, _) in zip(taken, table, strict=False):
        assert 0.0 <= at - expected <= 1.0
    assert {d.rule for d in story.decisions} == {Rule.TOO_LOUD}


def test_the_whole_ladder_is_climbed_at_the_times_of_the_table() -> None:
    policy = replace(POLICY, ladder=tuple(replace(rung, cooldown_seconds=18.0) for rung in POLICY.ladder))
    story = heard(shouting(0), policy)
    table = predicted(exceeded_at(story, policy), policy)
    assert [d.step for d in story.decisions] == [step for _, step in table]
    assert max(abs(d.at - at) for d, (at, _) in zip(story.decisions, table, strict=True)) <= 1.0


@FEW
@given(seed=st.integers(0, 3), loud=st.integers(5, 20))
def test_after_decay_the_record_is_clean(seed: int, loud: int) -> None:
    story = heard(shouting(seed)[: loud * RATE])
    assert strikes_at(story.record, 0.0, POLICY) > 0.0
    half_lives = np.log2(story.record.strikes / POLICY.strikes.clean_below) + 1e-6
    later = story.record.at + half_lives * POLICY.strikes.half_life_seconds
    assert strikes_at(story.record, later, POLICY) == 0.0


def disturbed(sound: list[Frame], rng: np.random.Generator, loss: float, disorder: float) -> Iterable[Frame]:
    """The same frames: some lost, some doubled, some late."""
    kept = [frame for frame in sound if rng.random() >= loss]
    kept += [frame for frame in kept if rng.random() < disorder / 4]
    late = [i + (rng.integers(1, 12) if rng.random() < disorder else 0) for i in range(len(kept))]
    return [kept[i] for i in np.argsort(np.array(late), kind="stable")]


@lru_cache(maxsize=4)
def on_the_edge(seed: int) -> tuple[list[Frame], float]:
    """Speech that stays just below a strike, and the highest threshold that spares it."""
    blocks = sounds.as_blocks(sounds.speech(-17.0, 30.0, RATE, np.random.default_rng(seed)))
    story = hear(frames(blocks), POLICY, SPEAKER)
    runs = [m.short_term_lufs for m in story.measurements]
    held = round(POLICY[TooLoud].grace_seconds / BLOCK_SECONDS)
    edge = max(min(runs[i : i + held]) for i in range(len(runs) - held + 1))
    return frames(blocks), edge + 0.02


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 3), chance=seeds, loss=st.floats(0.0, 0.6), disorder=st.sampled_from([0.0, 0.05, 0.3])
)
def test_loss_and_reordering_never_create_a_strike(
    seed: int, chance: int, loss: float, disorder: float
) -> None:
    sound, edge = on_the_edge(seed)
    policy = POLICY.having(TooLoud(threshold_lufs=edge))
    assert not hear(sound, policy, SPEAKER).decisions
    rng = np.random.default_rng(chance)
    assert not hear(disturbed(sound, rng, loss, disorder), policy, SPEAKER).decisions
