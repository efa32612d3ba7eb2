"""What was heard and decided, as the database's functions, packets and the log take it."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from agent.core.ports import Incident, Lease, Minute
from handlers.effects import AutomaticAction, ReportLoudness, ShowLevels
from handlers.events import MICROPHONE, Identity, Switches, Track
from moderation.audio.levels import Level
from moderation.audio.stats import AudioMinute

INCIDENTS = uuid.UUID("6f0e3b5e-6a0e-4f0b-9a53-1d3f5c8f2b11")
"""Namespace of their ids: a row that is written again, by whomever, is the same row."""

LEVELS_IN_A_PACKET = 100
"""Lines: of people first, then of their several sounds."""
COLUMNS = ("talk_seconds", "loudness_lufs", "peak_dbfs", "clipped_ratio")
"""Of `live_audio_stats`; what else there is goes into `measured`."""
UNKNOWN = "unknown"
"""A source that LiveKit has no name for."""


def incident(row: Incident) -> dict[str, Any]:
    effect, decision = row.effect, row.effect.decision
    key = f"{row.lease.room}/{effect.identity}/{decision.rule}/{decision.step}/{decision.at:.3f}"
    incident_id = uuid.uuid5(INCIDENTS, key)
    return {
        **_fence(row.lease),
        "id": str(incident_id),
        "user_id": effect.identity,
        "participant_sid": effect.sid,
        "rule": decision.rule.value,
        "severity": decision.severity.value,
        "measured": {
            **decision.measured,
            "step": decision.step.value,
            "observed_only": decision.dry_run,
            "words": decision.words._asdict(),
            **({} if effect.track is None else _name(effect.track)),
        },
        "started_at": _iso(decision.since),
        "ended_at": _iso(decision.at),
        "strikes": decision.strikes,
        "case_severity": None if effect.case is None else effect.case.value,
        "action": None if effect.action is None else _action(incident_id, effect.action, decision.words.en),
    }


def _action(incident_id: uuid.UUID, action: AutomaticAction, reason: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid5(incident_id, "action")),
        "action": action.action,
        "params": action.params,
        "reason": reason,
    }


def minute(row: Minute) -> dict[str, Any]:
    """The person's row is the sum of what people heard of them; `measured.tracks` has each sound, where it is not the
    one microphone alone."""
    tracks, figures = row.effect.tracks, _figures(row.effect.figures)
    several = (
        {}
        if [*tracks] in ([], [MICROPHONE])
        else {"tracks": [_track_minute(*item) for item in tracks.items()]}
    )
    return {
        **_fence(row.lease),
        "user_id": row.effect.identity,
        "minute": _iso(row.effect.begins),
        **{name: figures.pop(name) for name in COLUMNS},
        "measured": {**figures, **several},
    }


def _figures(figures: AudioMinute) -> dict[str, Any]:
    return {
        "talk_seconds": figures.talk_seconds,
        "loudness_lufs": figures.loudness_lufs,
        "peak_dbfs": figures.peak_dbfs,
        "clipped_ratio": figures.clipped_ratio,
        "heard_seconds": figures.heard_seconds,
        "max_short_term_lufs": figures.max_short_term_lufs,
        "noise_floor_dbfs": figures.noise_floor_dbfs,
    }


def _track_minute(track: Track, figures: AudioMinute) -> dict[str, Any]:
    return {**_name(track), **_figures(figures)}


def _name(track: Track) -> dict[str, Any]:
    """Which sound of a person, as rows and messages call it."""
    return {"source": UNKNOWN if track.source is None else track.source.value, "number": track.number}


def levels_payload(effect: ShowLevels) -> dict[str, Any]:
    """`levels.schema.json`; whoever speaks comes first where there are too many for one packet."""
    people = []
    for identity in {**effect.levels, **effect.switches}:
        level, switches = effect.levels.get(identity), effect.switches.get(identity, Switches())
        person = {
            "user_id": identity,
            "speaking": level is not None and level.speaking,
            "level_dbfs": None if level is None else level.dbfs,
            "microphone": switches.microphone.value,
            "camera": switches.camera.value,
        }
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
                {**_name(track), "speaking": level.speaking, "level_dbfs": level.dbfs}
                for track, level in mine.items()
            ]


def loudness_fields(effect: ReportLoudness) -> dict[str, Any]:
    """The summary without names."""
    speakers = effect.speakers.values()
    return {
        "speakers": len(speakers),
        "talk_seconds": round(sum(s.talk_seconds for s in speakers), 1),
        "loudest_short_term_lufs": round(max(s.max_short_term_lufs for s in speakers), 1),
        "incidents": sum(s.incidents for s in speakers),
    }


def _fence(lease: Lease) -> dict[str, Any]:
    return {"room": lease.room, "epoch": lease.epoch}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
