"""How long to wait before the next attempt: twice as long each time, and never in step with other workers."""

import random


class Backoff:
    """Counts failures in a row. Times are seconds."""

    def __init__(self, first: float, cap: float) -> None:
        """`first`: the longest first pause; `cap`: the longest of all."""
        self._first, self._cap, self._failures = first, cap, 0

    def pause(self, cap: float | None = None) -> float:
        """After one more failure: between half of this attempt's longest pause and all of it. `cap`: of this one,
        where it is another."""
        longest = min(self._first * 2.0 ** min(self._failures, 30), self._cap if cap is None else cap)
        self._failures += 1
        return random.uniform(longest / 2, longest)  # noqa: S311  (spreads load, hides nothing)

    def reset(self) -> None:
        """It went well: the next failure is the first one again."""
        self._failures = 0
