"""Looks at the stores of recordings: what no row knows is deleted, late and little of it; what is gone the row says."""

import logging
from collections.abc import Mapping

from agent.core.metrics import Counter, Labelled
from agent.core.recording_ports import RecordingFiles
from agent.core.recording_strays import Looked, chosen, may_go
from agent.supabase.client import Supabase
from moderation.timestamps import seconds_of

log = logging.getLogger(__name__)

SESSIONS_A_LOOK = 200


class RecordingLooks:
    def __init__(
        self, supabase: Supabase, stores: Mapping[str, RecordingFiles], strays: Labelled[Counter]
    ) -> None:
        """`strays`: counts recordings that no row knows, or whose row says deleted: deleted, or refused."""
        self._supabase, self._stores, self._strays = supabase, stores, strays

    async def look(self) -> None:
        """Look at some sessions of the store that waits longest, an hour after the last look of any worker.

        Raises:
            Unavailable, Refused: the database or the store did not answer, and the rest is left for the next look.
        """
        asked = await self._supabase.rpc("recording_look", {"p_stores": list(self._stores)})
        if asked is None:
            return
        store, place = asked["store"], self._stores[asked["store"]]
        found = await place.recordings(asked["after"], SESSIONS_A_LOOK)
        told = await self._supabase.rpc(
            "recording_looked",
            {
                "p_store": store,
                "p_after": asked["after"],
                "p_upto": found.upto,
                "p_found": list(found.prefixes),
            },
        )
        looked = Looked(
            seen=len(found.prefixes),
            strays={prefix: seconds_of(at) for prefix, at in told["strays"].items()},
            deleted=tuple(told["deleted"]),
            share=told["share"],
            now=seconds_of(told["now"]),
        )
        choice = chosen(looked)
        if choice.refused:
            self._strays.labels("refused").inc(len(looked.strays))
            log.error(
                "too much of a store of recordings is unknown, so none of it is deleted",
                extra={"store": store, "seen": looked.seen, "strays": len(looked.strays)},
            )
        if told["named"]:
            log.warning(
                "recordings whose files are gone, or are there again",
                extra={"store": store, "recordings": told["named"]},
            )
        for prefix in choice.prefixes:
            await self._delete(place, prefix, looked)
        await self._supabase.rpc("recording_look_ended", {"p_store": store, "p_refused": choice.refused})

    async def _delete(self, place: RecordingFiles, prefix: str, looked: Looked) -> None:
        paths = may_go(prefix, await place.written(prefix), looked)
        if paths:
            await place.remove(paths)
            self._strays.labels("deleted").inc()
            log.warning("files of no recording deleted", extra={"prefix": prefix, "files": len(paths)})
