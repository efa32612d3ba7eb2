"""Levels as this project writes them.

dBFS: 0 dBFS is an amplitude of 1.0 (32768 in 16 bits) for peaks, and a mean square of 1.0 for RMS, so a
full-scale sine reads -3.01 dBFS RMS and a full-scale square wave 0 dBFS. (AES17, which adds 3.01 dB to RMS,
is used nowhere.) LUFS: ITU-R BS.1770-4 for stereo, the two channels' mean squares added up; a full-scale sine at
997 Hz reads -3.01 LUFS in one channel and 0 LUFS in both. A track of one channel comes out of both of a listener's
speakers and counts as two alike. No figure is below `SILENCE`, so every figure is finite and fits in JSON.
"""

import math
from typing import Final

SILENCE: Final = -120.0
FULL_SCALE: Final = 32768.0
_SMALLEST: Final = 10.0 ** (SILENCE / 10.0)
_LUFS_OFFSET: Final = -0.691
"""BS.1770-4, annex 1, equation 2: takes the K-weighting's gain at 997 Hz out again."""


def power_db(mean_square: float) -> float:
    """A mean square (1.0 = full scale) in dBFS."""
    return 10.0 * math.log10(mean_square) if mean_square > _SMALLEST else SILENCE


def mean_square(dbfs: float) -> float:
    """The inverse of `power_db`."""
    return float(10.0 ** (dbfs / 10.0))


def amplitude_db(amplitude: float) -> float:
    """An amplitude (1.0 = full scale) in dBFS."""
    return power_db(amplitude * amplitude)


def amplitude(dbfs: float) -> float:
    """The inverse of `amplitude_db`."""
    return float(10.0 ** (dbfs / 20.0))


def lufs(weighted_mean_square: float) -> float:
    """Loudness of the sum of the K-weighted channels' mean squares, BS.1770-4 equation 2."""
    return max(SILENCE, _LUFS_OFFSET + power_db(weighted_mean_square))


def weighted_mean_square(loudness_lufs: float) -> float:
    """The inverse of `lufs`."""
    return float(10.0 ** ((loudness_lufs - _LUFS_OFFSET) / 10.0))
