"""Words: who is not flagged is never transcribed, K at once, and a transcript without a match leaves no trace."""

import asyncio
import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit.agents import stt

from local.people.waiting import until
from speech.engine import MOST_OF_ONE, MOST_WAITING, Engine
from speech.ports import Flagged, Heard, Orders, SpeechRoom, Told
from speech.scripted import ScriptedSpeech
from speech.windows import MOST_SECONDS, OVER_SECONDS, OVERLAP_SECONDS, RATE, SpeechWindows, Window
from speech.words import Lists

PIECE = 512
BO = Flagged("room", "bo")
WINDOW = Window(np.zeros(RATE * 2, np.int16), 10.0, 12.0)
RULES = [
    {"pattern": "kill you", "kind": "threat", "exact_letters": False},
    {"pattern": "siktir*", "kind": "words", "exact_letters": False},
    {"pattern": "göt", "kind": "words", "exact_letters": True},
    {"pattern": "öldürürüm", "kind": "threat", "exact_letters": False},
    {"pattern": "you're dead", "kind": "threat", "exact_letters": False},
]


class Bench:
    """An engine, its script, and what it found."""

    def __init__(self, *lines: str, flagged: frozenset[str] = frozenset({"bo"})) -> None:
        self.plugin, self.found = ScriptedSpeech(lines=lines), list[Heard]()
        self.told = Told(Orders({"room": SpeechRoom("room", flagged)}))
        self.engine = Engine(self.plugin, self.told.is_flagged, self._take)
        self.engine.settle(2, RULES)

    async def _take(self, heard: Heard) -> None:
        self.found.append(heard)

    async def hears(self, windows: int, of: Flagged = BO) -> None:
        """All of them are done."""
        for _ in range(windows):
            self.engine.hear(WINDOW, of)
        running = asyncio.create_task(self.engine.run())
        counts = self.engine.counts
        await until("all done", lambda: counts.transcribed + counts.dropped + counts.failed >= windows, 5.0)
        running.cancel()
        await asyncio.wait({running})


async def test_what_is_found_are_the_rules_that_were_met_and_when() -> None:
    bench = Bench("Seni bulursam ÖLDÜRÜRÜM dedim.", "Bugün hava çok güzel.")
    await bench.hears(2)
    assert bench.found == [Heard(BO, ["öldürürüm"], 10.0, 12.0)]
    assert bench.engine.counts.transcribed == 2


async def test_who_is_not_flagged_never_reaches_the_transcriber() -> None:
    bench = Bench("I will kill you", flagged=frozenset())
    await bench.hears(3)
    assert (bench.plugin.heard_seconds, bench.found, bench.engine.counts.dropped) == ([], [], 3)
    with pytest.raises(TypeError, match="flagged"):
        bench.engine.hear(WINDOW, "bo")  # type: ignore[arg-type]


async def test_who_is_flagged_no_more_while_the_window_waits_is_not_transcribed() -> None:
    bench = Bench("I will kill you")
    bench.engine.hear(WINDOW, BO)
    bench.told.orders = Orders()
    running = asyncio.create_task(bench.engine.run())
    await until("it is dropped", lambda: bench.engine.counts.dropped, 5.0)
    running.cancel()
    await asyncio.wait({running})
    assert bench.plugin.heard_seconds == []


