"""Draws what the audio rules heard from one person, and what followed, as an SVG: the demo's picture of a mute.

Pure: measurements and decisions in, SVG text out. No drawing library.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from moderation.audio.measurement import Measurement
from moderation.escalation import Decision
from moderation.rules.steps import Step

_WIDTH, _HEIGHT = 960, 470
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 26, 96, 330
_HIGHEST, _LOWEST = 0.0, -60.0

_STEPS = {
    Step.NOTICE: ("noticed", "#b7791f"),
    Step.WARNING: ("warned", "#c05621"),
    Step.MUTE: ("muted", "#c53030"),
    Step.DEMOTE: ("listener again", "#822727"),
    Step.CALL_HUMAN: ("human called", "#553c9a"),
    Step.TELL_OPS: ("ops told", "#2c5282"),
    Step.REASSERT: ("set right", "#2c5282"),
}
_STYLE = """
text { font-family: system-ui, 'DejaVu Sans', sans-serif; font-size: 12px; fill: #2d3748 }
.title { font-size: 17px; font-weight: 600 } .quiet { fill: #718096 } .strong { font-weight: 600 }
.grid { stroke: #e2e8f0 } .short { fill: none; stroke: #2b6cb0; stroke-width: 2.4; stroke-linejoin: round }
.momentary { fill: none; stroke: #a0c4e8; stroke-width: 1.2; stroke-linejoin: round }
.limit { stroke: #c53030; stroke-width: 1.4; stroke-dasharray: 6 4 } .over { fill: #c53030; opacity: .08 }
.muted { fill: #4a5568; opacity: .13 }
"""


_OPENING = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
    f' width="{_WIDTH}" height="{_HEIGHT}">'
)


@dataclass(frozen=True, slots=True)
class _Scale:
    start: float
    end: float

    def x(self, at: float) -> float:
        share = (at - self.start) / (self.end - self.start)
        return round(_LEFT + min(1.0, max(0.0, share)) * (_WIDTH - _LEFT - _RIGHT), 1)

    @staticmethod
    def y(lufs: float) -> float:
        share = (_HIGHEST - min(_HIGHEST, max(_LOWEST, lufs))) / (_HIGHEST - _LOWEST)
        return round(_TOP + share * (_BOTTOM - _TOP), 1)


def draw_levels(
    who: str, measurements: Sequence[Measurement], decisions: Sequence[Decision], threshold_lufs: float
) -> str:
    """One person's loudness over time with the limit, each step taken and the mute. Raises ValueError if nothing
    was measured."""
    if not measurements:
        raise ValueError("nothing was measured, so there is nothing to draw")
    start = measurements[0].at - measurements[0].seconds
    ends = [measurements[-1].at, start + 1.0, *(d.at + min(d.seconds, 10.0) for d in decisions)]
    scale = _Scale(start, max(ends))
    return "\n".join(
        [
            _OPENING,
            f"<title>{escape(_summary(who, decisions))}</title><style>{_STYLE}</style>",
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
            _text(_LEFT, 30, _summary(who, decisions), "title"),
            *_legend(threshold_lufs),
            *_axes(scale),
            *_mutes(scale, decisions),
            *_limit(scale, threshold_lufs),
            *_line(scale, [(m, m.momentary_lufs) for m in measurements], "momentary"),
            *_line(scale, [(m, m.short_term_lufs) for m in measurements], "short"),
            *_marks(scale, decisions),
            *_story(scale, decisions),
            "</svg>",
            "",
        ]
    )


def _summary(who: str, decisions: Sequence[Decision]) -> str:
    done = " → ".join(_STEPS[d.step][0] for d in decisions)
    seen = " (observed only: nothing was done)" if any(d.dry_run for d in decisions) else ""
    return f"{who}: {done or 'nothing to object to'}{seen}"


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start", colour: str = "") -> str:
    fill = f' style="fill:{colour}"' if colour else ""
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}"{fill}>{escape(words)}</text>'


def _legend(threshold_lufs: float) -> list[str]:
    y = 54
    return [
        f'<path class="short" d="M{_LEFT} {y - 4}h24"/>',
        _text(_LEFT + 30, y, "short-term loudness, 3 s (judged)"),
        f'<path class="momentary" d="M{_LEFT + 262} {y - 4}h24"/>',
        _text(_LEFT + 292, y, "momentary, 400 ms"),
        f'<path class="limit" d="M{_LEFT + 430} {y - 4}h24"/>',
        _text(_LEFT + 460, y, f"limit {_minus(threshold_lufs)} LUFS"),
        f'<rect class="muted" x="{_LEFT + 590}" y="{y - 12}" width="24" height="14"/>',
        _text(_LEFT + 620, y, "microphone off"),
    ]


def _minus(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def _axes(scale: _Scale) -> list[str]:
    lines = []
    for lufs in range(int(_LOWEST), 1, 10):
        y = scale.y(lufs)
        lines += [
            f'<path class="grid" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>',
            _text(_LEFT - 8, y + 4, _minus(lufs), "quiet", "end"),
        ]
    seconds = scale.end - scale.start
    step = next((s for s in (1, 2, 5, 10, 20, 60, 120, 300) if seconds / s <= 14), 600)
    for second in range(0, int(seconds) + 1, step):
        x = scale.x(scale.start + second)
        lines.append(_text(x, _BOTTOM + 18, f"{second} s", "quiet", "middle"))
    lines.append(_text(_LEFT - 8, _TOP - 12, "LUFS", "quiet", "end"))
    return lines


def _mutes(scale: _Scale, decisions: Sequence[Decision]) -> list[str]:
    return [
        f'<rect class="muted" x="{scale.x(d.at)}" y="{_TOP}" '
        f'width="{round(scale.x(d.at + d.seconds) - scale.x(d.at), 1)}" height="{_BOTTOM - _TOP}"/>'
        for d in decisions
        if d.step is Step.MUTE and not d.dry_run
    ]


def _limit(scale: _Scale, threshold_lufs: float) -> list[str]:
    y = scale.y(threshold_lufs)
    width = _WIDTH - _LEFT - _RIGHT
    return [
        f'<rect class="over" x="{_LEFT}" y="{_TOP}" width="{width}" height="{round(y - _TOP, 1)}"/>',
        f'<path class="limit" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>',
    ]


def _line(scale: _Scale, points: Sequence[tuple[Measurement, float]], kind: str) -> list[str]:
    """One path that breaks where nothing was received: a gap is not silence."""
    path = "".join(
        f"{'M' if i == 0 or m.gap_seconds else 'L'}{scale.x(m.at)} {scale.y(lufs)}"
        for i, (m, lufs) in enumerate(points)
    )
    return [f'<path class="{kind}" d="{path}"/>']


def _marks(scale: _Scale, decisions: Sequence[Decision]) -> list[str]:
    lines = []
    for number, decision in enumerate(decisions, 1):
        x, colour = scale.x(decision.at), _STEPS[decision.step][1]
        lines += [
            f'<path d="M{x} {_TOP}V{_BOTTOM}" stroke="{colour}" stroke-width="1.6"/>',
            f'<circle cx="{x}" cy="{_TOP}" r="10" fill="{colour}"/>',
            _text(x, _TOP + 4, str(number), "strong", "middle", "#fff"),
        ]
    return lines


def _story(scale: _Scale, decisions: Sequence[Decision]) -> list[str]:
    """The steps, with the reason that the person was given; the last five if there are more."""
    lines = []
    first = max(0, len(decisions) - 5)
    for row, decision in enumerate(decisions[first:]):
        y = _BOTTOM + 48 + row * 18
        name, colour = _STEPS[decision.step]
        lasting = f" for {decision.seconds:g} s" if decision.seconds else ""
        why = decision.words.en.split(". ")[0].rstrip(".") + "."
        lines += [
            _text(_LEFT, y, f"{first + row + 1}  {name}{lasting}", "strong", colour=colour),
            _text(_LEFT + 150, y, f"at {decision.at - scale.start:.1f} s"),
            _text(_LEFT + 220, y, f"strikes {decision.strikes:.2f}", "quiet"),
            _text(_LEFT + 310, y, why),
        ]
    return lines
