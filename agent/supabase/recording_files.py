"""Recorded files in the bucket of Supabase's Storage: how large they are, how long they play, and their end."""

from agent.supabase.client import Supabase

DELETED_AT_ONCE = 500
EXTINF = "#EXTINF:"


class StoredRecordings:
    def __init__(self, supabase: Supabase, bucket: str) -> None:
        self._supabase, self._bucket = supabase, bucket

    async def measure(self, prefix: str) -> tuple[int, float]:
        """What can be played of a part: the segments that its playlist names and that are there."""
        files = await self._supabase.files(self._bucket, prefix)
        if "index.m3u8" not in files:
            return 0, 0.0
        text = (await self._supabase.download(self._bucket, f"{prefix}/index.m3u8")).decode(errors="replace")
        return sum(files.values()), playable_seconds(text, frozenset(files))

    async def delete_due(self) -> None:
        """Delete the files of recordings whose time is over. The row says so only when no file is left.

        Raises:
            Unavailable, Refused: some could not be deleted; they are handed out again.
        """
        while due := await self._supabase.rpc("recordings_to_delete", {}):
            for recording in due:
                for prefix in recording["prefixes"]:
                    await self._delete(prefix)
            await self._supabase.rpc("recordings_deleted", {"p_ids": [recording["id"] for recording in due]})

    async def _delete(self, folder: str) -> None:
        paths = [f"{folder}/{name}" for name in await self._supabase.files(self._bucket, folder)]
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
