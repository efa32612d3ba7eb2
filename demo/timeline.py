"""The evening on a terminal: who, what, how many milliseconds; then the table of checks."""

import sys
import time

from demo.checks import Scoreboard
from local.results import Figure

DIM, BOLD, GREEN, RED, CYAN, PLAIN = "2", "1", "32", "31", "36", "0"
WHO_WIDTH, WHAT_WIDTH = 10, 66


class Timeline:
    """Prints as things happen. Colours only where a terminal reads."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._colours = sys.stdout.isatty()

    def scene(self, title: str) -> None:
        """The heading of what follows."""
        self._print("", self._in(BOLD, f"{'':>9}{title}"))

    def tell(self, who: str, what: str, seconds: float | None = None) -> None:
        """A line: who did what, and how long it took, in seconds."""
        at = self._in(DIM, f"{time.monotonic() - self._begun:6.2f} s")
        took = "" if seconds is None else self._in(DIM, f"{seconds * 1000:7.0f} ms")
        self._print(f"{at} {self._in(CYAN, f'{who:<{WHO_WIDTH}}')} {what:<{WHAT_WIDTH}}{took}".rstrip())

    def trouble(self, what: str) -> None:
        """In red: what failed. It sets no check; that is `Scoreboard`'s."""
        self._print(self._in(RED, f"{'':>9}{what}"))

    def table(self, scoreboard: Scoreboard) -> None:
        """Every check with its figure, and the verdict with the whole evening's time."""
        self._print("")
        for check, figure in scoreboard:
            held = figure is not None and figure.held
            if (why := scoreboard.why_left_out(check.name)) is not None:
                self._print(f"  {self._in(CYAN, 'NOT TRIED')}  {check.says}: {why}")
                continue
            mark = self._in(GREEN, "held  ") if held else self._in(RED, "MISSED")
            self._print(f"  {mark}  {check.says:<76} {reading(figure)}".rstrip())
        verdict = tally(scoreboard)
        seconds = time.monotonic() - self._begun
        colour = GREEN if scoreboard.all_held else RED
        self._print("", self._in(colour, f"  {verdict} in {seconds:.1f} s"))

    def say(self, text: str) -> None:
        """A line as it is, without name or time."""
        self._print(text)

    def _in(self, colour: str, text: str) -> str:
        return f"\033[{colour}m{text}\033[{PLAIN}m" if self._colours else text

    @staticmethod
    def _print(*lines: str) -> None:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def reading(figure: Figure | None) -> str:
    """The figure beside a check."""
    if figure is None:
        return "never came to it"
    if figure.unit == "bool":
        return ""
    return f"{figure.value:7.0f} ms of {figure.bar:.0f}"


def tally(scoreboard: Scoreboard) -> str:
    """`all N checks held`, or how many were missed; a check that never came up is a missed one."""
    tried = [(check, figure) for check, figure in scoreboard if scoreboard.why_left_out(check.name) is None]
    results = [figure is not None and figure.held is True for _, figure in tried]
    missed = results.count(False)
    verdict = f"all {len(results)} checks held" if not missed else f"{missed} of {len(results)} checks missed"
    left_out = sum(1 for _ in scoreboard) - len(results)
    return f"{verdict}, {left_out} NOT TRIED" if left_out else verdict
