"""The routes of `/storage/v1`."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg
import jwt
from aiohttp import web
from aiohttp.multipart import BodyPartReader

from local.gateway import proxy
from local.gateway.keys import InvalidTokenError, Keys, sign
from local.gateway.storage import rows
from local.gateway.storage.errors import StorageError, not_found
from local.gateway.storage.files import Files

PREFIX = "/storage/v1"
NAME = re.compile(r"[\w/!\-.*'() &$@=;:+,?]{1,1024}", re.ASCII)
LONGEST_LINK_SECONDS = 604_800
MOST_LISTED = 100
Claims = Mapping[str, Any]
Action = Callable[[web.Request, Claims], Awaitable[web.StreamResponse]]


class StorageApi:
    """Upload, download, delete and list objects; make and honour signed links."""

    def __init__(self, keys: Keys, pool: asyncpg.Pool, files: Files) -> None:
        self._keys, self._pool, self._files = keys, pool, files

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """What has a word of its own before the bucket comes first."""
        path = "/{bucket}/{path:.+}"
        routes: list[tuple[str, str, Action]] = [
            ("POST", f"/object/sign{path}", self._sign),
            ("GET", f"/object/public{path}", self._public),
            ("GET", f"/object/authenticated{path}", self._download),
            ("POST", "/object/list/{bucket}", self._list),
            ("POST", f"/object{path}", self._upload),
            ("PUT", f"/object{path}", self._upload),
            ("GET", f"/object{path}", self._download),
            ("DELETE", f"/object{path}", self._delete_one),
            ("DELETE", "/object/{bucket}", self._delete),
        ]
        router.add_get(f"{PREFIX}/object/sign{path}", self._answering(self._signed))
        for method, place, action in routes:
            router.add_route(method, PREFIX + place, self._answering(self._as_caller(action)))
        router.add_route("OPTIONS", PREFIX + "/{rest:.*}", self._preflight)

    async def _preflight(self, request: web.Request) -> web.Response:
        return proxy.preflight(request)

    def _answering(
        self, action: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                answer = await action(request)
            except StorageError as error:
                return error.response()
            answer.headers.update(proxy.CORS)
            return answer

        return handle

    def _as_caller(self, action: Action) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            token = proxy.bearer(request, self._keys) or self._keys.anon
            try:
                claims = self._keys.verify(self._keys.token_for(token))
            except InvalidTokenError as error:
                raise StorageError(403, "Unauthorized", str(error)) from error
            return await action(request, claims)

        return handle

    async def _upload(self, request: web.Request, claims: Claims) -> web.StreamResponse:
        place = _place(request)
        content, mime = await _content(request)
        rows.check(await rows.bucket(self._pool, place[0]), content, mime)
        replace = request.method == "PUT" or request.headers.get("x-upsert") == "true"
        version = self._files.write(content)
        metadata = json.dumps({"size": len(content), "mimetype": mime})
        try:
            async with rows.acting(self._pool, claims) as db:
                before = await rows.write(db, place, claims.get("sub"), version, metadata, replace=replace)
        except BaseException:
            self._files.forget(version)
            raise
        if before is not None:
            self._files.forget(before)
        return web.json_response({"Id": version, "Key": "/".join(place)})

    async def _download(self, request: web.Request, claims: Claims) -> web.StreamResponse:
        async with rows.acting(self._pool, claims) as db:
            return self._file(await rows.find(db, *_place(request)))

    async def _public(self, request: web.Request, _: Claims) -> web.StreamResponse:
        place = _place(request)
        if not (await rows.bucket(self._pool, place[0]))["public"]:
            raise not_found("Bucket")
        return self._file(await self._found(place))

    async def _found(self, place: tuple[str, str]) -> rows.Row:
        """For who has shown a right that no row-level security knows."""
        async with rows.acting(self._pool, {"role": "service_role"}) as db:
            return await rows.find(db, *place)

    def _file(self, row: rows.Row) -> web.StreamResponse:
        """With ranges, as players ask for them."""
        answer = web.FileResponse(self._files.path(row["version"]))
        answer.content_type = json.loads(row["metadata"])["mimetype"]
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    async def _sign(self, request: web.Request, claims: Claims) -> web.StreamResponse:
        # A number may come as text, as from Supabase's Python client.
        place, asked = _place(request), str((await _json(request)).get("expiresIn"))
        seconds = int(asked) if asked.isdecimal() else 0
        if not 0 < seconds <= LONGEST_LINK_SECONDS:
            raise StorageError(400, "InvalidRequest", "body/expiresIn must be >= 1")
        async with rows.acting(self._pool, claims) as db:
            await rows.find(db, *place)
        token = sign({"url": "/".join(place)}, self._keys.jwt_secret, seconds)
        return web.json_response({"signedURL": f"/object/sign/{'/'.join(place)}?token={token}"})

    async def _signed(self, request: web.Request) -> web.StreamResponse:
        place = _place(request)
        try:
            claims = jwt.decode(
                request.query.get("token", ""),
                self._keys.jwt_secret,
                algorithms=["HS256"],
                options={"require": ["exp"]},
            )
        except jwt.PyJWTError as error:
            raise StorageError(400, "InvalidJWT", str(error)) from error
        if claims.get("url") != "/".join(place):
            raise StorageError(400, "InvalidSignature", "Invalid signature")
        return self._file(await self._found(place))

    async def _delete(self, request: web.Request, claims: Claims) -> web.StreamResponse:
        paths = (await _json(request)).get("prefixes")
        if not isinstance(paths, list) or not paths:
            raise StorageError(400, "InvalidRequest", "body/prefixes must be a list")
        return web.json_response(await self._deleted(request.match_info["bucket"], paths, claims))

    async def _delete_one(self, request: web.Request, claims: Claims) -> web.StreamResponse:
        bucket, path = _place(request)
        if not await self._deleted(bucket, [path], claims):
            raise not_found("Object")
        return web.json_response({"message": "Successfully deleted"})

    async def _deleted(self, bucket: str, paths: list[str], claims: Claims) -> list[dict[str, Any]]:
        async with rows.acting(self._pool, claims) as db:
            gone = await rows.delete(db, bucket, paths)
        for row in gone:
            self._files.forget(row["version"])
        return [{"bucket_id": bucket, "name": row["name"]} for row in gone]

    async def _list(self, request: web.Request, claims: Claims) -> web.StreamResponse:
        asked = await _json(request)
        most, skip = min(asked.get("limit") or MOST_LISTED, 1000), asked.get("offset") or 0
        # As Storage has it, a folder: not every path that begins so.
        folder = f"{asked['prefix'].rstrip('/')}/" if asked.get("prefix") else ""
        async with rows.acting(self._pool, claims) as db:
            found = await db.fetch(rows.LIST, request.match_info["bucket"], folder, most, skip)
        return web.json_response(
            [
                {
                    "name": row["name"].removeprefix(folder),
                    "id": str(row["id"]),
                    "metadata": json.loads(row["metadata"] or "{}"),
                    "created_at": row["created_at"].isoformat(),
                    "updated_at": row["updated_at"].isoformat(),
                }
                for row in found
            ]
        )


def _place(request: web.Request) -> tuple[str, str]:
    """Bucket and path."""
    bucket, path = request.match_info["bucket"], request.match_info["path"]
    if not NAME.fullmatch(path) or ".." in path.split("/"):
        raise StorageError(400, "InvalidKey", f"Invalid key: {path}")
    return bucket, path


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise StorageError(400, "InvalidRequest", "body must be object") from error
    if not isinstance(body, dict):
        raise StorageError(400, "InvalidRequest", "body must be object")
    return body


async def _content(request: web.Request) -> tuple[bytes, str]:
    """The file and its type: the body itself, or the one file of a form, as Supabase's clients send it."""
    if request.content_type != "multipart/form-data":
        return await request.read(), request.content_type
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.filename is not None:
            return bytes(await part.read()), part.headers.get("Content-Type", "application/octet-stream")
    raise StorageError(400, "InvalidRequest", "no file")
