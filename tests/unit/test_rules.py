"""Each rule on measurements made for it, and on the sounds it is meant for."""

from types import ModuleType

import numpy as np
import pytest

from bench.story import frames, hear
from local import sounds
from moderation.audio.kweighting import SAMPLE_RATE as RATE
from moderation.audio.measurement import Gap, Measurement
from moderation.rule_names import Rule
from moderation.rules import clipping, howl, hum, noise, not_allowed, scream
from moderation.rules.clipping import Clipping
from moderation.rules.dead_air import DeadAir, dead_air
from moderation.rules.howl import Howl
from moderation.rules.hum import HumLimits
from moderation.rules.judge import GRAVE, HEARD, Watch, judge
from moderation.rules.noise import Noise
from moderation.rules.not_allowed import NotAllowed
from moderation.rules.policy import Mode, Policy
from moderation.rules.rule import Subject, Verdict
from moderation.rules.scream import Scream
from moderation.rules.steps import Step
from moderation.rules.too_loud import TooLoud
from tests.fakes.measured import QUIET

POLICY = Policy(mode=Mode.ENFORCE)
SPEAKER = Subject("speaker")


def verdicts(found: list[Measurement], policy: Policy = POLICY, subject: Subject = SPEAKER) -> list[Verdict]:
    watch = Watch()
    said: list[Verdict] = []
    for i, m in enumerate(found):
        watch, now = judge(watch, m._replace(at=(i + 1) * 0.2), subject, policy)
        said += now
    return said


def too_loud_at(lufs: float, **changes: object) -> Measurement:
    return QUIET._replace(short_term_lufs=lufs, short_term_low_lufs=lufs, **changes)  # type: ignore[arg-type]


def test_too_loud_speaks_up_exactly_at_the_end_of_the_grace() -> None:
    said = verdicts([too_loud_at(-8.0)] * 10)
    assert [(v.rule, v.at) for v in said] == [(Rule.TOO_LOUD, 2.0)]
    assert said[0].since == pytest.approx(0.0)
    assert said[0].measured == {
        "short_term_lufs": -8.0,
        "threshold_lufs": -9.0,
        "held_seconds": 2.0,
        "peak_dbfs": -70.0,
    }


def test_a_moment_below_the_threshold_begins_the_grace_anew() -> None:
    assert not verdicts([too_loud_at(-8.0)] * 9 + [too_loud_at(-9.0)] + [too_loud_at(-8.0)] * 9)


def test_loudness_that_held_through_a_gap_counts_and_what_fell_within_it_does_not() -> None:
    through = too_loud_at(-7.0)._replace(gap=Gap.LOST, gap_seconds=0.4)
    fell = through._replace(short_term_low_lufs=-10.0)
    loud = [too_loud_at(-7.0)] * 7
    assert verdicts([*loud, through])[0].measured["held_seconds"] == pytest.approx(2.0)
    assert not verdicts([*loud, fell, *loud])


def test_a_gap_ends_the_count_of_every_other_rule() -> None:
    scream = QUIET._replace(momentary_lufs=-2.0, short_term_lufs=-8.0, short_term_low_lufs=-20.0)
    gap = scream._replace(gap=Gap.LOST, gap_seconds=0.2)
    assert len(verdicts([scream] * 5)) == 1
    assert not verdicts([scream] * 4 + [gap] + [scream] * 3)


def test_clipping_lasts_as_long_as_it_was_measured_to_and_is_enough_to_matter() -> None:
    clipping = QUIET._replace(clipped_ratio_3s=0.1, clipped_seconds=3.0)
    (said,) = verdicts([clipping])
    assert (said.rule, said.since) == (Rule.CLIPPING, pytest.approx(said.at - 3.0))
    assert not verdicts([clipping._replace(clipped_seconds=2.8)] * 30)
    assert not verdicts([clipping._replace(clipped_ratio_3s=0.009)])


def test_a_verdict_goes_on_while_the_offence_does_and_a_disabled_rule_is_silent() -> None:
    assert len(verdicts([too_loud_at(-8.0)] * 15)) == 6
    off = POLICY.having(TooLoud(enabled=False))
    assert not verdicts([too_loud_at(-5.0)] * 20, off)


