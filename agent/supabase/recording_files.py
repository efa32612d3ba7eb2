"""Recorded files in the bucket of Supabase's Storage: how large they are, and how long they play."""

from agent.supabase.client import Supabase

LISTED = 1000
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


def playable_seconds(playlist: str, files: frozenset[str]) -> float:
    """The length of the segments of a playlist (RFC 8216, 4.3.2.1) that are there."""
    seconds, length = 0.0, 0.0
    for line in playlist.splitlines():
        if line.startswith(EXTINF):
            length = float(line.removeprefix(EXTINF).partition(",")[0])
        elif line and not line.startswith("#"):
            seconds += length if line in files else 0.0
    return seconds
