"""Recorded files in the bucket of Supabase's Storage: how large they are, how long they play, and their end."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from agent.supabase.client import Supabase
from moderation.timestamps import seconds_of

DELETED_AT_ONCE = 500
EXTINF, DATE = "#EXTINF:", "#EXT-X-PROGRAM-DATE-TIME:"
PLAYLIST = "index.m3u8"
SEGMENT = "segment_"


class StoredRecordings:
    def __init__(self, supabase: Supabase, bucket: str) -> None:
        self._supabase, self._bucket = supabase, bucket

    async def measure(self, prefix: str) -> tuple[int, float]:
        """What can be played of a part: the segments that its playlist names and that are there."""
        files = await self._supabase.files(self._bucket, prefix)
        if PLAYLIST not in files:
            return 0, 0.0
        text = (await self._supabase.download(self._bucket, f"{prefix}/{PLAYLIST}")).decode(errors="replace")
        return sum(files.values()), playable_seconds(text, frozenset(files))

    async def delete_due(self) -> None:
        """Delete the files of recordings whose time is over, and segments that are cut. The rows say so only when no
        such file is left.

        Raises:
            Unavailable, Refused: some could not be deleted; they are handed out again.
        """
        while due := await self._supabase.rpc("recordings_to_delete", {}):
            for recording in due:
                for prefix in recording["prefixes"]:
                    await self._delete(prefix)
            await self._supabase.rpc("recordings_deleted", {"p_ids": [recording["id"] for recording in due]})

        while cuts := await self._supabase.rpc("recording_cuts_to_erase", {}):
            for cut in cuts:
                await self._erase(cut)

    async def _erase(self, cut: Mapping[str, Any]) -> None:
        """The segments that a cut touches, and all that shows more than a segment: pictures, the file of the whole."""
        paths = []
        for part in cut["parts"]:
            names = await self._supabase.files(self._bucket, part["prefix"])
            if PLAYLIST in names:
                text = await self._supabase.download(self._bucket, f"{part['prefix']}/{PLAYLIST}")
                stretch = seconds_of(cut["from_at"]), seconds_of(cut["to_at"])
                gone = touched(text.decode(errors="replace"), seconds_of(part["began"]), stretch)
            else:
                gone = frozenset(names)  # nothing says what they show
            whole = {name for name in names if not name.startswith(SEGMENT) and name != PLAYLIST}
            paths += [f"{part['prefix']}/{name}" for name in sorted((gone | whole) & names.keys())]
        await self._remove(paths)
        await self._supabase.rpc("recording_cut_erased", {"p_id": cut["id"], "p_paths": paths})

    async def _delete(self, folder: str) -> None:
        await self._remove([f"{folder}/{name}" for name in await self._supabase.files(self._bucket, folder)])

    async def _remove(self, paths: list[str]) -> None:
        for first in range(0, len(paths), DELETED_AT_ONCE):
            await self._supabase.remove(self._bucket, paths[first : first + DELETED_AT_ONCE])


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
