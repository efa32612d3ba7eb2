"""The K-weighting filter of ITU-R BS.1770-4 at 16 kHz, over whole blocks.

The standard gives coefficients for 48 kHz only. Both stages are second-order sections with an analogue
prototype; its parameters, as libebur128 derived them from the standard's coefficients
(`ebur128_init_filter`), reproduce the 48 kHz table to the last digit, and the bilinear
transform with prewarping gives any other rate:

- stage 1, high shelf: corner 1681.97 Hz, gain +4.00 dB, Q 0.7072
- stage 2, high pass: corner 38.14 Hz, Q 0.5003

At 16 kHz the transform bends the shelf's slope. Matching the prototype at 1.9 kHz, in the middle of the
slope instead of at its corner, spreads the error evenly. The standard's second stage has the numerator 1,
-2, 1, which leaves it a gain of +0.04 dB at 48 kHz; that gain belongs to the definition and is kept,
instead of the +0.13 dB that the same numerator would have at 16 kHz. The response is then within 0.09 dB of
the 48 kHz filter, up to 8 kHz.

A recursive filter without a loop over samples: the block is cut into rows of 64 samples. One matrix product gives
each row's end state as if it had started from rest. The filter forgets: after 20 rows less of a state is left than
single precision can tell, so a second product gives the true state at each row's start from the 20 ends before it, and
nothing runs on from block to block but those. A third gives each row's output from that state and the row.

The matrices stay small enough for the first-level caches and for BLAS to use no threads. They are of single precision,
half the price of double: its rounding is 138 dB below the signal, and the state is scaled (see `_evened`) so that it
stays there.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""1.0 = full scale."""
_Matrix = NDArray[np.float64]

SAMPLE_RATE: Final = 16_000
BLOCK_SAMPLES: Final = 3_200
"""200 ms: what `push` takes at a time."""
_REFERENCE_RATE: Final = 48_000
_MATCHED_HZ: Final = 1_900.0
_ROW: Final = 64
_ROWS: Final = BLOCK_SAMPLES // _ROW
_PAST: Final = 20
"""Rows that are remembered: 80 ms, nineteen time constants of the high pass."""
_NO_ENERGY: Final = 1e-18


class Section(NamedTuple):
    """A second-order section: y = (b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2) x."""

    b0: float
    b1: float
    b2: float
    a1: float
    a2: float


def _k(corner: float, rate: int) -> float:
    """The bilinear transform's prewarped corner."""
    return math.tan(math.pi * corner / rate)


def high_shelf(rate: int) -> Section:
    corner, gain_db, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    matched = corner if rate >= _REFERENCE_RATE else _MATCHED_HZ
    k = corner / matched * _k(matched, rate)
    top = 10.0 ** (gain_db / 20.0)
    middle = top**0.4996667741545416
    a0 = 1.0 + k / q + k * k
    return Section(
        (top + middle * k / q + k * k) / a0,
        2.0 * (k * k - top) / a0,
        (top - middle * k / q + k * k) / a0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / q + k * k) / a0,
    )


def high_pass(rate: int) -> Section:
    corner, q = 38.13547087602444, 0.5003270373238773

    def denominator(at: int) -> tuple[float, float]:
        k = _k(corner, at)
        return k, 1.0 + k / q + k * k

    k, a0 = denominator(rate)
    gain = denominator(_REFERENCE_RATE)[1] / a0
    return Section(gain, -2.0 * gain, gain, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0)


class _StateSpace(NamedTuple):
    """s' = A s + B x, y = C s + D x, shapes (n, n), (n,), (n,), ()."""

    a: _Matrix
    b: _Matrix
    c: _Matrix
    d: float


def _transposed_direct_form(f: Section) -> _StateSpace:
    return _StateSpace(
        np.array([[-f.a1, 1.0], [-f.a2, 0.0]]),
        np.array([f.b1 - f.a1 * f.b0, f.b2 - f.a2 * f.b0]),
        np.array([1.0, 0.0]),
        f.b0,
    )


