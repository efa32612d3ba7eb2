"""What is shown of the levels, the minute's row and the session's summary."""

from itertools import pairwise

import numpy as np
import pytest

from moderation.audio.board import Board, Level, changes, level_of
from moderation.audio.measurement import Gap
from moderation.audio.stats import LOWEST_LUFS, MinuteStats
from tests.fakes.measured import QUIET, TALK

SPEECH = TALK._replace(
    short_term_lufs=-18.0, loudest_short_term_lufs=-18.0, peak_dbfs=-9.0, clipped_ratio=0.1
)


def test_the_first_look_shows_everyone_and_the_second_only_what_changed() -> None:
    board, told = changes(Board(), {"ada": Level(-20.0, True), "can": Level(-60.0, False)}, 10.0)
    assert set(told) == {"ada", "can"}
    now = {"ada": Level(-22.0, True), "can": Level(-40.0, False)}
    board, told = changes(board, now, 10.5)
    assert told == {"can": Level(-40.0, False)}
    assert board.shown == {"ada": Level(-20.0, True), "can": Level(-40.0, False)}


def test_slow_drift_is_shown_once_it_adds_up() -> None:
    board, _ = changes(Board(), {"ada": Level(-20.0, True)}, 0.0)
    board, told = changes(board, {"ada": Level(-22.0, True)}, 1.0)
    assert not told
    _, told = changes(board, {"ada": Level(-23.0, True)}, 2.0)
    assert told


@pytest.mark.parametrize("speaking", [True, False])
def test_beginning_or_ending_to_speak_is_shown_at_once(*, speaking: bool) -> None:
    board, _ = changes(Board(), {"ada": Level(-20.0, not speaking)}, 0.0)
    after = {"ada": Level(-20.0, speaking)}
    assert changes(board, after, 0.5)[1] == after


def test_who_has_gone_is_told_once() -> None:
    board, _ = changes(Board(), {"ada": Level(-20.0, True)}, 0.0)
    board, told = changes(board, {}, 1.0)
    assert told == {"ada": None}
    assert changes(board, {}, 2.0)[1] == {}


def test_at_most_two_messages_a_second_and_the_last_level_is_not_forgotten() -> None:
    rng = np.random.default_rng(1)
    board, sent = Board(), []
    for i in range(500):
        level = Level(float(rng.integers(-60, 0)), bool(rng.random() < 0.5))
        board, told = changes(board, {"ada": level}, i * 0.1)
        if told:
            sent.append(i * 0.1)
    assert min(b - a for a, b in pairwise(sent)) >= 0.5 - 1e-9
    _, told = changes(board, {"ada": Level(-60.0, False)}, 60.0)
    assert told == {"ada": Level(-60.0, False)}


def test_below_the_meter_all_is_the_same() -> None:
    assert level_of(QUIET) == level_of(QUIET._replace(momentary_dbfs=-120.0)) == Level(-60.0, speaking=False)
    assert level_of(SPEECH) == Level(-20.0, speaking=True)


def test_a_minute_is_summed_up_and_begun_anew() -> None:
    stats = MinuteStats()
    for m in [QUIET] * 100 + [SPEECH] * 200:
        stats.add(m)
    row = stats.close()
    assert row is not None
    assert (row.heard_seconds, row.talk_seconds) == (60.0, 40.0)
    assert row.loudness_lufs == pytest.approx(-17.0, abs=0.05)
    assert (row.max_short_term_lufs, row.peak_dbfs) == (-18.0, -9.0)
    assert row.clipped_ratio == pytest.approx(0.1 * 2 / 3)
    assert stats.close() is None


def test_a_minute_says_the_noise_as_it_was_last_measured() -> None:
    stats = MinuteStats()
    for floor in (-70.0, -45.0, -52.5):
        stats.add(SPEECH._replace(noise_floor_dbfs=floor))
    row = stats.so_far()
    assert row is not None
    assert row.noise_floor_dbfs == -52.5


def test_windows_that_reach_into_a_gap_are_no_part_of_the_loudness() -> None:
    stats = MinuteStats()
    for _ in range(10):
        stats.add(SPEECH._replace(momentary_lufs=-40.0, gap=Gap.LOST, gap_seconds=0.2))
        stats.add(SPEECH)
    row = stats.close()
    assert row is not None
    assert row.loudness_lufs == pytest.approx(-17.0, abs=0.05)


def test_a_minute_keeps_how_long_it_was_how_loud_by_the_decibel() -> None:
    minute = MinuteStats()
    for loudness, blocks in ((-12.0, 5), (-11.01, 5), (-9.5, 10), (float(LOWEST_LUFS) - 0.1, 7), (40.0, 1)):
        for _ in range(blocks):
            minute.add(SPEECH._replace(short_term_low_lufs=loudness, seconds=0.2))
    row = minute.so_far()
    assert row is not None
    assert row.histogram == {-12: 2.0, -10: 2.0, 5: 0.2}
