"""Each rule on sound that has been through a room: encoded, sent and decoded. Everybody speaks at once, in one room."""

import math
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from itertools import dropwhile, pairwise

import numpy as np
import pytest

from agent.core.lease import RoomName
from bench.hearing_entries import entries
from bench.hearing_offenders import chance
from bench.hearing_sounds import voices
from bench.hearing_sounds.instruments import limited
from bench.hearing_sounds.offences import Loop, overdriven
from local import sounds
from local.people.sound import RATE, SpokenSound
from local.people.waiting import until
from local.stack import Stack
from moderation.audio.measurement import Measurement
from moderation.rule_names import Rule
from moderation.rules.clipping import Clipping
from moderation.rules.hum import HumLimits
from moderation.rules.judge import Watch, judge
from moderation.rules.noise import Noise
from moderation.rules.policy import Mode, Policy
from moderation.rules.rule import Subject
from moderation.rules.too_loud import TooLoud
from tests.integration.hidden_listener import entering, listening

SECONDS = 12.0
BLOCKS = 55
"""Eleven seconds of them."""
TURNS = 3
Found = Callable[[dict[str, list[Measurement]]], bool]
POLICY = Policy(mode=Mode.ENFORCE).having(HumLimits(grace_seconds=4.0), Noise(grace_seconds=4.0))
INNOCENT = {
    "flute, one long note": set[Rule](),
    "violin melody": set[Rule](),
    "busy tone": set[Rule](),
    "speech, tr+f2": set[Rule](),
    "ground loop, drifting by 1 %": {Rule.HUM},
    "hiss": {Rule.NOISE},
}
pytestmark = pytest.mark.skipif(not voices.can_speak(), reason="eSpeak NG has no voices here")


def broken(found: list[Measurement], subject: Subject, policy: Policy) -> set[Rule]:
    watch, rules = Watch(), set[Rule]()
    for m in found:
        watch, verdicts = judge(watch, m, subject, policy)
        rules |= {v.rule for v in verdicts}
    return rules


def reached(counted: Callable[[], int], enough: int) -> bool:
    return counted() >= enough


async def heard(
    stack: Stack, made: dict[str, sounds.Signal], found: Found = lambda _: True
) -> dict[str, list[Measurement]]:
    """What is measured of each, all of them published into one room: once, or again and again until `found`, since a
    busy machine loses some of what is played, and then nobody can say how long it lasted."""
    room = RoomName(f"rules-{uuid.uuid4()}")
    people: dict[str, str] = {}
    async with AsyncExitStack() as guests, listening(stack, room) as listener:
        listener.sounds.hear(on=True)
        for name, signal in made.items():
            person = await guests.enter_async_context(
                entering(stack, room, SpokenSound(name, sounds.as_int16(signal)))
            )
            await person.publish()
            people[name] = person.room.local_participant.identity

        def shortest() -> int:
            return min(len(listener.measured_of(who)) for who in people.values())

        for turn in range(1, TURNS + 1):
            await until("all are heard", partial(reached, shortest, turn * BLOCKS), 60.0)
            measured = {name: listener.measured_of(who) for name, who in people.items()}
            if found(measured):
                break
        return measured


async def test_six_innocent_sounds_get_nothing_but_the_tip_that_fits(stack: Stack) -> None:
    table = {e.name: e for e in entries()}
    made = {name: sounds.at_rms(table[name].make(SECONDS, chance(name)), -30.0) for name in INNOCENT}

    def tipped(measured: dict[str, list[Measurement]]) -> bool:
        return all(
            tips <= broken(measured[name], Subject("speaker"), POLICY) for name, tips in INNOCENT.items()
        )

    found = await heard(stack, made, tipped)
    for name, tips in INNOCENT.items():
        assert broken(found[name], Subject("speaker"), POLICY) == tips, name
    for name in set(INNOCENT) - {"ground loop, drifting by 1 %"}:
        assert sum(m.audible_seconds for m in found[name][-25:]) >= 1.0, name


async def test_every_offence_is_found(stack: Stack) -> None:
    rng = np.random.default_rng(5)
    said = sounds.at_rms(voices.spoken("tr", SECONDS), -26.0)
    made = {
        Rule.CLIPPING: overdriven(voices.spoken("tr", SECONDS), 17.0),
        Rule.HOWL: Loop(0.1, 4.0).heard(said, 2.0, rng)[0],
        Rule.TOO_LOUD: sounds.shout(-8.0, SECONDS, RATE, rng),
        Rule.SCREAM: np.concatenate(
            [sounds.speech(-32.0, 5.0, RATE, rng), sounds.tone(900, -2.0, 3.0, RATE)]
        ),
        Rule.NOT_ALLOWED: sounds.speech(-25.0, SECONDS, RATE, rng),
    }
    alone = POLICY.having(TooLoud(threshold_lufs=-10.0))

    def missed(measured: dict[str, list[Measurement]]) -> set[Rule]:
        subjects = {rule: Subject("listener", may_be_heard=rule is not Rule.NOT_ALLOWED) for rule in made}
        return {rule for rule in made if rule not in broken(measured[rule.value], subjects[rule], alone)}

    named = {rule.value: signal for rule, signal in made.items()}
    assert missed(await heard(stack, named, lambda measured: not missed(measured))) == set()


async def test_an_overdriven_voice_is_found_within_the_grace_and_no_loud_one(stack: Stack) -> None:
    """Whatever the gain; clean loud speech and mastered music are not cut."""
    cut = {
        f"overdriven by {gain:g} dB": overdriven(voices.spoken("tr", SECONDS), gain)
        for gain in (14.0, 20.0, 40.0)
    }
    clean = {
        "loud speech": 0.95 * voices.spoken("tr+f2", SECONDS),
        "a voice whose peaks are held": limited(voices.spoken("en-us", SECONDS), 12.0),
        "mastered music": limited(sounds.music(-20.0, SECONDS, RATE, np.random.default_rng(8)), 8.0),
    }
    found = await heard(stack, cut | clean)
    for name in clean:
        assert Rule.CLIPPING not in broken(found[name], Subject("speaker"), POLICY), name
    for name in cut:
        assert longest_unfound(found[name]) <= POLICY[Clipping].grace_seconds + 1.0, name


def longest_unfound(measured: list[Measurement]) -> float:
    """Seconds of an overdriven voice without a break, until it was found. What a busy machine loses is a break: the
    three seconds that are looked at begin anew."""
    longest = stretch = 0.0
    loud = dropwhile(lambda m: m.peak_dbfs <= -3.0, measured)
    for before, m in pairwise(loud):
        if m.clipped_ratio_3s >= 0.01 and m.clipped_seconds >= 2.99:
            return longest
        stretch = stretch + m.seconds if m.at - before.at < 1.5 * m.seconds else 0.0
        longest = max(longest, stretch)
    return math.inf


async def test_only_an_empty_room_is_inaudible(stack: Stack) -> None:
    rng = np.random.default_rng(6)
    made = {
        "empty": sounds.white_noise(-66.0, SECONDS, RATE, rng),
        "whisper": sounds.at_rms(voices.whispered("tr", SECONDS, rng), -62.0),
    }
    found = await heard(stack, made)
    audible = {name: sum(m.audible_seconds for m in measured[10:]) for name, measured in found.items()}
    assert audible["empty"] < 0.5
    assert audible["whisper"] > 1.0
