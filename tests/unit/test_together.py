"""Several sounds of one person as one: powers add, a track that has stopped counts as long as it fills the window."""

import pytest

from moderation.audio.measurement import Gap, Measurement
from moderation.audio.together import MOMENTARY_SECONDS, together
from tests.fakes.measured import QUIET, TALK

LEVELS = (
    "rms_dbfs",
    "momentary_dbfs",
    "noise_floor_dbfs",
    "momentary_lufs",
    "loudest_momentary_lufs",
    "short_term_lufs",
    "loudest_short_term_lufs",
    "short_term_low_lufs",
)
DOUBLE_DB = 3.0103
NOW = TALK._replace(at=100.0)


def levels(m: Measurement) -> list[float]:
    return [getattr(m, name) for name in LEVELS]


def ended(seconds_ago: float, m: Measurement = TALK) -> Measurement:
    """The last of a track whose last block ended so long before this one began."""
    return m._replace(at=NOW.at - NOW.seconds - seconds_ago)


def test_one_track_is_itself() -> None:
    alone = together([NOW], NOW, 0.2)
    assert levels(alone) == pytest.approx(levels(NOW))
    assert alone._replace(**dict(zip(LEVELS, levels(NOW), strict=True))) == NOW


def test_two_alike_are_three_decibels_more_in_every_figure() -> None:
    assert levels(together([NOW, NOW], NOW, 0.2)) == pytest.approx(
        [level + DOUBLE_DB for level in levels(NOW)]
    )


def test_of_peaks_clipping_and_talk_the_most_counts() -> None:
    other = QUIET._replace(at=NOW.at, peak_dbfs=-1.0, clipped_ratio=0.3, talk_seconds=0.4, active=True)
    quiet = NOW._replace(peak_dbfs=-20.0, clipped_ratio=0.1, talk_seconds=0.1, active=False)
    for tracks in ([quiet, other], [other, quiet]):
        both = together(tracks, quiet, 0.2)
        assert (both.peak_dbfs, both.clipped_ratio, both.talk_seconds, both.active) == (-1.0, 0.3, 0.2, True)
    assert together([quiet], quiet, 0.2).active is False


def test_a_gap_of_one_track_is_none_of_the_person() -> None:
    gap = NOW._replace(gap=Gap.LOST, gap_seconds=0.4)
    both = together([gap, NOW], gap, 0.6)
    assert (both.gap, both.gap_seconds, both.seconds) == (None, 0.0, 0.6)


@pytest.mark.parametrize("order", [1, -1])
def test_a_track_that_stopped_fades_out_of_each_window(order: int) -> None:
    def rise(seconds_ago: float) -> tuple[float, float]:
        tracks = [ended(seconds_ago), NOW][::order]
        both = together(tracks, NOW, 0.2)
        return both.momentary_lufs - NOW.momentary_lufs, both.short_term_lufs - NOW.short_term_lufs

    assert rise(0.0) == pytest.approx((DOUBLE_DB, DOUBLE_DB))
    assert rise(0.2) == pytest.approx((1.761, 2.863), abs=1e-3)  # half, and fourteen fifteenths
    assert rise(0.4) == pytest.approx((0.0, 2.711), abs=1e-3)  # nothing, and thirteen fifteenths
    assert rise(1.5) == pytest.approx((0.0, 1.761), abs=1e-3)
    assert rise(3.0) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert rise(9.0) == pytest.approx((0.0, 0.0), abs=1e-9)


def test_what_stopped_says_nothing_about_peaks_and_speech_of_now() -> None:
    loud = ended(0.5, TALK._replace(peak_dbfs=0.0, clipped_ratio=0.5, talk_seconds=0.2, active=True))
    quiet = QUIET._replace(at=NOW.at)
    both = together([loud, quiet], quiet, 0.2)
    assert (both.peak_dbfs, both.clipped_ratio, both.talk_seconds, both.active) == (-70.0, 0.0, 0.0, False)


def test_a_window_that_has_passed_to_its_end_holds_nothing_of_what_stopped() -> None:
    stopped = TALK._replace(at=0.0, seconds=0.0, peak_dbfs=0.0)
    assert together([stopped], QUIET._replace(at=MOMENTARY_SECONDS), 0.2).peak_dbfs == QUIET.peak_dbfs
