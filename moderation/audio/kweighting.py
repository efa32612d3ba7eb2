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
each row's output and end state as if it had started from rest; the true state at each row's start follows from the
end states before it, first within groups of ten rows, then across the groups; another product adds what that state
does to the row. The matrices stay small enough for the first-level caches and for BLAS to use no threads.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

SAMPLE_RATE: Final = 16_000
BLOCK_SAMPLES: Final = 3_200
"""200 ms: what `push` takes at a time."""
_REFERENCE_RATE: Final = 48_000
_MATCHED_HZ: Final = 1_900.0
_ROW: Final = 64
_ROWS: Final = BLOCK_SAMPLES // _ROW
_GROUP: Final = 10
_GROUPS: Final = _ROWS // _GROUP
_AT_REST: Final = 1e-40
"""A state whose squares sum to less is rest: without it silence decays into subnormal numbers, which cost
100 times more."""


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

    a: Samples
    b: Samples
    c: Samples
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


class _BlockFilter:
    """A state-space filter unrolled over `_ROWS` rows of `_ROW` samples."""

    def __init__(self, system: _StateSpace) -> None:
        self.order = len(system.a)
        powers = [np.eye(self.order)]
        for _ in range(_ROW):
            powers.append(system.a @ powers[-1])
        self.from_state = np.array([system.c @ p for p in powers[:_ROW]]).T.copy()
        """(order, _ROW): what a row's starting state adds to its output."""
        response = np.concatenate([[system.d], [system.c @ p @ system.b for p in powers[: _ROW - 1]]])
        lag = np.arange(_ROW)[None, :] - np.arange(_ROW)[:, None]
        forced = np.where(lag >= 0, response[np.clip(lag, 0, None)], 0.0)
        to_state = np.array([powers[_ROW - 1 - i] @ system.b for i in range(_ROW)])
        self.from_input = np.hstack([forced, to_state])
        """(_ROW, _ROW + order): a row's output and end state, started from rest."""
        row_leap = powers[_ROW]
        self.within_group = _chained(row_leap, _GROUP)[self.order :]
        """(_GROUP * order, (_GROUP + 1) * order): end states of a group's rows to their starting states from rest."""
        self.across_groups = _chained(np.linalg.matrix_power(row_leap, _GROUP), _GROUPS)
        """The block's starting state and the groups' end states to the groups' starting states."""
        self.from_group_start = np.hstack([np.linalg.matrix_power(row_leap, i).T for i in range(_GROUP)])
        """(order, _GROUP * order): what a group's starting state adds to its rows' starting states."""


def _chained(leap: Samples, count: int) -> Samples:
    """Matrix M of shape ((count + 1) * n, (count + 1) * n): [first state, ends from rest] @ M = all states."""
    leaps = [np.linalg.matrix_power(leap, i).T for i in range(count + 1)]
    zero = np.zeros_like(leap)
    return np.block([[leaps[k - i] if i <= k else zero for k in range(count + 1)] for i in range(count + 1)])


_FILTER: Final = _BlockFilter(
    _in_series(
        _transposed_direct_form(high_shelf(SAMPLE_RATE)), _transposed_direct_form(high_pass(SAMPLE_RATE))
    )
)


class KWeighting:
    """The filter of one track; remembers its state between blocks."""

    def __init__(self) -> None:
        self._state: Samples = np.zeros(_FILTER.order)

    def reset(self) -> None:
        """Begin from rest: what follows does not continue what was filtered last."""
        self._state = np.zeros(_FILTER.order)

    def apply(self, block: Samples) -> Samples:
        """Filter one block of shape (BLOCK_SAMPLES,), 1.0 = full scale; the same shape comes back."""
        rested = block.reshape(_ROWS, _ROW) @ _FILTER.from_input
        starts = self._starting_states(rested[:, _ROW:].reshape(_GROUPS, -1))
        output: Samples = rested[:, :_ROW] + starts @ _FILTER.from_state
        return output.ravel()

    def _starting_states(self, row_ends: Samples) -> Samples:
        """(_ROWS, order) from the rows' end states of shape (_GROUPS, _GROUP * order); the last one is kept."""
        n = _FILTER.order
        from_rest = row_ends @ _FILTER.within_group
        ends = np.concatenate([self._state, from_rest[:, -n:].ravel()])
        group_starts = (ends @ _FILTER.across_groups).reshape(_GROUPS + 1, n)
        last = group_starts[_GROUPS]
        self._state = last if float(last @ last) > _AT_REST else np.zeros(n)
        starts: Samples = from_rest[:, :-n] + group_starts[:_GROUPS] @ _FILTER.from_group_start
        return starts.reshape(_ROWS, n)
