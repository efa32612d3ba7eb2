"""When somebody begins to speak and when they have stopped, frame by frame of 20 ms, and above which noise."""

import pytest

from moderation.audio.activity import Activity, NoiseFloor
from moderation.audio.decibels import SILENCE

FLOOR = -60.0
BEGINS, GOES_ON = -51.0, -55.0
"""9 and 5 dB above that floor."""
QUIET = -59.0


def speaking() -> Activity:
    activity = Activity()
    assert activity.update([-20.0] * 3, FLOOR) == 1
    return activity


def test_speech_begins_with_the_third_loud_frame_in_a_row() -> None:
    assert Activity().update([-20.0] * 5, FLOOR) == 3
    clicks = Activity()
    assert clicks.update([-20.0, -20.0, QUIET] * 5, FLOOR) == 0
    assert not clicks.active


@pytest.mark.parametrize(("level", "begins"), [(BEGINS, True), (BEGINS - 0.1, False)])
def test_it_begins_nine_decibels_above_the_floor(level: float, begins: bool) -> None:
    assert (Activity().update([level] * 3, FLOOR) > 0) is begins


@pytest.mark.parametrize(("level", "goes_on"), [(GOES_ON, True), (GOES_ON - 0.1, False)])
def test_it_goes_on_five_decibels_above_the_floor(level: float, goes_on: bool) -> None:
    activity = speaking()
    activity.update([level] * 20, FLOOR)
    assert activity.active is goes_on


@pytest.mark.parametrize(("level", "begins"), [(-52.0, True), (-52.1, False)])
def test_above_the_lowest_floor_only_what_somebody_can_hear_begins(level: float, begins: bool) -> None:
    assert (Activity().update([level] * 3, -90.0) > 0) is begins


@pytest.mark.parametrize(("level", "goes_on"), [(-56.0, True), (-56.1, False)])
def test_and_only_what_somebody_can_hear_goes_on(level: float, goes_on: bool) -> None:
    activity = speaking()
    activity.update([level] * 20, -90.0)
    assert activity.active is goes_on


def test_it_lasts_through_fourteen_quiet_frames_and_ends_with_the_fifteenth() -> None:
    activity = speaking()
    assert activity.update([QUIET] * 20, FLOOR) == 14
    assert not activity.active


def test_a_word_within_the_pause_joins_up_and_each_pause_counts_anew() -> None:
    activity = speaking()
    assert activity.update([*[QUIET] * 14, GOES_ON, *[QUIET] * 14], FLOOR) == 29
    assert activity.active


def test_counts_go_on_from_block_to_block_and_are_forgotten_at_a_reset() -> None:
    activity = Activity()
    assert [activity.update([-20.0], FLOOR) for _ in range(4)] == [0, 0, 1, 1]
    assert [activity.update([QUIET] * 7, FLOOR) for _ in range(3)] == [7, 7, 0]
    halfway = Activity()
    halfway.update([-20.0] * 2, FLOOR)
    halfway.reset()
    assert halfway.update([-20.0] * 2, FLOOR) == 0
    heard = speaking()
    heard.update([QUIET] * 14, FLOOR)
    heard.reset()
    assert not heard.active
    assert heard.update([-20.0] * 3, FLOOR) == 1


def test_after_its_end_speech_needs_three_loud_frames_again() -> None:
    activity = speaking()
    activity.update([QUIET] * 15, FLOOR)
    assert activity.update([-20.0] * 4, FLOOR) == 2


def test_the_floor_is_the_lowest_frame_of_the_last_eight_seconds() -> None:
    floor = NoiseFloor()
    assert floor.update([-30.0, -70.0, -40.0]) == -70.0
    assert {floor.update([-30.0, -50.0]) for _ in range(39)} == {-70.0}
    assert floor.update([-30.0, -50.0]) == -50.0, "five blocks a second"


def test_within_one_second_the_lowest_counts_and_nothing_is_below_silence() -> None:
    floor = NoiseFloor()
    assert [floor.update([level]) for level in (-40.0, -60.0, -50.0)] == [-40.0, -60.0, -60.0]
    assert NoiseFloor().update([-200.0]) == SILENCE