def _in_series(first: _StateSpace, second: _StateSpace) -> _StateSpace:
    zero = np.zeros((len(first.a), len(second.a)))
    return _StateSpace(
        np.block([[first.a, zero], [np.outer(second.b, first.c), second.a]]),
        np.concatenate([first.b, second.b * first.d]),
        np.concatenate([second.d * first.c, second.c]),
        second.d * first.d,
    )


def _evened(system: _StateSpace) -> _StateSpace:
    """The same filter with a state whose square is the energy that it will still put out from rest: the Cholesky
    factor of the observability Gramian is the new unit. In the direct form a state near the poles is thousands of
    times its own effect, and so would be its rounding."""
    gramian, power = np.zeros_like(system.a), np.eye(len(system.a))
    while (energy := np.outer(system.c @ power, system.c @ power)).max() > _NO_ENERGY or not gramian.any():
        gramian += energy
        power = system.a @ power
    unit = np.linalg.cholesky(gramian).T
    back = np.linalg.inv(unit)
    return _StateSpace(unit @ system.a @ back, unit @ system.b, system.c @ back, system.d)


class _BlockFilter:
    """A state-space filter unrolled over `_ROWS` rows of `_ROW` samples."""

    def __init__(self, system: _StateSpace) -> None:
        self.order = len(system.a)
        powers = [np.eye(self.order)]
        for _ in range(_ROW):
            powers.append(system.a @ powers[-1])
        response = np.concatenate([[system.d], [system.c @ p @ system.b for p in powers[: _ROW - 1]]])
        lag = np.arange(_ROW)[None, :] - np.arange(_ROW)[:, None]
        forced = np.where(lag >= 0, response[np.clip(lag, 0, None)], 0.0)
        from_state = np.array([system.c @ p for p in powers[:_ROW]]).T
        self.to_output = np.vstack([forced, from_state]).astype(np.float32)
        """(_ROW + order, _ROW): a row's output from its samples and its starting state."""
        self.to_state = np.array([powers[_ROW - 1 - i] @ system.b for i in range(_ROW)], np.float32)
        """(_ROW, order): a row's end state, started from rest."""
        leap = powers[_ROW]
        self.from_past = np.vstack(
            [np.linalg.matrix_power(leap, i).T for i in reversed(range(_PAST))]
        ).astype(np.float32)
        """(_PAST * order, order): the state after `_PAST` rows from their end states, the oldest first."""


_FILTER: Final = _BlockFilter(
    _evened(
        _in_series(
            _transposed_direct_form(high_shelf(SAMPLE_RATE)), _transposed_direct_form(high_pass(SAMPLE_RATE))
        )
    )
)


_WORK: Final = np.empty((_ROWS, _ROW + _FILTER.order), np.float32)
"""A row's samples, then its starting state: where each block is worked on. For one thread only."""
_SAMPLES: Final = _WORK[:, :_ROW]
_STARTS: Final = _WORK[:, _ROW:]


class KWeighting:
    """The filter of one track; remembers its state between blocks."""

    def __init__(self) -> None:
        self._ends = np.zeros((_PAST + _ROWS, _FILTER.order), np.float32)
        """Each row's end state, started from rest: those before the block, then its own."""
        self._pasts = sliding_window_view(self._ends.ravel(), _PAST * _FILTER.order)[:: _FILTER.order]
        """The end states before each row, and before the next block."""

    def reset(self) -> None:
        """Begin from rest: what follows does not continue what was filtered last."""
        self._ends[:_PAST] = 0.0

    def apply(self, block: Samples) -> Samples:
        """Filter one block of shape (BLOCK_SAMPLES,); the same shape comes back."""
        _SAMPLES[...] = block.reshape(_ROWS, _ROW)
        np.matmul(_SAMPLES, _FILTER.to_state, out=self._ends[_PAST:])
        _STARTS[...] = (
            self._pasts[:_ROWS].copy() @ _FILTER.from_past
        )  # a copy, because BLAS takes no rows that overlap
        self._ends[:_PAST] = self._ends[_ROWS:]
        output: Samples = _WORK @ _FILTER.to_output
        return output.ravel()
