"""Storage's REST part of the stand-in, by Supabase's own client: private files, row-level security, links that end."""

import uuid
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import asyncpg
import pytest
from storage3.exceptions import StorageApiError
from supabase import AsyncClient

from local.people.waiting import until
from local.stack import Stack
from tests.integration.clients import client, signed_up


@asynccontextmanager
async def clients(stack: Stack) -> AsyncIterator[tuple[AsyncClient, AsyncClient]]:
    """Server code, and somebody signed in."""
    async with client(stack, stack.keys.secret) as service, signed_up(stack) as app:
        yield service, app


async def refused(asked: Awaitable[Any]) -> tuple[str, str]:
    with pytest.raises(StorageApiError) as error:
        await asked
    return str(error.value.status), str(error.value.code)


async def test_a_private_file_is_for_server_code_and_whoever_has_a_link(stack: Stack) -> None:
    name, content = f"{uuid.uuid4()}/a b.ogg", bytes(range(256)) * 8
    async with clients(stack) as (service, app), aiohttp.ClientSession() as http:
        files, theirs = service.storage.from_("evidence"), app.storage.from_("evidence")
        await files.upload(name, content, {"content-type": "audio/ogg"})
        assert await files.download(name) == content
        assert (await refused(files.upload(name, content, {"content-type": "audio/ogg"})))[0] == "409"
        await files.upload(name, content[:9], {"content-type": "audio/ogg", "upsert": "true"})
        for asked in (theirs.download(name), theirs.create_signed_url(name, 60)):
            assert (await refused(asked))[0] == "404"
        assert (await refused(theirs.upload(f"{uuid.uuid4()}.ogg", content, {"content-type": "audio/ogg"})))[
            0
        ] == "403"
        assert await theirs.remove([name]) == []
        link = (await files.create_signed_url(name, 60))["signedURL"]
        async with http.get(link, headers={"Range": "bytes=0-3"}) as answer:
            assert (answer.status, answer.content_type, await answer.read()) == (
                206,
                "audio/ogg",
                content[:4],
            )
        async with http.get(link.replace("token=", "token=x")) as answer:
            assert answer.status == 400
        async with http.get(f"{stack.url}/storage/v1/object/public/evidence/{name}") as answer:
            assert answer.status == 400
        other = f"{uuid.uuid4()}.ogg"
        await files.upload(other, content, {"content-type": "audio/ogg"})
        async with http.get(link.replace(link.split("/evidence/")[1].split("?")[0], other)) as answer:
            assert answer.status == 400, "a link is for one file"
        assert [row["name"] for row in await files.remove([name, other])] == sorted([name, other])
        async with http.get(link) as answer:
            assert answer.status == 400


async def test_a_link_ends(stack: Stack) -> None:
    name = f"{uuid.uuid4()}.ogg"
    async with clients(stack) as (service, _), aiohttp.ClientSession() as http:
        files = service.storage.from_("evidence")
        await files.upload(name, b"1", {"content-type": "audio/ogg"})
        link = (await files.create_signed_url(name, 1))["signedURL"]

        async def ended() -> bool:
            async with http.get(link) as answer:
                return answer.status == 400

        await until("the link ends", ended)
        await files.remove([name])


@pytest.mark.parametrize(
    ("name", "content", "mime", "status"),
    [
        ("a.txt", b"1", "text/plain", "415"),
        ("a.ogg", bytes(2_100_000), "audio/ogg", "413"),
        ("é.ogg", b"1", "audio/ogg", "400"),
    ],
)
async def test_a_bucket_takes_what_it_is_for(
    stack: Stack, name: str, content: bytes, mime: str, status: str
) -> None:
    async with clients(stack) as (service, _):
        assert (
            await refused(service.storage.from_("evidence").upload(name, content, {"content-type": mime}))
        )[0] == status


async def test_files_are_not_deleted_by_sql(database: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="Storage API"):
        await database.execute("delete from storage.objects where name = 'nothing'")
