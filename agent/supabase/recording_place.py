"""Where Egress stores recordings, and as whom: keys of one bucket, or the session of an account of Supabase's Storage.

Supabase's own S3 keys pass over row-level security in every bucket of the project, so Egress is not given them: with an
account it gets that account's access token, which the policies of the bucket bind.
"""

import logging
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from livekit.protocol.egress import S3Upload

from agent.core.ports import PortError
from agent.core.recording_ports import NotBegun
from agent.supabase.client import Supabase

log = logging.getLogger(__name__)
S3_PATH = "/storage/v1/s3"
SUPABASE, BUCKET = "supabase", "recordings"
"""The store that every project has, and the bucket whose policies are ours."""
FRESH = 0.1
"""Of a token's life."""


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """`access_key` empty: nothing can be recorded. `email` empty: the keys are the bucket's own."""

    endpoint: str
    region: str
    bucket: str
    access_key: str
    secret: str = field(repr=False)
    email: str
    password: str = field(repr=False)
    path_style: bool = True
    """Whether the bucket stands in the path, as at Supabase, or in the host's name."""

    @property
    def is_supabase(self) -> bool:
        """Whether the files lie in Supabase's Storage."""
        return self.endpoint.endswith(S3_PATH)

    @property
    def bucket_url(self) -> str:
        """The address of the bucket."""
        endpoint = self.endpoint.rstrip("/")
        if self.path_style:
            return f"{endpoint}/{self.bucket}"
        return urlsplit(endpoint)._replace(netloc=f"{self.bucket}.{urlsplit(endpoint).netloc}").geturl()

    @property
    def store(self) -> str:
        """What the rows of parts that are stored here say; the same for as long as the bucket is the same."""
        return SUPABASE if self.is_supabase else self.bucket_url


class RecordingPlace:
    def __init__(self, supabase: Supabase, settings: PlaceSettings) -> None:
        self._supabase, self._settings = supabase, settings
        self._token, self._fresh_until = "", 0.0

    async def place(self, until: float) -> S3Upload:
        """See `RecordingPlaces`. An account's token may end before `until`: what is left goes on as another part.

        Raises `NotBegun`: no place is set.
        """
        here = self._settings
        if not here.access_key:
            raise NotBegun("storage", "no place for recordings is set: see RECORDING_S3_ACCESS_KEY")
        return S3Upload(
            endpoint=here.endpoint,
            region=here.region,
            bucket=here.bucket,
            access_key=here.access_key,
            secret=here.secret,
            session_token=await self._session(until) if here.email else "",
            force_path_style=here.path_style,
        )

    async def _session(self, until: float) -> str:
        """Auth limits sign-ins: a token that has most of its life left serves the next recording as well."""
        here = self._settings
        if time.monotonic() < self._fresh_until:
            return self._token
        try:
            token, seconds = await self._supabase.sign_in(here.email, here.password, here.secret)
        except PortError as error:
            raise NotBegun(
                "storage", f"the account that stores recordings cannot sign in: {error}"
            ) from error
        if time.time() + seconds < until:
            log.info(
                "the token that a recording is stored with ends before it", extra={"seconds": round(seconds)}
            )
        self._token, self._fresh_until = token, time.monotonic() + seconds * FRESH
        return token
