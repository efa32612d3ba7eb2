"""Storage's S3 door (`/storage/v1/s3`): putting objects with a session token, under row-level security.

As on the platform: the access key is the project's reference, the secret the anon key, and the session token a user's
access token, which says as whom the request acts. The project-wide S3 keys, which pass over row-level security, are
not there.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

import asyncpg
from aiohttp import web

from local.gateway.keys import InvalidTokenError, Keys
from local.gateway.storage import rows
from local.gateway.storage.errors import StorageError
from local.gateway.storage.files import Files

PREFIX = "/storage/v1/s3"
PROJECT = "local"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>\d{8}/[\w-]+/s3/aws4_request), ?"
    r"SignedHeaders=(?P<headers>[\w;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class S3Api:
    def __init__(self, keys: Keys, pool: asyncpg.Pool, files: Files) -> None:
        self._keys, self._pool, self._files = keys, pool, files

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Uploads of one file, below `/storage/v1/s3`."""
        router.add_put(PREFIX + "/{bucket}/{path:.+}", self._put)

    async def _put(self, request: web.Request) -> web.Response:
        content = await request.read()
        place = request.match_info["bucket"], request.match_info["path"]
        try:
            claims = self._caller(request, content)
            version = await self._write(place, content, request.content_type, claims)
        except StorageError as error:
            return web.Response(status=error.status, text=f"<Error><Code>{error.error}</Code></Error>")
        return web.Response(headers={"ETag": f'"{version}"'})

    async def _write(
        self, place: tuple[str, str], content: bytes, mime: str, claims: Mapping[str, Any]
    ) -> str:
        """As S3 does it: what is there is replaced."""
        rows.check(await rows.bucket(self._pool, place[0]), content, mime)
        version = self._files.write(content)
        metadata = json.dumps({"size": len(content), "mimetype": mime})
        try:
            async with rows.acting(self._pool, claims) as db:
                before = await rows.write(db, place, claims.get("sub"), version, metadata, replace=True)
        except BaseException:
            self._files.forget(version)
            raise
        if before is not None:
            self._files.forget(before)
        return version

    def _caller(self, request: web.Request, content: bytes) -> Mapping[str, Any]:
        found = AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        digest = hashlib.sha256(content).hexdigest()
        if found is None or found["key"] != PROJECT or request.headers.get("x-amz-content-sha256") != digest:
            raise StorageError(403, "AccessDenied", "no valid signature")
        if not hmac.compare_digest(found["signature"], self._signature(request, found, digest)):
            raise StorageError(403, "SignatureDoesNotMatch", "the signature is not right")
        try:
            return self._keys.verify(request.headers.get("x-amz-security-token", ""))
        except InvalidTokenError as error:
            raise StorageError(403, "InvalidToken", str(error)) from error

    def _signature(self, request: web.Request, found: re.Match[str], digest: str) -> str:
        names = found["headers"].split(";")
        lines = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
        wanted = (request.method, request.rel_url.raw_path, request.query_string, lines, found["headers"])
        asked = "\n".join((*wanted, digest))
        stamp = request.headers.get("x-amz-date", "")
        text = "\n".join(
            ("AWS4-HMAC-SHA256", stamp, found["scope"], hashlib.sha256(asked.encode()).hexdigest())
        )
        key = f"AWS4{self._keys.anon}".encode()
        for word in found["scope"].split("/"):
            key = hmac.digest(key, word.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()
