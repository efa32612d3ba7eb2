"""What a look at a store of recordings may delete, and what a restored backup of the database must not lead to."""

from dataclasses import replace
from uuid import UUID

import pytest

from agent.core.recording_strays import DAY_SECONDS, MOST_AT_ONCE, Looked, chosen, may_go

NOW = 10 * DAY_SECONDS


def prefix(number: int) -> str:
    return f"{UUID(int=number)}/{UUID(int=number + 1)}"


OLD, DELETED = prefix(1), prefix(100)
LOOKED = Looked(seen=20, strays={OLD: NOW - DAY_SECONDS}, deleted=(DELETED,), share=0.1, now=NOW)


def test_what_is_unknown_for_a_day_goes_and_what_its_row_calls_deleted_at_once() -> None:
    assert chosen(LOOKED).prefixes == (DELETED, OLD)
    young = replace(LOOKED, strays={OLD: NOW - DAY_SECONDS + 1})
    assert chosen(young).prefixes == (DELETED,)


@pytest.mark.parametrize(
    ("seen", "share", "refused"), [(10, 0.1, False), (9, 0.1, True), (1, 1, False), (99, 0, True)]
)
def test_where_much_is_unknown_nothing_unknown_goes(seen: int, share: float, *, refused: bool) -> None:
    choice = chosen(replace(LOOKED, seen=seen, share=share))
    assert choice.refused is refused
    assert choice.prefixes == ((DELETED,) if refused else (DELETED, OLD))


def test_after_a_backup_was_put_back_all_that_is_newer_stays() -> None:
    newer = {prefix(n): NOW for n in range(0, 12, 2)}
    looked = replace(LOOKED, strays=newer, deleted=())
    assert chosen(looked).prefixes == ()
    a_day_later = replace(looked, now=NOW + DAY_SECONDS)
    assert chosen(a_day_later).prefixes == ()
    assert chosen(a_day_later).refused


def test_a_look_deletes_no_more_than_so_many() -> None:
    many = {prefix(n): 0.0 for n in range(0, 100, 2)}
    choice = chosen(replace(LOOKED, seen=1000, strays=many))
    assert len(choice.prefixes) == 1 + MOST_AT_ONCE


def test_of_a_folder_only_files_with_names_of_ours_go_and_none_while_one_is_young() -> None:
    names = ["1/index.m3u8", "1/segment_00000.ts", "12/recording.mp4", "1/image_00003.jpeg"]
    others = ["notes.txt", "1/notes.txt", "1/segment_1.ts.txt", "1/sub/index.m3u8", "x/index.m3u8"]
    ours = {f"{OLD}/{name}": NOW - DAY_SECONDS for name in names}
    files = ours | {f"{OLD}/{name}": 0.0 for name in others} | {f"{prefix(3)}/1/index.m3u8": 0.0}
    assert set(may_go(OLD, files, LOOKED)) == ours.keys()
    files[f"{OLD}/1/notes.txt"] = NOW
    assert may_go(OLD, files, LOOKED) == ()
    assert may_go(DELETED, {f"{DELETED}/1/index.m3u8": NOW}, LOOKED) == (f"{DELETED}/1/index.m3u8",)
