"""Which blocks of a track are somebody's doing: not those of a pause, of loss, or of a decoder that has just begun."""

from typing import cast

import numpy as np
import pytest
from livekit import rtc
from numpy.typing import NDArray

from agent.livekit.audio_tracks import SETTLING_BLOCKS, SILENT_PEAK, AudioTrack
from agent.livekit.reception import COMFORT_PEAK, LOST_SECONDS, Reception, Sending, is_comfort, sending
from handlers.facts import MICROPHONE, Identity, Sid
from moderation.audio.measurement import Gap
from moderation.audio.meter import TrackMeter
from tests.fakes.measured import QUIET

BEGUN = Reception(100.0, 1000, 100_000, 960_000, 0)
SECOND = 48_000
"""Samples."""
VOICE = (50, 8000, SECOND, 0)
PAUSE = (5, 230, SECOND, 0)
LOSS = (35, 5000, SECOND, SECOND * 3 // 10)


def later(
    packets: int, size: int, samples: int, concealed: int, seconds: float = 1.0, since: Reception = BEGUN
) -> Reception:
    return Reception(
        since.at + seconds,
        since.packets + packets,
        since.bytes + size,
        since.samples + samples,
        since.concealed + concealed,
    )


@pytest.mark.parametrize(
    ("came", "seconds", "what"),
    [
        (VOICE, 1.0, Sending.SENT),
        (PAUSE, 1.0, Sending.PAUSED),
        ((8, 1200, SECOND, 0), 1.0, Sending.SENT),  # packets of 120 ms are few and no pause
        ((0, 0, SECOND, SECOND), 1.0, None),  # a pause's next packet may be late on a busy machine
        ((1, 60, 2 * SECOND, 0), 2.0, Sending.PAUSED),
        ((0, 0, 3 * SECOND, 3 * SECOND), LOST_SECONDS, Sending.LOST),
        (LOSS, 1.0, Sending.MADE_UP),
        ((48, 7700, SECOND, SECOND // 25), 1.0, Sending.SENT),  # a little loss hides nothing
    ],
)
def test_what_is_sent_a_pause_loss_and_what_is_made_up_are_told_apart(
    came: tuple[int, int, int, int], seconds: float, what: Sending | None
) -> None:
    assert sending(BEGUN, later(*came, seconds)) is what


@pytest.mark.parametrize(
    ("peak", "before", "comfort"),
    [
        (300, 280, True),
        (500, 280, True),
        (600, 280, False),  # somebody speaks again
        (COMFORT_PEAK, COMFORT_PEAK, False),  # as loud as that is never a pause, however steady
    ],
)
def test_comfort_noise_is_soft_and_steady(peak: int, before: int, comfort: bool) -> None:
    assert is_comfort(peak, before) is comfort


def track() -> AudioTrack:
    publication = cast("rtc.RemoteTrackPublication", None)
    return AudioTrack(publication, Identity("bo"), Sid("sid"), MICROPHONE, TrackMeter(), waiting_since=0.0)


def block(peak: int) -> NDArray[np.int16]:
    samples = np.zeros((9600, 2), np.int16)
    samples[7, 1] = -peak
    return samples


def test_a_decoder_that_has_just_begun_is_left_to_settle() -> None:
    begun = track()
    begun.settling = SETTLING_BLOCKS
    judged = [begun.is_judged(block(9000)) for _ in range(SETTLING_BLOCKS + 1)]
    assert judged == [False] * SETTLING_BLOCKS + [True]


def test_comfort_noise_is_left_out_until_packets_or_an_onset_end_the_pause() -> None:
    for ends_it in ("packets", "onset"):
        fan = track()
        fan.peak = 300
        fan.take_in(BEGUN)
        fan.paused = fan.take_in(quiet := later(*PAUSE))
        assert fan.paused is Gap.DTX
        assert [fan.is_judged(block(peak)) for peak in (310, 290, 180, 120)] == [False] * 4
        assert not fan.idle  # a poll must find out when the same noise is sent again
        if ends_it == "packets":
            fan.take_in(later(*VOICE, since=quiet))
            assert fan.is_judged(block(120))
        else:
            assert fan.is_judged(block(9000))
        assert fan.paused is None


def test_loud_sound_is_judged_however_few_its_packets_are() -> None:
    sly = track()
    sly.peak = 20_000
    sly.take_in(BEGUN)
    sly.paused = sly.take_in(later(*PAUSE))
    assert sly.is_judged(block(20_000))


def test_what_is_made_up_is_left_out_until_less_of_it_is() -> None:
    lossy = track()
    lossy.take_in(BEGUN)
    lossy.paused = lossy.take_in(bad := later(*LOSS))
    assert lossy.paused is Gap.LOST
    assert not lossy.is_judged(block(20_000))
    assert not lossy.is_judged(block(0))
    assert not lossy.idle
    assert lossy.take_in(good := later(*VOICE, since=bad)) is None
    assert lossy.is_judged(block(20_000))
    assert lossy.take_in(later(*VOICE, since=good)) is None


def test_a_silent_pause_costs_no_polls_and_ends_with_the_first_sound() -> None:
    quiet = track()
    quiet.take_in(BEGUN)
    quiet.paused = quiet.take_in(later(*PAUSE))
    assert quiet.idle
    assert not quiet.is_judged(block(SILENT_PEAK - 1))
    assert quiet.is_judged(block(SILENT_PEAK * 3))


def test_what_is_muted_stays_so_whatever_is_counted() -> None:
    muted = track()
    muted.paused = Gap.MUTED
    muted.take_in(BEGUN)
    assert muted.take_in(later(*VOICE)) is None
    assert (muted.paused, muted.is_judged(block(9000))) == (Gap.MUTED, False)


@pytest.mark.parametrize(
    ("peak_dbfs", "loudness", "asked"),
    [(-10.0, -20.0, 2), (-10.0, -12.0, 16), (-40.0, -50.0, 12)],
    ids=["calm speech", "a raised voice", "soft for a second"],
)
def test_receivers_are_asked_often_only_where_a_pause_or_a_verdict_may_be_near(
    peak_dbfs: float, loudness: float, asked: int
) -> None:
    heard = track()
    looks = []
    for _ in range(16):
        heard.measured(QUIET._replace(peak_dbfs=peak_dbfs, short_term_lufs=loudness))
        looks.append(heard.is_due())
    assert sum(looks) == asked
