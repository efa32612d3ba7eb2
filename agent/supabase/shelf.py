"""Clips in the private bucket `evidence` of Supabase's Storage.

The row comes first: so no file is ever there that the database does not know, and what is never stored is swept by it.
"""

from collections.abc import Mapping
from typing import Any

from agent.core.evidence import StoredClip
from agent.core.ports import Refused
from agent.supabase.client import Supabase

BUCKET, TYPE = "evidence", "audio/ogg"
AT_ONCE = 50


class SupabaseShelf:
    def __init__(self, supabase: Supabase, worker: str) -> None:
        self._supabase, self._worker = supabase, worker

    async def put(self, clip: StoredClip) -> None:
        """Store a clip and say so to the database. Raises `Unavailable`, or `Refused` when no clip is kept."""
        answer = await self._rpc("agent_evidence", p_row=clip.row)
        if not answer["ok"]:
            raise Refused(f"no clip is kept: {answer['error']}")
        await self._supabase.upload(BUCKET, answer["path"], clip.content, TYPE)
        known = await self._rpc(
            "agent_evidence_stored", p_id=clip.row["id"], p_sha256=clip.sha256, p_bytes=len(clip.content)
        )
        if not known["ok"]:  # deleted meanwhile
            await self._supabase.remove(BUCKET, [answer["path"]])

    async def delete_due(self) -> int:
        """Delete the files whose time is over: how many. Raises `Unavailable` or `Refused`."""
        due = await self._supabase.rpc("evidence_to_delete", {"p_most": AT_ONCE})
        if not due:
            return 0
        await self._supabase.remove(BUCKET, [clip["path"] for clip in due])
        done = await self._supabase.rpc("evidence_deleted", {"p_ids": [clip["id"] for clip in due]})
        return int(done["deleted"])

    async def _rpc(self, function: str, **arguments: Any) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = await self._supabase.rpc(
            function, {"p_worker": self._worker, **arguments}
        )
        return answer
