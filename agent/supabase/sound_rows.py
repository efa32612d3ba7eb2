"""What was heard and decided, as rows for the database's functions."""

import uuid
from typing import Any

from agent.core.lease import Clip, Incident, Minute, RoomName
from agent.core.levels_payload import name_of
from handlers.effects import AutomaticAction, RecordIncident
from handlers.facts import MICROPHONE, Track
from moderation.audio.stats import AudioMinute
from moderation.timestamps import text_of

INCIDENTS = uuid.UUID("6f0e3b5e-6a0e-4f0b-9a53-1d3f5c8f2b11")
"""Namespace of their ids: a row that is written again, by any worker, is the same row."""

COLUMNS = ("talk_seconds", "loudness_lufs", "peak_dbfs", "clipped_ratio")
"""Of `live_audio_stats`; what else there is goes into `measured`."""


def id_of(room: RoomName, effect: RecordIncident) -> uuid.UUID:
    """The same incident has the same id, however often it is written."""
    decision = effect.decision
    key = f"{room}/{effect.identity}/{decision.rule}/{decision.step}/{decision.at:.3f}"
    return uuid.uuid5(INCIDENTS, key)


def incident(row: Incident) -> dict[str, Any]:
    """As `agent_incidents` takes it."""
    effect, decision = row.effect, row.effect.decision
    incident_id = id_of(row.lease.room, effect)
    return {
        **row.lease.as_json(),
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
            **({"mute_seconds": decision.seconds} if decision.seconds else {}),
            **({} if effect.track is None else name_of(effect.track)),
        },
        "started_at": text_of(decision.since),
        "ended_at": text_of(decision.at),
        "strikes": decision.strikes,
        "case_severity": None if effect.case is None else effect.case.value,
        "action": None if effect.action is None else _action(incident_id, effect.action, decision.words.en),
    }


def incident_of(clip: Clip) -> str:
    """The id of the incident that a clip shows."""
    assert clip.effect.incident is not None
    return str(id_of(clip.lease.room, clip.effect.incident))


def _action(incident_id: uuid.UUID, action: AutomaticAction, reason: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid5(incident_id, "action")),
        "action": action.action,
        "params": action.params,
        "reason": reason,
    }


def minute(row: Minute) -> dict[str, Any]:
    """The person's row is the sum of what people heard from them; `measured.tracks` has each sound, where it is not the
    one microphone alone."""
    tracks, figures = row.effect.tracks, _figures(row.effect.figures)
    several = (
        {}
        if [*tracks] in ([], [MICROPHONE])
        else {"tracks": [_track_minute(*item) for item in tracks.items()]}
    )
    return {
        **row.lease.as_json(),
        "user_id": row.effect.identity,
        "minute": text_of(row.effect.begins),
        **{name: figures.pop(name) for name in COLUMNS},
        "measured": {**figures, **several, "histogram": row.effect.figures.histogram},
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
    return {**name_of(track), **_figures(figures)}
