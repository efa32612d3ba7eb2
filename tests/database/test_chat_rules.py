"""Word lists: what people write to be understood and not found is found, and what only looks bad is left alone."""

import pytest

from bench.chat_sentences import CLEAN, NOT_CLEAN, bad_sentences
from tests.database.test_cases import joined, refusal
from tests.database.world import World

ADD = "insert into chat_rules (scope, creator_id, pattern, effect) values ($1, $2, $3, $4)"


async def found(world: World, sentences: list[str]) -> set[str]:
    """Those that a rule of the platform meets."""
    rows = await world.rows(
        "select s from unnest($1::text[]) as s where exists (select from live.chat_matches(s, null))",
        sentences,
    )
    return {row["s"] for row in rows}


async def test_what_looks_bad_and_is_clean_is_left_alone(world: World) -> None:
    clean = [sentence for sentence in CLEAN if sentence not in NOT_CLEAN]
    assert len(clean) >= 200
    held = await found(world, clean)
    assert len(held) / len(clean) <= 0.01, held


async def test_what_is_bad_and_looks_clean_is_found(world: World) -> None:
    bad = bad_sentences()
    assert len(bad) >= 200
    missed = set(bad) - await found(world, bad)
    assert 1 - len(missed) / len(set(bad)) >= 0.95, missed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("S.İ.K.T.İ.R git!", ["siktir", "git"]),
        ("Çoook GÜZEL, ŞIK!!", ["çok", "güzel", "şık"]),
        ("0r0spu 1453 te", ["orospu", "te"]),
        ("a b", ["ab"]),
        ("…", []),
    ],
)
async def test_a_message_is_read_as_people_read_it(world: World, text: str, words: list[str]) -> None:
    assert await world.value("select live.chat_words($1)", text) == words


async def test_a_creators_list_holds_in_their_sessions_only(world: World) -> None:
    scene, other = await world.live(), await world.live()
    await world.as_user(scene.creator, ADD, "creator", scene.creator, "Ispanak*", "refuse")
    guest, elsewhere = await joined(world, scene), await joined(world, other)
    say = "insert into live_messages (session_id, body) values ($1, $2)"
    assert await refusal(world, guest, say, scene.id, "ıspanaklı börek") == "words_not_allowed"
    await world.as_user(elsewhere, say, other.id, "ıspanaklı börek")
    assert await refusal(world, other.creator, ADD, "creator", scene.creator, "x1y", "hold") is None
    assert await refusal(world, other.creator, ADD, "platform", None, "merhaba", "refuse") is None


async def test_a_flag_shows_the_message_and_opens_a_case(world: World) -> None:
    scene = await world.live()
    ops = await world.user(ops=True)
    await world.as_user(ops, ADD, "platform", None, "papatyaçayı", "flag")
    guest = await joined(world, scene)
    await world.as_user(
        guest,
        "insert into live_messages (session_id, body) values ($1, 'PAPATYA-ÇAYI papatyaçayı')",
        scene.id,
    )
    assert await world.value("select count(*) from live_messages where user_id = $1", guest) == 1
    assert await world.value("select count(*) from moderation_cases where user_id = $1", guest) == 1


async def test_what_is_held_is_seen_by_its_author_and_the_staff_alone_and_opens_no_case(world: World) -> None:
    scene = await world.live()
    await world.as_user(scene.creator, ADD, "creator", scene.creator, "pırasalıköfte", "hold")
    guest, other = await joined(world, scene), await joined(world, scene)
    say = "insert into live_messages (session_id, body) values ($1, 'PIRASALIKÖÖÖFTE!') returning id"
    message = await world.as_user(guest, say, scene.id)
    seen = "select count(*) from live_messages where id = $1"
    assert [await world.as_user(who, seen, message) for who in (guest, scene.creator, other)] == [1, 1, 0]
    assert await world.value("select held_at is not null from live_messages where id = $1", message)
    assert await world.value("select count(*) from moderation_cases where user_id = $1", guest) == 0
