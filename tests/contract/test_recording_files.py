"""What any `RecordingFiles` must do, of the worker and of the functions: Supabase's Storage, and a bucket of another S3
provider."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import obstore
import pytest
import pytest_asyncio
from deno import find_deno_bin

from agent.core.ports import PortError, Refused, Unavailable
from agent.core.recording_ports import RecordingFiles
from agent.process.recording_check import check_recordings
from agent.supabase.client import Supabase, supabase_client
from agent.supabase.recording_files import StorageFiles
from agent.supabase.recording_place import PlaceSettings
from agent.supabase.s3_files import S3Files
from local import s3_store
from local.paths import SUPABASE
from local.people.waiting import until
from local.ports import Offset
from local.stack import Stack
from local.supervisor import Supervisor

FUNCTIONS = SUPABASE / "functions"
SCRIPT = Path(__file__).with_name("recording_files.ts")
PLAYLIST, WRONG, MANY = "#EXTM3U\n", "another", 1001
"""More files than a page holds."""
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class StoreUnderTest:
    files: RecordingFiles
    place: PlaceSettings
    supabase: Supabase
    environment: Mapping[str, str]
    """What the functions know it by."""

    @property
    def is_storage(self) -> bool:
        return isinstance(self.files, StorageFiles)

    async def put(self, path: str, content: bytes) -> None:
        """As Egress does."""
        if isinstance(self.files, S3Files):
            await obstore.put_async(self.files._store, path, content)
        else:
            await self.supabase.client.storage.from_("recordings").upload(
                path, content, {"content-type": "video/mp2t"}
            )

    async def put_many(self, folder: str) -> None:
        """`MANY` segments; in Storage their rows, which is what it lists and deletes."""
        names = [f"{folder}/segment_{n:05}.ts" for n in range(MANY)]
        if not self.is_storage:
            await asyncio.gather(*(self.put(name, b"1") for name in names))
            return
        owner = await asyncpg.connect(self.environment["DATABASE_URL"])
        await owner.execute(
            "insert into storage.objects (bucket_id, name, version) select 'recordings', x, gen_random_uuid()"
            " from unnest($1::text[]) x",
            names,
        )
        await owner.close()


@pytest_asyncio.fixture(params=["storage", "s3"], loop_scope="session")
async def store(
    request: pytest.FixtureRequest, stack: Stack, tmp_path: Path
) -> AsyncIterator[StoreUnderTest]:
    env, port = stack.env, stack.ports.of(Offset.S3)
    told = s3_store.environment(port)
    place = PlaceSettings(
        told["RECORDING_S3_ENDPOINT"], told["RECORDING_S3_REGION"], s3_store.BUCKET, s3_store.KEY,
        s3_store.SECRET, "", "",
    )  # fmt: skip
    async with supabase_client(env["SUPABASE_URL"], stack.keys.secret, 5.0) as supabase:
        if request.param == "storage":
            yield StoreUnderTest(StorageFiles(supabase), place, supabase, env)
            return
        supervisor = Supervisor(tmp_path)
        await supervisor.open()
        try:
            await supervisor.start(s3_store.spec(tmp_path, port))
            yield StoreUnderTest(S3Files(place, 5.0), place, supabase, {**env, **told})
        finally:
            await supervisor.close(("s3",))


async def filled(store: StoreUnderTest) -> str:
    """A folder with a playlist and two segments, beside one whose name begins with its own."""
    folder = f"{uuid.uuid4()}/{uuid.uuid4()}/1"
    await store.put(f"{folder}/index.m3u8", PLAYLIST.encode())
    for name in (f"{folder}/segment_00000.ts", f"{folder}/segment_00001.ts", f"{folder}0/segment_00000.ts"):
        await store.put(name, b"188")
    return folder


async def test_files_are_listed_read_and_deleted(store: StoreUnderTest) -> None:
    folder = await filled(store)
    files = store.files
    assert await files.files(folder) == {"index.m3u8": 8, "segment_00000.ts": 3, "segment_00001.ts": 3}
    assert await files.files(f"{folder}9") == {}
    assert await files.read(f"{folder}/index.m3u8") == PLAYLIST.encode()
    with pytest.raises(Refused):
        await files.read(f"{folder}/nothing")
    await files.remove([f"{folder}/segment_00000.ts", f"{folder}/nothing"])
    assert await files.files(folder) == {"index.m3u8": 8, "segment_00001.ts": 3}
    await files.remove([])
    await files.remove([f"{folder}/{name}" for name in await files.files(folder)])
    assert await files.files(folder) == {}
    assert await files.files(f"{folder}0") == {"segment_00000.ts": 3}


async def test_a_folder_of_many_files_is_listed_and_deleted_whole(store: StoreUnderTest) -> None:
    folder = f"{uuid.uuid4()}/{uuid.uuid4()}/1"
    await store.put_many(folder)
    found = await store.files.files(folder)
    assert len(found) == MANY
    await store.files.remove([f"{folder}/{name}" for name in found])
    assert await store.files.files(folder) == {}


async def test_recordings_are_found_session_after_session(store: StoreUnderTest) -> None:
    folders = sorted([(await filled(store)).removesuffix("/1") for _ in range(3)])
    session = folders[0].partition("/")[0]
    folders.insert(1, f"{session}/{uuid.uuid4()}")
    await store.put(f"{folders[1]}/1/index.m3u8", b"1")
    await store.put("of-somebody-else/1/index.m3u8", b"1")
    found, after, looks = list[str](), "", 0
    while looks == 0 or after:
        page = await store.files.recordings(after, 1)
        assert len({prefix.partition("/")[0] for prefix in page.prefixes}) <= 1
        assert page.upto == "" or page.upto > after
        found, after, looks = [*found, *page.prefixes], page.upto, looks + 1
    assert set(folders) <= set(found)
    assert not [prefix for prefix in found if "else" in prefix]
    assert len(found) == len(set(found))
    assert set((await store.files.recordings("", 1000)).prefixes) == set(found)
    written = await store.files.written(folders[1])
    assert set(written) == {f"{folders[1]}/1/index.m3u8"}
    assert abs(written[f"{folders[1]}/1/index.m3u8"] - time.time()) < HOUR
    assert await store.files.written(f"{session}/{uuid.uuid4()}") == {}


async def asked_of_the_functions(store: StoreUnderTest, *paths: str) -> list[dict[str, Any]]:
    """What the functions' half says of each path: its text, and a link of two seconds."""
    process = await asyncio.create_subprocess_exec(
        *(
            find_deno_bin(),
            "run",
            "--quiet",
            "--no-prompt",
            "--frozen",
            "--config",
            str(FUNCTIONS / "deno.json"),
        ),
        *("--allow-net=127.0.0.1", "--allow-env", str(SCRIPT)),
        *("supabase" if store.is_storage else store.place.store, *paths),
        env=dict(store.environment),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    answers: list[dict[str, Any]] = json.loads(out)
    return answers


async def test_the_functions_read_a_playlist_and_link_to_one_file_for_seconds(store: StoreUnderTest) -> None:
    folder = await filled(store)
    playlist, nothing = await asked_of_the_functions(store, f"{folder}/index.m3u8", f"{folder}/nothing.m3u8")
    assert (playlist["text"], nothing["text"]) == (PLAYLIST, None)
    link = playlist["link"]
    async with aiohttp.ClientSession() as http:

        async def status(url: str) -> int:
            async with http.get(url) as answer:
                return answer.status

        async with http.get(link) as answer:
            assert (answer.status, await answer.text()) == (200, PLAYLIST)
        for built in (link.partition("?")[0], link.replace("index.m3u8", "segment_00000.ts")):
            assert await status(built) >= 400, built

        async def ended() -> bool:
            return await status(link) >= 400

        await until("the link ends", ended)


@pytest.mark.parametrize("store", ["s3"], indirect=True)
async def test_what_refuses_and_what_does_not_answer_are_told_apart(store: StoreUnderTest) -> None:
    wrong = replace(store.place, secret=WRONG)
    with pytest.raises(Refused):
        await S3Files(wrong, 5.0).files("folder")
    away = replace(store.place, endpoint="http://127.0.0.1:1")
    with pytest.raises(Unavailable) as error:
        await S3Files(away, 0.5).files("folder")
    assert isinstance(error.value, PortError)
    assert store.place.secret not in str(error.value)
    told = [(await check_recordings(place, store.supabase))[0] for place in (store.place, wrong, away)]
    assert [well for well, _ in told] == [True, False, False]
    assert "takes no RECORDING_S3_" in told[1][1]
    assert "does not answer" in told[2][1]


@pytest.mark.parametrize("store", ["s3"], indirect=True)
async def test_what_lies_there_and_should_not_is_named(store: StoreUnderTest) -> None:
    assert isinstance(store.files, S3Files)
    folder = await filled(store)
    prefix = folder.removesuffix("/1")
    found = await store.files.every_recording()
    assert set(found) == {prefix}

    async def faults(days: int) -> list[str]:
        written = (found[prefix] - timedelta(days=days)).isoformat()
        asked = {"p_store": store.place.store, "p_found": {prefix: written}}
        return [row["id"] for row in await store.supabase.rpc("recording_store_faults", asked)]

    assert prefix not in await faults(0), "it may be written just now"
    assert prefix in await faults(2)
