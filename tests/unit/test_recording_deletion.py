"""The end of recorded files: a row is said to be deleted only when a listing shows it, wherever the files lie."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from agent.core.ports import Unavailable
from agent.supabase.client import Supabase
from agent.supabase.recording_files import StoredRecordings

HERE, ELSEWHERE = "supabase", "https://s3.example.com/shows"
PLAYLIST = b"#EXTM3U\n#EXTINF:4,\nsegment_00000.ts\n#EXTINF:4,\nsegment_00001.ts\n"


class Shelf:
    """A store in memory. `keeps`: it answers that it deleted, and does not."""

    def __init__(self, *folders: str, keeps: bool = False, away: bool = False) -> None:
        names = ("index.m3u8", "segment_00000.ts", "segment_00001.ts", "image_00000.jpeg")
        self.there = {f"{folder}/{name}" for folder in folders for name in names}
        self._keeps, self._away = keeps, away

    async def files(self, folder: str) -> Mapping[str, int]:
        if self._away:
            raise Unavailable("no answer")
        return {path.removeprefix(f"{folder}/"): 1 for path in self.there if path.startswith(f"{folder}/")}

    async def read(self, path: str) -> bytes:
        assert path in self.there
        return PLAYLIST

    async def remove(self, paths: Sequence[str]) -> None:
        if not self._keeps:
            self.there -= set(paths)


class Database:
    """Hands out what is due once, and keeps what it is told."""

    def __init__(self, due: list[Any], cuts: list[Any]) -> None:
        self._due = {"recordings_to_delete": [due], "recording_cuts_to_erase": [cuts]}
        self.told: list[Any] = []

    async def rpc(self, name: str, parameters: Mapping[str, Any]) -> Any:
        if name in self._due:
            return self._due[name].pop() if self._due[name] else []
        self.told.append(parameters)
        return {}


def recording(name: str, *stores: str) -> dict[str, Any]:
    parts = [{"prefix": f"s/{name}/{n}", "store": store} for n, store in enumerate(stores, 1)]
    return {"id": name, "prefix": f"s/{name}", "parts": parts}


async def deleted(stores: Mapping[str, Shelf], *due: dict[str, Any]) -> list[Any]:
    database = Database(list(due), [])
    await StoredRecordings(cast("Supabase", database), stores, HERE).delete_due()
    return [name for told in database.told for name in told["p_ids"]]


async def test_a_recording_is_deleted_where_each_part_lies() -> None:
    here, elsewhere = Shelf("s/a/1", "s/b/1"), Shelf("s/a/2")
    stores = {HERE: here, ELSEWHERE: elsewhere}
    assert await deleted(stores, recording("a", HERE, ELSEWHERE)) == ["a"]
    assert not elsewhere.there
    assert {path[:5] for path in here.there} == {"s/b/1"}


@pytest.mark.parametrize(
    "stores",
    [
        {HERE: Shelf("s/b/1")},
        {HERE: Shelf("s/b/1"), ELSEWHERE: Shelf("s/a/1", keeps=True)},
        {HERE: Shelf("s/b/1"), ELSEWHERE: Shelf("s/a/1", away=True)},
    ],
    ids=["unknown", "keeps them", "does not answer"],
)
async def test_what_may_still_be_there_is_not_called_deleted_and_keeps_no_other(
    stores: Mapping[str, Shelf],
) -> None:
    assert await deleted(stores, recording("a", ELSEWHERE), recording("b", HERE)) == ["b"]


@pytest.mark.parametrize("keeps", [False, True])
async def test_a_cut_is_erased_once_its_files_are_gone(*, keeps: bool) -> None:
    shelf = Shelf("s/a/1", keeps=keeps)
    part = {"prefix": "s/a/1", "store": ELSEWHERE, "began": "1970-01-01T00:00:00Z"}
    cut = {"id": "c", "from_at": "1970-01-01T00:00:05Z", "to_at": "1970-01-01T00:00:06Z", "parts": [part]}
    database = Database([], [cut])
    await StoredRecordings(cast("Supabase", database), {ELSEWHERE: shelf}, ELSEWHERE).delete_due()
    gone = ["s/a/1/image_00000.jpeg", "s/a/1/segment_00001.ts"]
    assert database.told == ([] if keeps else [{"p_id": "c", "p_paths": gone}])
    assert shelf.there.isdisjoint(gone) is not keeps


async def test_a_part_is_measured_where_it_lies() -> None:
    files = StoredRecordings(cast("Supabase", Database([], [])), {ELSEWHERE: Shelf("s/a/1")}, HERE)
    assert await files.measure(ELSEWHERE, "s/a/1") == (4, 8.0)
    assert await files.measure(ELSEWHERE, "s/a/2") == (0, 0.0)
    with pytest.raises(Unavailable, match="another store"):
        await files.measure(HERE, "s/a/1")
