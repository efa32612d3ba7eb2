"""What people hear of one person who makes several sounds at once: the sum of their powers.

Sounds of different sources are not in phase with each other, so mean squares add, as BS.1770-4 adds those of channels.
A track that has stopped goes on to count with what of the window it still fills: changing from one track to another
makes nobody softer.
"""

from collections.abc import Iterable
from typing import Final

from moderation.audio.decibels import lufs, mean_square, power_db, weighted_mean_square
from moderation.audio.measurement import Measurement

SHORT_TERM_SECONDS: Final = 3.0
MOMENTARY_SECONDS: Final = 0.4


def together(latest: Iterable[Measurement], now: Measurement, seconds: float) -> Measurement:
    """The sum at `now.at`, of so many seconds. `latest`: the last measurement of each track, `now` among them."""
    rms = momentary_power = momentary = loudest_momentary = short_term = loudest = low = floor = 0.0
    peak, clipped, talk, active = now.peak_dbfs, now.clipped_ratio, 0.0, False
    for m in latest:
        age = max(0.0, now.at - m.at - m.seconds)
        left, fresh = 1.0 - age / SHORT_TERM_SECONDS, 1.0 - age / MOMENTARY_SECONDS
        if left <= 0.0:
            continue
        short_term += left * weighted_mean_square(m.short_term_lufs)
        loudest += left * weighted_mean_square(m.loudest_short_term_lufs)
        low += left * weighted_mean_square(m.short_term_low_lufs)
        if fresh <= 0.0:
            continue
        momentary += fresh * weighted_mean_square(m.momentary_lufs)
        loudest_momentary += fresh * weighted_mean_square(m.loudest_momentary_lufs)
        momentary_power += fresh * mean_square(m.momentary_dbfs)
        rms += fresh * mean_square(m.rms_dbfs)
        floor += fresh * mean_square(m.noise_floor_dbfs)
        peak, clipped = max(peak, m.peak_dbfs), max(clipped, m.clipped_ratio)
        talk, active = max(talk, m.talk_seconds), active or m.active
    return now._replace(
        seconds=seconds,
        gap=None,
        gap_seconds=0.0,
        rms_dbfs=power_db(rms),
        momentary_dbfs=power_db(momentary_power),
        peak_dbfs=peak,
        clipped_ratio=clipped,
        momentary_lufs=lufs(momentary),
        loudest_momentary_lufs=lufs(loudest_momentary),
        short_term_lufs=lufs(short_term),
        loudest_short_term_lufs=lufs(loudest),
        short_term_low_lufs=lufs(low),
        noise_floor_dbfs=power_db(floor),
        talk_seconds=min(talk, seconds),
        active=active,
    )
