"""What people write is shown to others: one function says what is wrong with it, and every door asks it."""

from collections.abc import Awaitable

import pytest

from tests.database.world import Json, Refused, World

HIDDEN = {
    "nothing": "",
    "blank": "   ",
    "no-break spaces": "\u00a0\u3000",
    "zero width only": "\u200b\u200b\u2060",
    "fillers": "\u3164\u115f\u2800",
    "variants of nothing": "\ufe0f\U000e0041",
}
CONTROL = {"a bell": "a\u0007b", "escape": "a\u001b[31mb", "C1": "a\u0085b", "delete": "a\u007fb"}
BIDI = {"override": "a\u202eb", "embedding": "a\u202ab", "isolate": "a\u2066b"}
READABLE = [
    "Akşam şarkıları",
    "👨‍👩‍👧‍👦 aile",
    "مساء الخير",
    "שלום",
    "नमस्ते",
    "❤️",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
]
SPOILED = HIDDEN | CONTROL | BIDI


async def fault(world: World, text: str | None, *, lines: bool = False) -> str | None:
    found: str | None = await world.value("select live.text_fault($1, 200, $2)", text, lines)
    return found


@pytest.mark.parametrize("kind", SPOILED)
async def test_what_hides_or_rearranges_is_faulted(world: World, kind: str) -> None:
    for lines in (False, True):
        assert await fault(world, SPOILED[kind], lines=lines) is not None


@pytest.mark.parametrize("text", READABLE)
async def test_what_people_write_in_any_language_is_not(world: World, text: str) -> None:
    assert await fault(world, text) is None


async def test_ends_of_line_are_for_longer_texts_only(world: World) -> None:
    for text in ("a\nb", "a\r\nb", "a\tb"):
        assert await fault(world, text) is not None
        assert await fault(world, text, lines=True) is None
    assert await fault(world, "x" * 201) is not None
    assert await fault(world, None) is not None


async def taken(asked: Awaitable[Json]) -> str | None:
    """Return the hint of a refusal, and None for what was taken."""
    try:
        await asked
    except Refused as refused:
        return refused.hint if refused.sqlstate == "PT400" else refused.sqlstate
    return None


@pytest.mark.parametrize("kind", SPOILED)
async def test_every_door_asks(world: World, kind: str) -> None:
    text, scene, ops = SPOILED[kind], await world.live(), await world.user(ops=True)
    guest = await world.seat(scene, "listener")
    await world.value("update live_participants set is_online = true where user_id = $1", guest)
    create = "select public.session_create($1, 'audio_room', 'public', $2, null, now() + interval '1 hour')"
    rename = "update live_sessions set title = $2 where id = $1 returning title"
    say = "insert into live_messages (session_id, body) values ($1, $2)"
    gift = (
        "insert into gift_catalog (code, name_en, name_tr, coins)"
        " values ('t' || substr(md5($1), 1, 8), $2, 'Gül', 1)"
    )
    assert await taken(world.service(create, scene.creator, text)) == "invalid_session"
    assert await taken(world.as_user(scene.creator, rename, scene.id, text)) == "invalid_text"
    assert await taken(world.service(rename, scene.id, text)) == "invalid_text"
    announcement = world.ask(scene.creator, "announce", scene, params={"text": text})
    assert await taken(announcement) == "bad_params"
    assert await taken(world.as_user(ops, gift, scene.id, text)) == "invalid_text"
    if text:
        assert await taken(world.as_user(guest, say, scene.id, text)) == "invalid_text"
    if text.strip(" "):
        assert await taken(world.ask(ops, "mute", scene, guest, reason=text)) == "bad_reason"


async def test_a_title_is_kept_without_the_space_around_it(world: World) -> None:
    scene = await world.live()
    rename = "update live_sessions set title = $2 where id = $1 returning title"
    assert await world.as_user(scene.creator, rename, scene.id, "  Sunday talk \n") == "Sunday talk"
    await world.value("insert into live_bans (user_id, scope) values ($1, 'platform')", scene.creator)
    with pytest.raises(Refused) as refused:
        await world.as_user(scene.creator, rename, scene.id, "from beyond")
    assert refused.value.hint == "banned"


async def test_a_name_that_hides_something_is_not_passed_on(world: World) -> None:
    """Names are the app's: they cannot be refused here, so the room sees the username instead."""
    scene = await world.live()
    guest = await world.seat(scene, "listener")
    shown = "select live.shown_name($1::uuid)"
    await world.value(
        "update profiles set display_name = 'Ayşe', username = 'ayse_' || $2 where id = $1", guest, guest
    )
    assert await world.value(shown, guest) == "Ayşe"
    for name in ("\u200b\u200b", "a\u202eb"):
        await world.value("update profiles set display_name = $2 where id = $1", guest, name)
        assert await world.value(shown, guest) == f"ayse_{guest}"
    await world.value(
        "update profiles set username = E'\\u200b' || $2 || E'\\u202e' where id = $1", guest, guest
    )
    assert await world.value(shown, guest) is None
