"""What was measured: values only, so that rules and statistics need no numpy to be read or tested."""

from enum import StrEnum
from typing import NamedTuple


class Gap(StrEnum):
    """Why nothing was received. None of them is silence; silence is received and measured."""

    MUTED = "muted"
    UNPUBLISHED = "unpublished"
    DTX = "dtx"
    """The sender stopped sending because there was nothing to say."""
    LOST = "lost"
    """Nobody said why: frames are missing."""


class Measurement(NamedTuple):
    """One block of 200 ms of one track. Units and conventions: `moderation.audio.decibels`.

    Loudness (LUFS) is of both channels together, as a listener with two ears gets them. Every other figure is of the
    louder channel, so that a silent other one hides nothing.

    A tuple, as five a second are made for each speaker: a frozen dataclass of so many fields takes five times as long.
    """

    at: float
    """End of the block, seconds, by the clock of the one who pushed it."""
    seconds: float
    """Length of the block."""
    gap: Gap | None
    """What kept the track from being heard just before this block."""
    gap_seconds: float

    rms_dbfs: float
    momentary_dbfs: float
    """RMS of the last 400 ms; of this block alone where nothing came just before."""
    peak_dbfs: float
    clipped_ratio: float
    """Share of this block's samples that are cut off; see `moderation.audio.overdrive`."""
    clipped_ratio_3s: float
    """The same over the last 3 s; what was not received counts as not cut."""
    clipped_seconds: float
    """Since when it has been so; see `moderation.audio.overdrive.Cut`."""

    correlation: float
    """Of the two channels within this block: 1 for one and the same sound in both (and for a track of one channel), 0
    for unrelated sounds or for sound in one only, -1 for a sound and its inverse, which cancel where both are mixed."""

    momentary_lufs: float
    """Last 400 ms."""
    loudest_momentary_lufs: float
    """The highest within this block, looked for every 10 ms."""
    short_term_lufs: float
    """Last 3 s; what was not received counts as nothing, so loss only lowers it."""
    loudest_short_term_lufs: float
    """The highest within this block, as above."""
    short_term_low_lufs: float
    """The lowest short-term loudness since the previous block: lower than the above only after a gap."""
    coverage: float
    """How much of the last 3 s was received, 0..1."""

    noise_floor_dbfs: float
    active: bool
    """Speech at the end of the block."""
    talk_seconds: float
    """Speech within the block."""

    audible_seconds: float
    """How much of the block can be heard, whatever it is; see `moderation.audio.audible`."""
    ring_hz: float
    ring_seconds: float
    ring_growth_db: float
    """See `moderation.audio.feedback.Ringing`."""
    hum_hz: float
    hum_dbfs: float
    hum_seconds: float
    """See `moderation.audio.hum.MainsHum`."""
    noisiness: float
    steady_seconds: float
    """See `moderation.audio.spectrum.Shape`."""