def test_noise_waits_while_someone_speaks_and_forgets_when_it_ends() -> None:
    policy = POLICY.having(Noise(grace_seconds=1.0))
    fan = QUIET._replace(noise_floor_dbfs=-40.0, steady_seconds=5.0)
    speech = fan._replace(talk_seconds=0.2)
    other = fan._replace(steady_seconds=0.0)
    assert [v.rule for v in verdicts([fan] * 3 + [speech] * 20 + [fan] * 2, policy)] == [Rule.NOISE]
    assert not verdicts([fan] * 4 + [other] + [fan] * 4, policy)
    assert not verdicts([fan._replace(noise_floor_dbfs=-60.0)] * 20, policy)
    exactly = fan._replace(noise_floor_dbfs=policy[Noise].threshold_dbfs)
    assert [v.rule for v in verdicts([exactly] * 5, policy)] == [Rule.NOISE]


def test_who_may_not_be_heard_is_reported_and_who_may_is_not() -> None:
    talk = QUIET._replace(momentary_lufs=-30.0)
    said = verdicts([talk] * 10, subject=Subject("listener", may_be_heard=False))
    assert [(v.rule, v.ceiling) for v in said] == [(Rule.NOT_ALLOWED, Step.REASSERT)]
    assert not verdicts([talk] * 50)
    assert not verdicts([QUIET] * 50, subject=Subject("listener", may_be_heard=False))


@pytest.mark.parametrize(
    ("gap", "count_muted", "told"),
    [
        (None, False, True),
        (Gap.DTX, False, True),
        (Gap.LOST, False, True),
        (Gap.MUTED, False, False),
        (Gap.UNPUBLISHED, False, False),
        (Gap.MUTED, True, True),
    ],
)
def test_dead_air_tells_a_silent_host_from_a_muted_one(
    gap: Gap | None, count_muted: bool, told: bool
) -> None:
    policy = DeadAir(seconds=60.0, count_muted=count_muted)
    assert (dead_air(100.0, gap, 160.0, policy) is not None) is told
    assert dead_air(100.0, gap, 159.0, policy) is None


def test_dead_air_has_no_weight_and_goes_to_ops() -> None:
    verdict = dead_air(0.0, None, 300.0, DeadAir())
    assert verdict is not None
    assert (verdict.weight, verdict.ceiling) == (0.0, Step.TELL_OPS)
    assert verdict.measured == {
        "quiet_seconds": 300.0,
        "threshold_seconds": DeadAir().seconds,
        "microphone_off": 0.0,
    }


@pytest.mark.parametrize(
    ("rule", "section", "heard", "measured", "step"),
    [
        (
            scream, Scream(), {"momentary_lufs": -2.0, "short_term_lufs": -8.0},
            {"momentary_lufs": -2.0, "threshold_lufs": Scream().threshold_lufs, "jump_lu": 6.0, "held_seconds": 1.5},
            Scream().ceiling,
        ),
        (
            clipping, Clipping(), {"clipped_ratio_3s": 0.1, "clipped_seconds": 3.0},
            {"clipped_ratio_3s": 0.1, "threshold_ratio": Clipping().ratio, "held_seconds": 3.0}, Clipping().ceiling,
        ),
        (
            howl, Howl(), {"ring_hz": 2100.0, "ring_growth_db": 18.0, "ring_seconds": 2.0, "rms_dbfs": -12.0},
            {"tone_hz": 2100.0, "growth_db": 18.0, "rms_dbfs": -12.0, "held_seconds": 2.0}, Howl().ceiling,
        ),
        (
            noise, Noise(), {"noise_floor_dbfs": -40.0, "noisiness": 0.7},
            {
                "noise_floor_dbfs": -40.0, "threshold_dbfs": Noise().threshold_dbfs, "noisiness": 0.7,
                "held_seconds": 1.5,
            },
            Step.TIP,
        ),
        (
            hum, HumLimits(), {"hum_hz": 50.0, "hum_dbfs": -38.0, "hum_seconds": 9.0},
            {"hum_hz": 50.0, "hum_dbfs": -38.0, "threshold_dbfs": HumLimits().threshold_dbfs, "held_seconds": 9.0},
            Step.TIP,
        ),
        (
            not_allowed, NotAllowed(), {"momentary_lufs": -30.0},
            {"momentary_lufs": -30.0, "threshold_lufs": NotAllowed().threshold_lufs, "held_seconds": 1.5},
            Step.REASSERT,
        ),
    ],
    ids=lambda value: value.RULE.name if isinstance(value, ModuleType) else "",
)  # fmt: skip
def test_a_breach_tells_ops_the_numbers_that_made_it_one(
    rule: ModuleType, section: object, heard: dict[str, float], measured: dict[str, float], step: Step
) -> None:
    breach = rule.breach(QUIET._replace(**heard), 1.5, section)
    assert breach.measured == measured
    assert breach.held == measured["held_seconds"]
    assert (breach.ceiling, breach.weight) == (step, getattr(section, "weight", 0.0))


