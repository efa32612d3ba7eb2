"""The last seconds of one person: 16 kHz, the loudest channel, bounded, and never without a cause."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from agent.livekit.keeping import CLIPS_AT_ONCE, Keeping
from handlers.facts import Identity
from moderation.audio.kept import KEPT_RATE, Block, Cause, LastSeconds, joined
from moderation.audio.kweighting import BLOCK_SAMPLES, SAMPLE_RATE

ADA, BO = Identity("ada"), Identity("bo")
BLOCK = 0.2


def tone(hz: float, blocks: int, amplitude: float = 10_000.0) -> list[NDArray[np.int16]]:
    t = np.arange(BLOCK_SAMPLES * blocks) / SAMPLE_RATE
    wave = (amplitude * np.sin(2 * np.pi * hz * t)).astype(np.int16)
    return [np.stack([part, part], axis=1) for part in np.split(wave, blocks)]


def level(samples: NDArray[np.int16]) -> float:
    """Amplitude of a sine of the same power."""
    return float(np.sqrt(2 * np.mean(samples.astype(float) ** 2)))


@pytest.mark.parametrize(
    ("hz", "lowest", "highest"), [(200, 0.98, 1.02), (4000, 0.95, 1.02), (10_000, 0, 0.03)]
)
def test_what_a_voice_is_made_of_stays_and_nothing_folds_back(
    hz: float, lowest: float, highest: float
) -> None:
    kept = LastSeconds(Cause.CASE, 30.0)
    for n, block in enumerate(tone(hz, 20)):
        kept.add(block, (n + 1) * BLOCK)
    sound, begins = joined(list(kept.blocks))
    assert (len(sound), begins) == (4 * KEPT_RATE, pytest.approx(0.0))
    assert lowest <= level(sound[KEPT_RATE:]) / 10_000 <= highest


def test_blocks_meet_without_a_click() -> None:
    kept = LastSeconds(Cause.CASE, 30.0)
    for n, block in enumerate(tone(440, 10)):
        kept.add(block, (n + 1) * BLOCK)
    sound, _ = joined(list(kept.blocks))
    steepest = 10_000 * 2 * np.pi * 440 / KEPT_RATE
    assert np.abs(np.diff(sound[100:].astype(int))).max() <= steepest * 1.02


def test_the_louder_channel_and_the_loudest_track_are_kept() -> None:
    kept, loud, soft = LastSeconds(Cause.CASE, 30.0), tone(440, 1)[0], tone(440, 1, 1000.0)[0]
    one_sided = np.stack([soft[:, 0], loud[:, 1]], axis=1)
    assert kept.add(one_sided, 1.0) is not None
    assert level(kept.blocks[0].samples) == pytest.approx(10_000, rel=0.05)
    assert kept.add(soft, 1.05) is None, "another track at the same moment, and softer"
    assert kept.add(tone(440, 1, 20_000.0)[0], 1.05) is not None
    assert [round(level(block.samples), -3) for block in kept.blocks] == [20_000]


def test_it_holds_its_seconds_and_a_mebibyte_at_most() -> None:
    kept, block = LastSeconds(Cause.STRIKE, 30.0), tone(440, 1)[0]
    for n in range(1, 400):
        kept.add(block, n * BLOCK)
    assert sum(b.samples.nbytes for b in kept.blocks) == 30 * KEPT_RATE * 2 < 2**20
    sound, begins = joined(list(kept.blocks))
    assert (len(sound) / KEPT_RATE, begins) == (30.0, pytest.approx(399 * BLOCK - 30.0))


def test_where_nothing_came_there_is_silence_and_jitter_opens_no_gap() -> None:
    kept, block = LastSeconds(Cause.STRIKE, 30.0), tone(440, 1)[0]
    for at in (0.2, 0.43, 0.58, 2.0):
        kept.add(block, at)
    sound, _ = joined(list(kept.blocks))
    silent = np.flatnonzero(np.convolve(sound == 0, np.ones(200), "valid") == 200)
    assert silent.min() / KEPT_RATE == pytest.approx(0.6, abs=0.02)
    assert silent.max() / KEPT_RATE == pytest.approx(1.8, abs=0.03)


def test_without_a_cause_there_is_no_buffer() -> None:
    with pytest.raises(TypeError):
        LastSeconds(None, 30.0)  # type: ignore[arg-type]


# -- a room's ------------------------------------------------------------------------

PEOPLE = [Identity(name) for name in "abc"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("keep"), st.sets(st.sampled_from(PEOPLE))),
        st.tuples(st.just("sound"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("left"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("off"), st.none()),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_nobodys_sound_is_in_memory_without_a_cause(steps: Sequence[tuple[str, object]]) -> None:
    keeping, causes, block = Keeping(), set[Identity](), tone(440, 1)[0]
    for n, (what, who) in enumerate(steps):
        match what:
            case "keep":
                causes = set(who)  # type: ignore[call-overload]
                keeping.keep(dict.fromkeys(causes, Cause.CASE), 30.0)
            case "sound":
                keeping.add(who, block, n * BLOCK)  # type: ignore[arg-type]
                assert (who in keeping.kept) == (who in causes)
            case "left":
                keeping.forget(who)  # type: ignore[arg-type]
                assert who not in keeping.kept
            case _:
                causes = set()
                keeping.close()
        assert keeping.kept.keys() <= causes


async def test_a_clip_is_what_was_kept_and_what_follows_and_nobody_elses() -> None:
    keeping, block = Keeping(), tone(440, 1)[0]
    keeping.keep({ADA: Cause.STRIKE, BO: Cause.CASE}, 1.0)
    done = asyncio.get_running_loop().create_future()
    for n in range(10):
        keeping.add(ADA, block, n * BLOCK)
        keeping.add(BO, block, n * BLOCK)
    keeping.clip(ADA, 0.05, done.set_result)
    for n in range(10, 13):
        keeping.add(ADA, block, n * BLOCK)
    keeping.keep({}, 1.0)  # forgiven: the clip was begun for a cause
    keeping.add(ADA, block, 13 * BLOCK)
    blocks: Sequence[Block] = await asyncio.wait_for(done, 5)
    assert [round(b.at, 1) for b in blocks] == [1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4]
    assert not keeping.kept


async def test_a_room_that_is_let_go_ends_its_clips_with_what_they_have() -> None:
    keeping, found = Keeping(), list[Sequence[Block]]()
    keeping.clip(ADA, 60.0, found.append)
    keeping.keep({ADA: Cause.STRIKE, BO: Cause.STRIKE}, 30.0)
    for _ in range(CLIPS_AT_ONCE + 1):
        keeping.clip(ADA, 60.0, found.append)
    keeping.clip(BO, 60.0, found.append)
    keeping.add(ADA, tone(440, 1)[0], 1.0)
    keeping.close()
    assert [len(blocks) for blocks in found] == [1] * CLIPS_AT_ONCE
    assert not keeping.kept
