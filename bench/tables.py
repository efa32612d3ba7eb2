"""Figures as Markdown tables. Pure."""

from collections.abc import Iterable, Sequence
from itertools import takewhile

from local.results import Figure

FOLDED = 3
"""So many figures of one subject with one bar and one unit, or more, are one row: the nearest to the bar speaks."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column is words, the others are figures."""
    ruler = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ruler, *rows))


def number(value: float) -> str:
    """Three significant figures, never an exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def exact(value: float) -> str:
    """So many digits that a ratio can be told from its bar."""
    return f"{value:.3f}" if abs(value) < 1 and value != 0 else number(value)


def bars(figures: Iterable[Figure]) -> str:
    """Every figure that has a bar. Those that miss it have a row each; of many that hold the same one, the nearest."""
    families = dict[tuple[object, ...], list[Figure]]()
    for figure in figures:
        if figure.bar is not None:
            families.setdefault(_family(figure), []).append(figure)
    rows = list[Sequence[str]]()
    for alike in families.values():
        if alike[0].held and len(alike) >= FOLDED:
            nearest = max(alike, key=_nearness)
            rows.append(_row(f"{_common(alike)} ({len(alike)} figures)", nearest, sum(f.n for f in alike)))
        else:
            rows += [_row(f"`{figure.name}`", figure, figure.n) for figure in alike]
    return table(("figure", "measured", "bar", "unit", "n", "verdict"), rows)


def _family(f: Figure) -> tuple[object, ...]:
    # What must not happen at all is alike, whatever is counted.
    return (f.name.split(".")[0], f.held, f.bar, f.unit if f.bar else None)


def _row(name: str, f: Figure, n: int) -> Sequence[str]:
    assert f.bar is not None
    return (name, exact(f.value), exact(f.bar), f.unit, str(n), "held" if f.held else "**missed**")


def _nearness(f: Figure) -> float:
    """The nearer to its bar, the more; some bars are the least that a figure may be."""
    assert f.bar is not None
    return -abs(f.bar - abs(f.value))


def _common(figures: Sequence[Figure]) -> str:
    """What their names share, and `…` for the rest."""
    parts = [figure.name.split(".") for figure in figures]
    first = _shared(parts)
    last = _shared([list(reversed(part[len(first) :])) for part in parts])
    return "`" + ".".join([*first, "…", *reversed(last)]) + "`"


def _shared(lists: Sequence[Sequence[str]]) -> list[str]:
    return [parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*lists, strict=False))]
