"""`RecordingFiles` in a bucket of any S3 provider, by `obstore`: it signs, asks page after page and tries again."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from agent.core.ports import Refused, Unavailable
from agent.core.recording_ports import StoredFolders
from agent.core.recording_strays import FOLDER
from agent.supabase.recording_place import PlaceSettings

if TYPE_CHECKING:
    from obstore.store import S3Store

RETRIES = 2
REFUSED = re.compile(r"status code: 4(?!08|29)\d\d")
"""Of a listing it has no error of its own."""


class S3Files:
    def __init__(self, place: PlaceSettings, seconds: float) -> None:
        """`seconds`: for one request; all attempts of a call take three times as long at most."""
        self._store = _store(place, seconds)

    async def files(self, folder: str) -> Mapping[str, int]:
        """See `RecordingFiles`."""
        import obstore  # noqa: PLC0415

        async with _translated(f"list {folder}"):
            found = await obstore.list(self._store, folder).collect_async()
        return {one["path"].removeprefix(f"{folder}/"): one["size"] for one in found}

    async def read(self, path: str) -> bytes:
        """See `RecordingFiles`."""
        import obstore  # noqa: PLC0415

        async with _translated(f"read {path}"):
            answer = await obstore.get_async(self._store, path)
            return bytes(await answer.bytes_async())

    async def remove(self, paths: Sequence[str]) -> None:
        """See `RecordingFiles`."""
        import obstore  # noqa: PLC0415

        if paths:
            async with _translated("delete"):
                await obstore.delete_async(self._store, paths)

    async def recordings(self, after: str, sessions: int) -> StoredFolders:
        """See `RecordingFiles`: folders alone are listed, one request for each session."""
        every = sorted(name for name in await self._folders("") if name > after)
        looked = every[:sessions]
        prefixes = [f"{session}/{name}" for session in looked for name in await self._folders(f"{session}/")]
        return StoredFolders(tuple(prefixes), looked[-1] if len(every) > sessions else "")

    async def _folders(self, folder: str) -> list[str]:
        """The names in a folder that can be a session's or a recording's."""
        import obstore  # noqa: PLC0415

        async with _translated(f"list {folder}"):
            found = await obstore.list_with_delimiter_async(self._store, folder or None)
        names = [path.rstrip("/").rpartition("/")[2] for path in found["common_prefixes"]]
        return [name for name in names if FOLDER.fullmatch(name)]

    async def written(self, prefix: str) -> Mapping[str, float]:
        """See `RecordingFiles`."""
        import obstore  # noqa: PLC0415

        async with _translated(f"list {prefix}"):
            found = await obstore.list(self._store, prefix).collect_async()
        return {one["path"]: one["last_modified"].timestamp() for one in found}

    async def every_recording(self) -> Mapping[str, datetime]:
        """Every `<session>/<recording>` of which something lies in the bucket, and when its newest file was written.
        Raises as `files`."""
        import obstore  # noqa: PLC0415

        newest: dict[str, datetime] = {}
        async with _translated("list"):
            async for page in obstore.list(self._store):
                for one in page:
                    prefix, written = "/".join(one["path"].split("/")[:2]), one["last_modified"]
                    newest[prefix] = max(newest.get(prefix, written), written)
        return newest


def _store(place: PlaceSettings, seconds: float) -> "S3Store":
    """It is a library of 8 MB: a worker that stores at Supabase does without."""
    from obstore.store import S3Store  # noqa: PLC0415

    return S3Store(
        place.bucket,
        endpoint=place.bucket_url if not place.path_style else place.endpoint.rstrip("/"),
        region=place.region,
        access_key_id=place.access_key,
        secret_access_key=place.secret,
        virtual_hosted_style_request=not place.path_style,
        client_options={
            "allow_http": place.endpoint.startswith("http://"),
            "timeout": timedelta(seconds=seconds),
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=seconds * (RETRIES + 1))},
    )


@asynccontextmanager
async def _translated(what: str) -> AsyncIterator[None]:
    """obstore's errors in the words of the port; no key stands in them."""
    from obstore.exceptions import (  # noqa: PLC0415
        BaseError,
        PermissionDeniedError,
        UnauthenticatedError,
    )

    try:
        yield
    except (FileNotFoundError, PermissionDeniedError, UnauthenticatedError) as error:
        raise Refused(f"the store refuses to {what}: {type(error).__name__}") from error
    except BaseError as error:
        words = str(error).partition("\n")[0]
        if REFUSED.search(words):
            raise Refused(f"the store refuses to {what}: {words}") from error
        raise Unavailable(f"the store did not {what}: {words}") from error
