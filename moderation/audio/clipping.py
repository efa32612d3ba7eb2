"""How much of a block stands at full scale.

Runs of samples at the rail are what a converter leaves of a sound that is too high for it. A codec rounds them off, so
they are only there when nothing lies between.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

RAIL: Final = 32_760
"""Full scale, give or take what a resampler rounds."""
_RUN: Final = 9
"""Samples at 48 kHz. A sine of 50 Hz or more that just fits stays above the rail for fewer."""


def at_the_rail(channel: NDArray[np.int16]) -> int:
    """How many samples of one channel lie in runs of at least `_RUN` at full scale, on either side. A run that crosses
    into the next block counts in each by itself."""
    full = np.zeros(len(channel) + 2, np.int8)
    full[1:-1] = (channel >= RAIL) | (channel <= -RAIL)
    edges = np.flatnonzero(np.diff(full))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= _RUN].sum())
