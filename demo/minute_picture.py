"""Draws how somebody of ops spent a minute, as an SVG: what was done and when. Pure: a timeline in, SVG text out."""

from collections.abc import Sequence
from html import escape

_WIDTH, _LEFT, _RIGHT, _TOP, _ROW = 960, 40, 40, 64, 26
_STYLE = """
text { font-family: system-ui, 'DejaVu Sans', sans-serif; font-size: 13px; fill: #2d3748 }
.title { font-size: 17px; font-weight: 600 } .quiet { fill: #5f6b7a; font-size: 12px } .strong { font-weight: 600 }
.axis { stroke: #a0aec0 } .done { fill: #0a6560 } .number { fill: #fff; font-weight: 600; font-size: 11px }
.spent { fill: #0a6560; opacity: .16 }
"""


def draw_minute(title: str, steps: Sequence[tuple[float, str]], limit_seconds: float) -> str:
    """What was done after how many seconds from the start, in order, on an axis up to the limit.

    Raises:
        ValueError: nothing was done.
    """
    if not steps:
        raise ValueError("nothing was done, so there is nothing to draw")
    width = _WIDTH - _LEFT - _RIGHT
    height = _TOP + 60 + _ROW * len(steps)

    def x(seconds: float) -> float:
        return round(_LEFT + width * min(1.0, seconds / limit_seconds), 1)

    last = steps[-1][0]
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(title)}: {last:.1f} s of {limit_seconds:g}</title><style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="28" class="title">{escape(title)}</text>',
        f'<text x="{_WIDTH - _RIGHT}" y="28" text-anchor="end" class="strong">{last:.1f} s of {limit_seconds:g}</text>',
        f'<rect class="spent" x="{_LEFT}" y="{_TOP - 12}" width="{round(x(last) - _LEFT, 1)}" height="24"/>',
        f'<path class="axis" d="M{_LEFT} {_TOP}H{_WIDTH - _RIGHT}"/>',
    ]
    lines += [
        f'<text x="{x(second)}" y="{_TOP + 28}" class="quiet" text-anchor="middle">{second} s</text>'
        for second in range(0, int(limit_seconds) + 1, 10)
    ]
    for number, (at, what) in enumerate(steps, 1):
        y = _TOP + 56 + _ROW * (number - 1)
        lines += [
            f'<path d="M{x(at)} {_TOP - 12}v24" stroke="#0a6560" stroke-width="2"/>',
            f'<circle class="done" cx="{_LEFT + 10}" cy="{y - 5}" r="10"/>',
            f'<text x="{_LEFT + 10}" y="{y - 1}" class="number" text-anchor="middle">{number}</text>',
            f'<text x="{_LEFT + 84}" y="{y}" text-anchor="end" class="quiet">{at:.1f} s</text>',
            f'<text x="{_LEFT + 96}" y="{y}">{escape(what)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
