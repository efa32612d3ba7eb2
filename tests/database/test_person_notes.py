"""What operators note about a person is theirs alone, and ends with the account."""

import uuid

import pytest

from tests.database.world import Refused, World

NOTE = "select public.add_person_note($1::uuid, $2, $3::uuid)"


async def test_ops_share_notes_and_the_person_never_sees_them(world: World) -> None:
    one, other, about = await world.user(ops=True), await world.user(ops=True), await world.user()
    note = str(uuid.uuid4())
    for _ in range(2):
        assert await world.as_user(one, NOTE, about, "Came back under another name.", note) == {
            "note_id": note
        }
    seen = "select count(*) from public.person_notes where user_id = $1"
    assert [await world.as_user(who, seen, about) for who in (one, other, about)] == [1, 1, 0]
    await world.service("select public.erase_account($1)", about)
    assert await world.service(seen, about) == 0


async def test_a_note_is_refused_about_oneself_without_words_and_from_others(world: World) -> None:
    ops, about = await world.user(ops=True), await world.user()
    for who, whom, body, hint in (
        (ops, ops, "x", "own_case"),
        (ops, str(uuid.uuid4()), "x", "unknown_user"),
        (ops, about, "", "invalid_text"),
        (about, ops, "x", "ops_only"),
    ):
        with pytest.raises(Refused) as refused:
            await world.as_user(who, NOTE, whom, body, str(uuid.uuid4()))
        assert refused.value.hint == hint


async def test_ops_do_not_read_what_is_noted_about_themselves(world: World) -> None:
    one, about = await world.user(ops=True), await world.user(ops=True)
    await world.as_user(one, NOTE, about, "x", str(uuid.uuid4()))
    assert (
        await world.as_user(about, "select count(*) from public.person_notes where user_id = $1", about) == 0
    )
