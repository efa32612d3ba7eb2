"""Levels as packets and broadcasts take them."""

from collections.abc import Mapping
from typing import Any

from handlers.effects import ShowLevels
from handlers.facts import Identity, Switches, Track
from moderation.audio.board import Level

LEVELS_IN_A_PACKET = 100
"""Lines: of people first, then of their several sounds."""
UNKNOWN = "unknown"
"""A source that LiveKit has no name for."""


def name_of(track: Track) -> dict[str, Any]:
    """Which sound of a person, as rows and messages call it."""
    return {"source": UNKNOWN if track.source is None else track.source.value, "number": track.number}


def levels_payload(effect: ShowLevels) -> dict[str, Any]:
    """`levels.schema.json`; anyone who speaks comes first where there are too many for one packet."""
    people = []
    for identity in {**effect.levels, **effect.switches, **effect.weak}:
        level, switches = effect.levels.get(identity), effect.switches.get(identity, Switches())
        person = {
            "user_id": identity,
            "speaking": level is not None and level.speaking,
            "level_dbfs": None if level is None else level.dbfs,
            "microphone": switches.microphone.value,
            "camera": switches.camera.value,
        }
        if identity in effect.weak:
            person["connection"] = effect.weak[identity].value
        people.append(person)
    people.sort(key=lambda person: not person["speaking"])
    shown = people[:LEVELS_IN_A_PACKET]
    _add_tracks(shown, effect.tracks)
    return {"people": shown, "complete": len(people) <= LEVELS_IN_A_PACKET}


def _add_tracks(people: list[dict[str, Any]], tracks: Mapping[Identity, Mapping[Track, Level]]) -> None:
    """Whole people's only: half of somebody's sounds would be taken for all of them."""
    room = LEVELS_IN_A_PACKET - len(people)
    for person in people:
        mine = tracks.get(person["user_id"], {})
        if mine and len(mine) <= room:
            room -= len(mine)
            person["tracks"] = [
                {**name_of(track), "speaking": level.speaking, "level_dbfs": level.dbfs}
                for track, level in mine.items()
            ]
