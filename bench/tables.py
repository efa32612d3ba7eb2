"""Figures as Markdown tables. Pure."""

from collections.abc import Iterable, Sequence

from local.results import Figure

STATISTICS = ("p50", "p95", "p99", "max")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column is words, the others are figures."""
    ruler = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ruler, *rows))


def number(value: float) -> str:
    """Three significant figures, never an exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def bars(figures: Iterable[Figure]) -> str:
    """Every figure that has a bar."""
    return table(
        ("figure", "measured", "bar", "unit", "n", "verdict"),
        [
            (
                f"`{f.name}`",
                exact(f.value),
                exact(f.bar),
                f.unit,
                str(f.n),
                "held" if f.held else "**missed**",
            )
            for f in figures
            if f.bar is not None
        ],
    )


def exact(value: float) -> str:
    """So many digits that a ratio can be told from its bar."""
    return f"{value:.3f}" if abs(value) < 1 and value != 0 else number(value)


def plain(figures: Iterable[Figure]) -> str:
    """Distributions in one row each; what is no distribution in a table of its own."""
    rows: dict[tuple[str, str], dict[str, Figure]] = {}
    single = list[Figure]()
    for figure in figures:
        name, _, statistic = figure.name.rpartition(".")
        if statistic in STATISTICS:
            rows.setdefault((name, figure.unit), {})[statistic] = figure
        else:
            single.append(figure)
    parts = []
    if rows:
        parts.append(
            table(("figure", *STATISTICS, "unit", "n"), [_distribution(*row) for row in rows.items()])
        )
    if single:
        values = [(f"`{f.name}`", exact(f.value), f.unit, str(f.n)) for f in single]
        parts.append(table(("figure", "measured", "unit", "n"), values))
    return "\n\n".join(parts)


def _distribution(name: tuple[str, str], found: dict[str, Figure]) -> tuple[str, ...]:
    values = (number(found[s].value) if s in found else "" for s in STATISTICS)
    return (f"`{name[0]}`", *values, name[1], str(next(iter(found.values())).n))