def decided(signal: sounds.Signal) -> list[tuple[Rule, Step]]:
    return [(d.rule, d.step) for d in hear(frames(sounds.as_blocks(signal)), POLICY, SPEAKER).decisions]


def test_a_tone_that_stands_is_no_howl_however_long() -> None:
    rng = np.random.default_rng(1)
    signal = np.concatenate([sounds.speech(-25.0, 5.0, RATE, rng), sounds.tone(2100, -14.0, 8.0, RATE)])
    assert decided(signal) == []


def test_a_tone_that_grew_is_howl_once_it_has_stood_for_the_grace() -> None:
    ringing = QUIET._replace(rms_dbfs=-20.0, ring_hz=2100.0, ring_growth_db=30.0)
    said = verdicts([ringing._replace(ring_seconds=0.2 * i) for i in range(12)])
    assert [v.rule for v in said] == [Rule.HOWL] * 7
    assert said[0].measured["held_seconds"] == pytest.approx(1.0)
    assert not verdicts([ringing._replace(ring_seconds=9.0, rms_dbfs=-40.0)])


GROWN = QUIET._replace(rms_dbfs=-20.0, ring_growth_db=15.0)
CUT = QUIET._replace(rms_dbfs=-20.0, clipped_seconds=0.4, clipped_ratio_3s=0.02)


@pytest.mark.parametrize(
    ("found", "grave"),
    [
        (GROWN, True),
        (GROWN._replace(ring_growth_db=0.0), False),
        (CUT, True),
        (CUT._replace(clipped_ratio_3s=0.002), False),
        (QUIET._replace(hum_hz=50.0, hum_dbfs=-30.0, hum_seconds=60.0), False),
    ],
    ids=["a tone grew", "nothing grew", "cut off since a moment", "hardly anything is cut", "a tip"],
)
def test_a_sign_that_waits_by_itself_is_grave_from_its_onset(found: Measurement, grave: bool) -> None:
    watch, said = judge(Watch(), found, SPEAKER, POLICY)
    assert (watch.grave, [v.rule for v in said if v.rule is not Rule.HUM]) == (grave, [])
    off = POLICY.having(Howl(enabled=False), Clipping(enabled=False))
    assert not judge(Watch(), found, SPEAKER, off)[0].grave


def test_every_grave_rule_that_waits_within_its_sign_says_what_its_onset_is() -> None:
    for name, rule in HEARD:
        section = rule.section()
        if name in GRAVE and rule.grace(section) < section.grace_seconds:
            assert rule.onset is not None, name


def test_hum_is_a_tip_and_no_noise() -> None:
    hum = QUIET._replace(noise_floor_dbfs=-38.0, steady_seconds=60.0, hum_hz=50.0, hum_dbfs=-38.0)
    said = verdicts([hum._replace(hum_seconds=float(i)) for i in range(1, 17)])
    assert [(v.rule, v.ceiling, v.weight) for v in said] == [(Rule.HUM, Step.TIP, 0.0)] * 2
    assert not verdicts([hum._replace(hum_dbfs=-55.0, hum_seconds=60.0)])


def test_a_chord_that_is_held_is_no_noise() -> None:
    chord = QUIET._replace(noise_floor_dbfs=-20.0, steady_seconds=60.0, noisiness=0.05)
    assert not verdicts([chord] * 200)


def test_a_fan_on_an_open_microphone_is_noise() -> None:
    assert decided(sounds.white_noise(-38.0, 18.0, RATE, np.random.default_rng(2))) == [
        (Rule.NOISE, Step.TIP)
    ]


def test_a_scream_out_of_quiet_talk_is_a_scream() -> None:
    rng = np.random.default_rng(3)
    talk = sounds.speech(-32.0, 5.0, RATE, rng)
    scream = sounds.tone(900, -3.0, 1.6, RATE)
    assert decided(np.concatenate([talk, scream, talk])) == [(Rule.SCREAM, Step.NOTICE)]


def test_an_overdriven_input_is_clipping() -> None:
    policy = POLICY.having(TooLoud(threshold_lufs=0.0))
    talk = sounds.speech(-3.0, 8.0, RATE, np.random.default_rng(4))
    story = hear(frames(sounds.as_blocks(talk)), policy, SPEAKER)
    assert [(d.rule, d.step) for d in story.decisions][:1] == [(Rule.CLIPPING, Step.NOTICE)]
