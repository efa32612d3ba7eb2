"""Recorded files, in whatever store each part was written to: how large they are, how long they play, and their end."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from agent.core.ports import PortError, Unavailable
from agent.core.recording_ports import RecordingFiles, StoredFolders
from agent.supabase.client import Supabase
from agent.supabase.recording_place import BUCKET, SUPABASE, PlaceSettings
from agent.supabase.s3_files import S3Files
from moderation.timestamps import seconds_of

log = logging.getLogger(__name__)

DELETED_AT_ONCE = 500
EXTINF, DATE = "#EXTINF:", "#EXT-X-PROGRAM-DATE-TIME:"
PLAYLIST = "index.m3u8"
SEGMENT = "segment_"


class StorageFiles:
    """`RecordingFiles` in Supabase's Storage."""

    def __init__(self, supabase: Supabase) -> None:
        self._supabase = supabase

    async def files(self, folder: str) -> Mapping[str, int]:
        """See `RecordingFiles`."""
        return await self._supabase.files(BUCKET, folder)

    async def read(self, path: str) -> bytes:
        """See `RecordingFiles`."""
        return await self._supabase.download(BUCKET, path)

    async def remove(self, paths: Sequence[str]) -> None:
        """See `RecordingFiles`."""
        for first in range(0, len(paths), DELETED_AT_ONCE):
            await self._supabase.remove(BUCKET, list(paths[first : first + DELETED_AT_ONCE]))

    async def recordings(self, after: str, sessions: int) -> StoredFolders:
        """See `RecordingFiles`; Storage's own table is asked."""
        found = await self._supabase.rpc("recordings_stored", {"p_after": after, "p_sessions": sessions})
        return StoredFolders(tuple(found["prefixes"]), found["upto"])

    async def written(self, prefix: str) -> Mapping[str, float]:
        """See `RecordingFiles`."""
        found = await self._supabase.rpc("recording_stored_files", {"p_prefix": prefix})
        return {path: seconds_of(at) for path, at in found.items()}


def stores_of(place: PlaceSettings, supabase: Supabase, seconds: float) -> Mapping[str, RecordingFiles]:
    """Every store that this process can reach, by what the rows of parts call it. `seconds`: for one request."""
    stores: dict[str, RecordingFiles] = {SUPABASE: StorageFiles(supabase)}
    if place.access_key and not place.is_supabase:
        stores[place.store] = S3Files(place, seconds)
    return stores


class StoredRecordings:
    def __init__(self, supabase: Supabase, stores: Mapping[str, RecordingFiles], store: str) -> None:
        """`store`: where what is recorded from now on is stored."""
        self._supabase, self._stores, self._store = supabase, stores, store

    @property
    def store(self) -> str:
        """See `RecordedFiles`."""
        return self._store

    async def measure(self, store: str, prefix: str) -> tuple[int, float]:
        """What can be played of a part: the segments that its playlist names and that are there."""
        place = self._of(store)
        files = await place.files(prefix)
        if PLAYLIST not in files:
            return 0, 0.0
        text = (await place.read(f"{prefix}/{PLAYLIST}")).decode(errors="replace")
        return sum(files.values()), playable_seconds(text, frozenset(files))

    async def delete_due(self) -> None:
        """Delete the files of recordings whose time is over, and segments that are cut. The rows say so only when a
        listing has shown that no such file is left. What lies in a store that is not known here stays due.

        Raises:
            Unavailable, Refused: the database did not answer.
        """
        while due := await self._supabase.rpc("recordings_to_delete", {}):
            gone = [recording["id"] for recording in due if await self._is_deleted(recording)]
            if gone:
                await self._supabase.rpc("recordings_deleted", {"p_ids": gone})

        while cuts := await self._supabase.rpc("recording_cuts_to_erase", {}):
            for cut in cuts:
                if (paths := await self._erased(cut)) is not None:
                    await self._supabase.rpc("recording_cut_erased", {"p_id": cut["id"], "p_paths": paths})

    async def _is_deleted(self, recording: Mapping[str, Any]) -> bool:
        """One whose store does not answer keeps no other from its end; it is handed out again."""
        try:
            for part in recording["parts"]:
                place, prefix = self._of(part["store"]), part["prefix"]
                await place.remove([f"{prefix}/{name}" for name in await place.files(prefix)])
                if await place.files(prefix):
                    return False
        except PortError as error:
            log.warning("recording not deleted", extra={"recording": recording["id"], "error": str(error)})
            return False
        return True

    async def _erased(self, cut: Mapping[str, Any]) -> list[str] | None:
        """The files that a cut touches, once none of them is left; None: some may be."""
        paths: list[str] = []
        try:
            for part in cut["parts"]:
                place, prefix = self._of(part["store"]), part["prefix"]
                touched_here = await self._touched(place, part, cut)
                await place.remove([f"{prefix}/{name}" for name in touched_here])
                if not touched_here.isdisjoint(await place.files(prefix)):
                    return None
                paths += [f"{prefix}/{name}" for name in sorted(touched_here)]
        except PortError as error:
            log.warning("cut not erased", extra={"cut": cut["id"], "error": str(error)})
            return None
        return paths

    async def _touched(
        self, place: RecordingFiles, part: Mapping[str, Any], cut: Mapping[str, Any]
    ) -> frozenset[str]:
        """The segments that a cut touches, and all that shows more than a segment: pictures, the file of the whole."""
        names = await place.files(part["prefix"])
        if PLAYLIST not in names:
            return frozenset(names)  # nothing says what they show
        text = (await place.read(f"{part['prefix']}/{PLAYLIST}")).decode(errors="replace")
        stretch = seconds_of(cut["from_at"]), seconds_of(cut["to_at"])
        whole = {name for name in names if not name.startswith(SEGMENT) and name != PLAYLIST}
        return (touched(text, seconds_of(part["began"]), stretch) | whole) & names.keys()

    def _of(self, store: str) -> RecordingFiles:
        if store not in self._stores:
            raise Unavailable(f"recordings lie in {store}, and RECORDING_S3_ENDPOINT names another store")
        return self._stores[store]


def playable_seconds(playlist: str, files: frozenset[str]) -> float:
    """The length of the segments of a playlist (RFC 8216, 4.3.2.1) that are there."""
    seconds, length = 0.0, 0.0
    for line in playlist.splitlines():
        if line.startswith(EXTINF):
            length = float(line.removeprefix(EXTINF).partition(",")[0])
        elif line and not line.startswith("#"):
            seconds += length if line in files else 0.0
    return seconds


def touched(playlist: str, began: float, cut: tuple[float, float]) -> frozenset[str]:
    """The segments of a playlist of which a part lies in the cut; `hls.ts` shows all the others.

    `began`, `cut`: seconds since the epoch; where the playlist has times of its own, those count.
    """
    found, at, seconds = set(), began, 0.0
    for line in playlist.splitlines():
        if line.startswith(DATE):
            with suppress(ValueError):
                at = seconds_of(line.removeprefix(DATE))
        elif line.startswith(EXTINF):
            seconds = float(line.removeprefix(EXTINF).partition(",")[0])
        elif line and not line.startswith("#"):
            if cut[0] < at + seconds and cut[1] > at:
                found.add(line)
            at += seconds
    return frozenset(found)