async def test_a_transcript_is_neither_logged_nor_kept(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(ScriptedSpeech):
        async def _recognize_impl(self, *_: object, **__: object) -> stt.SpeechEvent:
            raise ValueError("could not say: my secret is 1234")

    caplog.set_level(logging.DEBUG)
    quiet, failing = Bench("my secret is 1234"), Bench()
    failing.engine.plugin = Failing()
    await quiet.hears(2)
    await failing.hears(1)
    assert failing.engine.counts.failed == 1
    assert "secret" not in caplog.text
    assert "secret" not in repr(vars(quiet.plugin) | {"found": quiet.found}).replace(
        repr(quiet.plugin._lines), ""
    )


async def test_no_more_than_k_are_transcribed_at_once_and_the_oldest_that_wait_are_dropped() -> None:
    bench, together, most = Bench("nothing"), 0, 0

    class Slow(ScriptedSpeech):
        async def _recognize_impl(self, *arguments: object, **named: object) -> stt.SpeechEvent:
            nonlocal together, most
            together, most = together + 1, max(most, together + 1)
            await asyncio.sleep(0.001)
            together -= 1
            return await super()._recognize_impl(*arguments, **named)  # type: ignore[arg-type]

    bench.engine.plugin = Slow(lines=["nothing"])
    await bench.hears(MOST_OF_ONE + 5)
    assert most == 2
    assert bench.engine.counts.dropped == 5


def speakers(count: int) -> list[Flagged]:
    return [Flagged("room", f"s{number}") for number in range(count)]


async def test_who_says_much_delays_nobody_else_and_costs_nobody_a_window() -> None:
    """Whatever one sends, by however many microphones, another waits for one window of theirs at most."""
    taken = list[str]()
    bench = Bench()
    bench.engine.at_once = 1
    bench.engine.is_flagged = lambda of: taken.append(of.identity) is None
    for of in (*[BO] * 100, Flagged("room", "cy")):
        bench.engine.hear(WINDOW, of)
    running = asyncio.create_task(bench.engine.run())
    await until("all are done", lambda: bench.engine.counts.dropped == 101 - MOST_OF_ONE - 1, 5.0)
    await until("none waits", lambda: len(taken) == MOST_OF_ONE + 1, 5.0)
    running.cancel()
    await asyncio.wait({running})
    assert taken.index("cy") == 1
    assert taken.count("bo") == MOST_OF_ONE


async def test_where_too_much_waits_who_has_most_of_it_makes_room() -> None:
    bench = Bench()
    others = speakers(MOST_WAITING - MOST_OF_ONE)
    for of in (*[BO] * MOST_OF_ONE, *others):
        bench.engine.hear(WINDOW, of)
    bench.engine.hear(WINDOW, Flagged("room", "the last"))
    assert bench.engine.counts.dropped == 1
    waiting = [bench.engine._next() for _ in range(MOST_WAITING)]
    names = [item.of.identity for item in waiting if item is not None]
    assert names.count("bo") == MOST_OF_ONE - 1
    assert set(names) == {"bo", "the last", *(of.identity for of in others)}
    assert bench.engine._next() is None


async def test_how_long_windows_wait_and_take_is_counted() -> None:
    bench = Bench("nothing")
    await bench.hears(2)
    for histogram in (bench.engine.counts.waited, bench.engine.counts.took):
        [count] = [s.value for s in histogram.collect()[0].samples if s.name.endswith("_count")]
        assert count == 2


@pytest.mark.parametrize(
    ("said", "met"),
    [
        ("If you come here, I will KILL YOU!", ["kill you"]),
        ("You\u2019re dead.", ["you're dead"]),
        ("Sıktır git; siktirin gidin.", ["siktir*"]),
        ("Göt dedi, got it dedi", ["göt"]),
        ("I got it, and the skill you have is great", []),
        ("", []),
    ],
)
def test_words_are_met_as_a_transcriber_writes_them(said: str, met: list[str]) -> None:
    assert Lists(RULES).met(said) == met


# -- windows -------------------------------------------------------------------------


def cut(speech: list[tuple[bool, float]]) -> list[Window]:
    """SpeechWindows of (speaking, seconds) in turn."""
    windows, found, at, number = SpeechWindows(), list[Window | None](), 100.0, 0
    for speaking, seconds in speech:
        for _ in range(round(seconds * RATE / PIECE)):
            at += PIECE / RATE
            number += 1
            found.append(windows.add(np.full(PIECE, number % 30_000, np.int16), at, speaking=speaking))
    found.append(windows.flush())
    return [window for window in found if window is not None]


def test_an_utterance_ends_soon_after_its_last_word_and_carries_what_was_before_it() -> None:
    [window] = cut([(False, 5.0), (True, 3.0), (False, 3.0)])
    assert window.ends - window.begins == pytest.approx(3.0, abs=0.1)
    assert len(window.samples) / RATE == pytest.approx(0.5 + 3.0 + OVER_SECONDS, abs=0.1)


def test_short_pauses_do_not_cut_before_seven_seconds_and_do_after() -> None:
    lengths = [len(window.samples) / RATE for window in cut([(True, 2.0), (False, 0.5)] * 6)]
    assert lengths[0] == pytest.approx(7.3, abs=0.4)
    assert all(7.0 <= length <= MOST_SECONDS for length in lengths[:-1])


def test_who_never_pauses_is_cut_at_fourteen_seconds_with_an_overlap() -> None:
    first, second, _ = cut([(True, 30.0)])
    assert len(first.samples) / RATE == pytest.approx(MOST_SECONDS, abs=0.1)
    overlap = round(OVERLAP_SECONDS * RATE)
    assert (first.samples[-overlap:] == second.samples[:overlap]).all()


def test_a_cough_is_no_window() -> None:
    assert cut([(False, 1.0), (True, 0.1), (False, 2.0)]) == []


@given(st.lists(st.tuples(st.booleans(), st.floats(0.05, 6.0)), max_size=12))
def test_no_window_is_longer_than_fourteen_seconds_and_silence_is_not_gathered(
    speech: list[tuple[bool, float]],
) -> None:
    windows = cut(speech)
    assert all(len(window.samples) / RATE <= MOST_SECONDS + OVER_SECONDS + 0.6 for window in windows)
    spoken = sum(seconds for speaking, seconds in speech if speaking)
    assert sum(window.ends - window.begins for window in windows) <= spoken * 1.1 + 12 * OVER_SECONDS
