"""The speech process: listens where the database allows it, no longer, and says what is missing before it starts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from agent.core.ports import Refused, Unavailable
from speech.engine import Engine
from speech.pictures import is_black
from speech.ports import Flagged, Heard, Orders, SeenFrame, SpeechRoom, Told
from speech.process import ALLOWED_SECONDS, MOST_PICTURES, PULL_SECONDS, Found, SpeechProcess
from speech.scripted import ScriptedSpeech
from speech.settings import SpeechSettingsError, load_speech_settings, made
from tests.fakes.virtual_time import virtual_time

ROOM = Orders({"room": SpeechRoom("room", frozenset({"bo"}))})
HEARD = Heard(Flagged("room", "bo"), ["kill you"], 1.0, 2.0)
SEEN = SeenFrame("room", "bo", b"jpeg", 0.9, 1.0)


class FakeDesk:
    def __init__(self) -> None:
        self.orders: Orders | None = ROOM
        self.hangs = False
        self.refusals: list[Exception] = []
        self.storage_away = False
        self.written: list[Heard | SeenFrame] = []

    async def pull(self) -> Orders:
        if self.hangs:
            await asyncio.Event().wait()
        if self.orders is None:
            raise Unavailable("no answer")
        return self.orders

    async def words(self, heard: Heard) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.written.append(heard)

    async def picture(self, seen: SeenFrame) -> None:
        if self.storage_away:
            raise Unavailable("no answer of Storage")
        self.written.append(seen)

    async def show(self, seen: SeenFrame) -> None:
        raise NotImplementedError


class FakeListener:
    def __init__(self, place: SpeechRoom, fails: bool) -> None:
        self.place, self.fails, self.left = place, fails, False

    def settle(self, place: SpeechRoom) -> None:
        self.place = place

    async def run(self) -> None:
        if self.fails:
            raise OSError("not connected")
        try:
            await asyncio.Event().wait()
        finally:
            self.left = True


class Evening:
    """A process over fakes, which runs while `play` does."""

    def __init__(self, *, fails: bool = False) -> None:
        self.desk, self.told, self.made = FakeDesk(), Told(), list[FakeListener]()
        found = Found()
        engine = Engine(ScriptedSpeech(), self.told.is_flagged, found.words.put)

        def listener(place: SpeechRoom) -> FakeListener:
            self.made.append(FakeListener(place, fails))
            return self.made[-1]

        self.process = SpeechProcess(self.desk, engine, listener, self.told, found)  # type: ignore[arg-type]

    async def passes(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@asynccontextmanager
async def evening(*, fails: bool = False) -> AsyncIterator[Evening]:
    """A process that runs meanwhile."""
    playing = Evening(fails=fails)
    running = asyncio.create_task(playing.process.run())
    try:
        yield playing
    finally:
        running.cancel()
        await asyncio.wait({running})


@virtual_time
async def test_a_room_is_listened_to_while_the_database_says_so() -> None:
    async with evening() as played:
        await played.passes(1.0)
        [listener] = played.made
        played.desk.orders = Orders({"room": SpeechRoom("room", frozenset({"cy"}))})
        await played.passes(PULL_SECONDS)
        assert listener.place.flagged == {"cy"}
        assert not played.told.is_flagged(Flagged("room", "bo"))
        played.desk.orders = Orders()
        await played.passes(PULL_SECONDS)
        assert listener.left
        assert played.made == [listener]


@virtual_time
async def test_where_the_database_does_not_answer_nobody_is_listened_to_for_long() -> None:
    async with evening() as played:
        await played.passes(1.0)
        [listener] = played.made
        played.desk.orders = None
        await played.passes(ALLOWED_SECONDS - PULL_SECONDS - 1.0)
        assert not listener.left, "a short absence ends nothing"
        await played.passes(2 * PULL_SECONDS + 1.0)
        assert listener.left
        assert not played.told.is_flagged(Flagged("room", "bo"))


@virtual_time
async def test_an_answer_that_hangs_keeps_no_ear_open() -> None:
    async with evening() as played:
        await played.passes(1.0)
        played.desk.hangs = True
        await played.passes(ALLOWED_SECONDS)
        assert played.made[0].left


@virtual_time
async def test_a_room_that_cannot_be_joined_is_tried_again_and_not_at_each_look() -> None:
    async with evening(fails=True) as played:
        await played.passes(30.0)
        assert 4 <= len(played.made) <= 6


@virtual_time
async def test_what_was_found_is_written_again_where_nobody_answered_and_dropped_where_it_was_refused() -> (
    None
):
    async with evening() as played:
        played.desk.refusals = [Unavailable("no answer"), Unavailable("no answer")]
        await played.process.found.words.put(HEARD)
        await played.passes(10.0)
        assert played.desk.written == [HEARD]
        played.desk.refusals = [Refused("no_cause")]
        await played.process.found.words.put(HEARD)
        await played.passes(30.0)
        assert played.desk.written == [HEARD]


@virtual_time
async def test_pictures_that_cannot_be_stored_delay_no_words_and_are_bounded() -> None:
    async with evening() as played:
        played.desk.storage_away = True
        found = played.process.found
        for _ in range(1 + MOST_PICTURES):
            await found.pictures.put(SEEN)
        await played.passes(5.0)
        await found.words.put(HEARD)
        await played.passes(0.1)
        assert played.desk.written == [HEARD]
        assert found.pictures.full(), "the first is still tried again"
        played.desk.storage_away = False
        await played.passes(10.0)
        assert played.desk.written == [HEARD, *[SEEN] * (1 + MOST_PICTURES)]


def test_what_is_missing_is_said_by_name_and_never_by_value(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIVEKIT_URL", "LIVEKIT_API_KEY", "SUPABASE_URL", "LIVE_SPEECH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LIVE_SPEECH_STT", "my secret")
    with pytest.raises(SpeechSettingsError) as said:
        load_speech_settings()
    assert "LIVE_SPEECH_TOKEN" in str(said.value)
    assert "LIVE_SPEECH_STT" in str(said.value)
    assert "secret" not in str(said.value).replace("LIVEKIT_API_SECRET", "")


@pytest.mark.parametrize("name", ["speech.nothing:Whisper", "speech.scripted:Nothing"])
def test_an_engine_that_is_not_installed_is_named(name: str) -> None:
    with pytest.raises(SpeechSettingsError, match=name.partition(":")[0]):
        made(name, {})


@pytest.mark.parametrize(
    ("light", "spot", "black"), [(0, 0, True), (6, 6, True), (6, 60, False), (200, 200, False)]
)
def test_a_picture_is_black_when_no_spot_of_it_is_light(light: int, spot: int, black: bool) -> None:
    picture = np.full((90, 161, 3), light, np.uint8)
    picture[40:56, 80:96] = spot
    noise = np.random.default_rng(1).integers(0, 8, picture.shape, np.uint8)
    assert is_black(picture + noise if light < 200 else picture) is black
    assert is_black(np.zeros((4, 4, 3), np.uint8)), "smaller than a spot"
