"""What `live.levels` shows: at most two messages a second, and only what an eye would notice."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from moderation.audio.decibels import mean_square, power_db
from moderation.audio.measurement import Measurement

Who = TypeVar("Who", bound=str)

INTERVAL_SECONDS: Final = 0.5
_NOTICEABLE_DB: Final = 3.0
"""About one segment of a level meter."""
_BOTTOM_DBFS: Final = -60.0
"""Where a level meter ends; everything below looks the same."""


@dataclass(frozen=True, slots=True)
class Level:
    """One person's meter."""

    dbfs: float
    """RMS of the last 400 ms, whole dB, -60 at the bottom. Twice a second that shows most of what was said, and
    flickers less than a single block."""
    speaking: bool


@dataclass(frozen=True, slots=True)
class Board(Generic[Who]):
    """What the viewers have been told."""

    shown: Mapping[Who, Level] = field(default_factory=dict)
    told_at: float = float("-inf")


def level_of(measurement: Measurement) -> Level:
    """The level that is shown for one block: whole dBFS, never below the scale's end."""
    return Level(float(max(_BOTTOM_DBFS, round(measurement.momentary_dbfs))), measurement.active)


def sum_of(levels: Collection[Level]) -> Level:
    """What is heard of several sounds at once."""
    if len(levels) == 1:
        return next(iter(levels))
    power = sum(mean_square(level.dbfs) for level in levels)
    return Level(float(max(_BOTTOM_DBFS, round(power_db(power)))), any(level.speaking for level in levels))


def changes(
    board: Board[Who], now: Mapping[Who, Level], at: float
) -> tuple[Board[Who], dict[Who, Level | None]]:
    """The levels by identity that are worth telling; `None` for who has gone. Empty: send nothing.

    Whatever is held back by the interval is compared again next time, so only the latest level is ever
    told. A new viewer knows nothing yet: give an empty `Board` and everyone is told.
    """
    if at - board.told_at < INTERVAL_SECONDS:
        return board, {}
    told: dict[Who, Level | None] = {
        who: level for who, level in now.items() if _noticeable(board.shown.get(who), level)
    }
    told |= dict.fromkeys(who for who in board.shown if who not in now)
    if not told:
        return board, {}
    shown = {who: told.get(who) or board.shown[who] for who in now}
    return Board(shown, at), told


def _noticeable(before: Level | None, after: Level) -> bool:
    if before is None:
        return True
    return before.speaking != after.speaking or abs(before.dbfs - after.dbfs) >= _NOTICEABLE_DB
