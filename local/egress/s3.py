"""Putting one object into an S3-compatible store: signature version 4, one request, three attempts."""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from urllib.parse import quote, urlsplit

import aiohttp
from livekit.protocol import egress

ATTEMPTS, PAUSE_SECONDS, TIMEOUT = 3, 0.3, aiohttp.ClientTimeout(total=10)
GOOD = range(200, 300)


class UploadError(RuntimeError):
    """The store did not take a file."""


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key: str
    secret: str
    region: str
    session_token: str = ""


def signed(method: str, url: str, digest: str, credentials: Credentials, now: datetime) -> Mapping[str, str]:
    """The headers that authorise a request with a body of this SHA-256 (hexadecimal)."""
    place, stamp = urlsplit(url), now.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": place.netloc, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    if credentials.session_token:
        headers["x-amz-security-token"] = credentials.session_token
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join((method, place.path, place.query, lines, names, digest))
    scope = f"{stamp[:8]}/{credentials.region}/s3/aws4_request"
    asked = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{credentials.secret}".encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    signature = hmac.digest(key, asked.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return headers


def address(s3: egress.S3Upload) -> str:
    """The bucket's URL: its name in the path, or in front of the host's."""
    endpoint = s3.endpoint.rstrip("/")
    if s3.force_path_style:
        return f"{endpoint}/{s3.bucket}"
    place = urlsplit(endpoint)
    return place._replace(netloc=f"{s3.bucket}.{place.netloc}").geturl()


class Bucket:
    """Where the files of one egress go."""

    def __init__(self, url: str, credentials: Credentials, http: aiohttp.ClientSession) -> None:
        self.url, self._credentials, self._http = url, credentials, http

    @classmethod
    def of(cls, s3: egress.S3Upload, http: aiohttp.ClientSession) -> Self:
        """Where an egress request says to upload to. Raises `UploadError` when it names no bucket."""
        if not s3.bucket or not s3.endpoint:
            raise UploadError("no bucket is named")
        credentials = Credentials(s3.access_key, s3.secret, s3.region or "us-east-1", s3.session_token)
        return cls(address(s3), credentials, http)

    async def put(self, path: str, content: bytes, mime: str) -> str:
        """Where it lies now. Raises UploadError after the last attempt."""
        url, why = f"{self.url}/{quote(path)}", ""
        digest = hashlib.sha256(content).hexdigest()
        for attempt in range(ATTEMPTS):
            headers = signed("PUT", url, digest, self._credentials, datetime.now(UTC))
            try:
                async with self._http.put(
                    url, data=content, headers={**headers, "content-type": mime}, timeout=TIMEOUT
                ) as answer:
                    if answer.status in GOOD:
                        return url
                    why = f"{answer.status} {await answer.text()}"
            except (aiohttp.ClientError, TimeoutError) as error:
                why = str(error) or "timed out"
            await asyncio.sleep(PAUSE_SECONDS * 2**attempt)
        raise UploadError(f"{path} not stored: {why}")
