"""The K-weighting filter of ITU-R BS.1770-4 at 48 kHz, over whole blocks of one or two channels.

A recursive filter without a loop over samples: each channel's block is cut into rows of 32 samples. One matrix product
gives each row's end state as if it had started from rest; two more carry the states over, first within groups of
20 rows, then from group to group and from block to block; a last one gives each row's output from its true starting
state and its samples.

The matrices stay small enough for the first-level caches and for BLAS to use no threads. They are of single precision,
half the price of double: its rounding is 138 dB below the signal, and the state is scaled (see `_evened`) so that it
stays there.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""1.0 = full scale."""
_Matrix = NDArray[np.float64]

SAMPLE_RATE: Final = 48_000
"""The rate of Opus and of LiveKit, so that nothing is resampled."""
CHANNELS: Final = 2
"""At most; what has one is heard from both sides."""
BLOCK_SAMPLES: Final = 9_600
"""200 ms, a channel: what `push` takes at a time."""
_ROW: Final = 32
_ROWS: Final = BLOCK_SAMPLES // _ROW
_GROUP: Final = 20
_GROUPS: Final = _ROWS // _GROUP
_BATCH: Final = 50
"""Rows of one matrix product; with four times as many OpenBLAS would wake threads for it."""
_NO_ENERGY: Final = 1e-18


class Section(NamedTuple):
    """A second-order section: y = (b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2) x."""

    b0: float
    b1: float
    b2: float
    a1: float
    a2: float


HIGH_SHELF: Final = Section(
    1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585
)
"""BS.1770-4, annex 1, table 1: the head."""
HIGH_PASS: Final = Section(1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621)
"""Table 2: the RLB curve."""


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


def _carrying(leap: _Matrix, steps: int) -> _Matrix:
    """((steps + 1) * n, (steps + 1) * n): from a state and what each of so many steps adds to it, one after the other,
    to the states before each step and after the last; a step takes a state `s` to `leap @ s` plus what it adds."""
    n = len(leap)
    powers = [np.linalg.matrix_power(leap, i).T for i in range(steps + 1)]
    carrying = np.zeros(((steps + 1) * n, (steps + 1) * n))
    for to in range(steps + 1):
        carrying[:n, to * n : (to + 1) * n] = powers[to]
        for step in range(to):
            carrying[(step + 1) * n : (step + 2) * n, to * n : (to + 1) * n] = powers[to - 1 - step]
    return carrying


class _BlockFilter:
    """A state-space filter unrolled over rows, and the rows over groups."""

    def __init__(self, system: _StateSpace) -> None:
        self.order = n = len(system.a)
        powers = [np.eye(n)]
        for _ in range(_ROW):
            powers.append(system.a @ powers[-1])
        response = np.concatenate([[system.d], [system.c @ p @ system.b for p in powers[: _ROW - 1]]])
        lag = np.arange(_ROW)[None, :] - np.arange(_ROW)[:, None]
        forced = np.where(lag >= 0, response[np.clip(lag, 0, None)], 0.0)
        from_state = np.array([system.c @ p for p in powers[:_ROW]]).T
        self.to_output = np.vstack([forced, from_state]).astype(np.float32)
        """(_ROW + n, _ROW): a row's output from its samples and its starting state."""
        self.to_state = np.array([powers[_ROW - 1 - i] @ system.b for i in range(_ROW)], np.float32)
        """(_ROW, n): a row's end state, started from rest."""
        within = _carrying(powers[_ROW], _GROUP)
        self.within_group = within[n:].astype(np.float32)
        """(_GROUP * n, (_GROUP + 1) * n): the states before each row and after the last, from the rows' end states."""
        self.from_group = within[:n, : _GROUP * n].astype(np.float32)
        """(n, _GROUP * n): what the state before a group adds to those before its rows."""
        self.over_groups = _carrying(np.linalg.matrix_power(powers[_ROW], _GROUP), _GROUPS).astype(np.float32)


_FILTER: Final = _BlockFilter(
    _evened(_in_series(_transposed_direct_form(HIGH_SHELF), _transposed_direct_form(HIGH_PASS)))
)
_ORDER: Final = _FILTER.order


class _Work:
    """Where the blocks of so many channels are worked on. For one thread only."""

    def __init__(self, channels: int) -> None:
        rows = channels * _ROWS
        self.whole = np.empty((channels, _ROWS, _ROW + _ORDER), np.float32)
        """Each row's samples, then its starting state."""
        self.samples = self.whole[:, :, :_ROW]
        self.starts = self.whole.reshape(channels * _GROUPS, _GROUP, _ROW + _ORDER)[:, :, _ROW:]
        self.batches = self.whole.reshape(rows // _BATCH, _BATCH, _ROW + _ORDER)
        self.ends = np.empty((rows // _BATCH, _BATCH, _ORDER), np.float32)
        self.ends_by_group = self.ends.reshape(channels * _GROUPS, _GROUP * _ORDER)
        self.groups = np.empty((channels, (_GROUPS + 1) * _ORDER), np.float32)
        """A state, then what each group adds to it."""
        self.output = np.empty((rows // _BATCH, _BATCH, _ROW), np.float32)


_WORK: Final = {channels: _Work(channels) for channels in range(1, CHANNELS + 1)}


class KWeighting:
    """The filter of one track; remembers each channel's state between blocks."""

    def __init__(self) -> None:
        self._states = np.zeros((CHANNELS, _ORDER), np.float32)

    def reset(self) -> None:
        """Begin from rest: what follows does not continue what was filtered last."""
        self._states[...] = 0.0

    def apply(self, block: Samples) -> Samples:
        """Filter one block of shape (channels, BLOCK_SAMPLES). The same shape comes back, good until the next call.
        With one channel, the other is taken to have been the same."""
        channels = len(block)
        work = _WORK[channels]
        work.samples[...] = block.reshape(channels, _ROWS, _ROW)
        np.matmul(work.batches[:, :, :_ROW], _FILTER.to_state, out=work.ends)
        local = work.ends_by_group @ _FILTER.within_group
        work.groups[:, :_ORDER] = self._states[:channels]
        work.groups.reshape(channels, _GROUPS + 1, _ORDER)[:, 1:] = local[:, -_ORDER:].reshape(
            channels, _GROUPS, _ORDER
        )
        states = work.groups @ _FILTER.over_groups
        self._states[...] = states[:, -_ORDER:]
        before = states[:, :-_ORDER].reshape(channels * _GROUPS, _ORDER)
        starts = local[:, :-_ORDER] + before @ _FILTER.from_group
        work.starts[...] = starts.reshape(channels * _GROUPS, _GROUP, _ORDER)
        np.matmul(work.batches, _FILTER.to_output, out=work.output)
        return work.output.reshape(channels, BLOCK_SAMPLES)
