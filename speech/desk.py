"""The database and Storage, as the role `live_speech` alone: no other function, no table, no file of anybody."""

import base64
import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from agent.core.ports import Refused
from agent.supabase.client import Supabase
from moderation.timestamps import text_of
from speech.ports import Heard, Orders, SeenFrame, SpeechRoom

BUCKET, TYPE = "evidence", "image/jpeg"
FLAGS = uuid.UUID("6b0c5c6e-5b0b-4c57-9a3e-0b4f5f0a6d11")
"""Namespace of the ids of flags: one that is written again is the same."""


class SupabaseDesk:
    """A `SpeechDesk`."""

    def __init__(self, supabase: Supabase, worker: str, engine: str, classifier: str, rooms: int) -> None:
        """`engine`, `classifier`: their names, as ops see them. `rooms`: how many this process takes at most."""
        self._supabase, self._worker, self._rooms = supabase, worker, rooms
        self._engine, self._classifier = engine[:100], classifier[:100]
        self._version: str | None = None

    async def pull(self) -> Orders:
        """See `SpeechDesk`."""
        told = await self._rpc("speech_pull", p_lists=self._version, p_most=self._rooms)
        self._version = told["lists_version"]
        places = [
            SpeechRoom(room["room"], frozenset(room["flagged"]), bool(room["pictures"]), bool(room["shown"]))
            for room in told["rooms"]
        ]
        return Orders(
            {place.room: place for place in places},
            int(told["at_once"]),
            float(told["every_seconds"]),
            float(told["score"]),
            told.get("lists"),
        )

    async def words(self, heard: Heard) -> None:
        """See `SpeechDesk`."""
        begins, ends = text_of(heard.begins), text_of(heard.ends)
        who = {"room": heard.of.room, "user_id": heard.of.identity}
        row = {**who, "patterns": list(heard.patterns)[:20], "from_at": begins, "to_at": ends}
        named = str(uuid.uuid5(FLAGS, f"{heard.of.room} {heard.of.identity} {begins} {heard.patterns}"))
        _accepted(await self._rpc("speech_flag", p_row={**row, "id": named, "engine": self._engine}))

    async def picture(self, seen: SeenFrame) -> None:
        """See `SpeechDesk`."""
        at = text_of(seen.at)
        named = str(uuid.uuid5(FLAGS, f"{seen.room} {seen.identity} {at}"))
        row = {"id": named, "room": seen.room, "user_id": seen.identity, "score": seen.score, "at": at}
        told = await self._rpc("picture_found", p_row={**row, "engine": self._classifier})
        _accepted(told)
        if (path := told.get("path")) is None:
            return
        await self._supabase.upload_once(BUCKET, path, seen.jpeg, TYPE)
        known = {"p_id": named, "p_sha256": hashlib.sha256(seen.jpeg).hexdigest(), "p_bytes": len(seen.jpeg)}
        await self._rpc("picture_stored", **known)

    async def show(self, seen: SeenFrame) -> None:
        """See `SpeechDesk`."""
        file = base64.b64encode(seen.jpeg).decode() or None
        known = {"p_room": seen.room, "p_user": seen.identity, "p_at": text_of(seen.at), "p_jpeg": file}
        _accepted(await self._rpc("picture_shown", **known, p_state=seen.state))

    async def _rpc(self, function: str, **arguments: Any) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = await self._supabase.rpc(
            function, {"p_worker": self._worker, **arguments}
        )
        return answer


def _accepted(answer: Mapping[str, Any]) -> None:
    if not answer["ok"]:
        raise Refused(f"nothing is written: {answer['error']}")
