"""Every sentence that a person reads from a rule is written as sentences are, in both languages."""

import re
from collections.abc import Callable, Mapping
from functools import partial

import pytest

from moderation.rules import (
    clipping,
    dead_air,
    disguise,
    howl,
    hum,
    noise,
    not_allowed,
    not_measurable,
    scream,
    too_loud,
    too_many_tracks,
)
from moderation.rules.consequences import consequence
from moderation.rules.policy import Rung
from moderation.rules.steps import Step
from moderation.words import NOTHING, Words, number

SAYING = (Step.WARNING, Step.MUTE, Step.DEMOTE, Step.CALL_HUMAN)
SAID: Mapping[str, Callable[[], Words]] = {
    "clipping": partial(clipping.words, 0.25),
    "dead air": partial(dead_air.words, 12.0),
    "sound as a picture": partial(disguise.words, sound=True, seconds=60.0),
    "a picture as sound": partial(disguise.words, sound=False, seconds=60.0),
    "again": partial(disguise.words, sound=True, seconds=None),
    "howl": partial(howl.words, 2100.0, 5.0),
    "hum": partial(hum.words, 50.0, -38.0),
    "noise": partial(noise.words, -40.0, 12.0),
    "not allowed": partial(not_allowed.words, -20.0),
    "encrypted": partial(not_measurable.words, encrypted=True),
    "shut out": partial(not_measurable.words, encrypted=False),
    "scream": partial(scream.words, -5.0, 14.0),
    "too loud": partial(too_loud.words, -8.0, -9.0, 2.0),
    "too many tracks": partial(too_many_tracks.words, 20, 16),
    **{step.value: partial(consequence, Rung(step, seconds=60.0)) for step in SAYING},
}
"""Said when a test asks, so that it is seen which function a test is about."""
UNITS = {"LUFS", "LIVE"}
LETTERS = "A-ZÇĞİÖŞÜ"


@pytest.mark.parametrize("language", Words._fields)
@pytest.mark.parametrize("said", SAID)
def test_a_sentence_begins_and_ends_as_one_and_shouts_nothing(said: str, language: str) -> None:
    text = getattr(SAID[said](), language)
    sentences = re.split(r"(?<=[.!?]) ", text)
    assert all(re.match(rf"[{LETTERS}0-9]", sentence) for sentence in sentences), text
    assert text.endswith(".")
    assert not set(re.findall(rf"\b[{LETTERS}]{{2,}}\b", text)) - UNITS, text
    assert not re.search(r"XX|None|  |\{|\}", text), text


def test_no_sentence_is_the_same_in_both_languages_or_said_of_two_things() -> None:
    everything = [say() for say in SAID.values()]
    assert all(words.en != words.tr for words in everything)
    for language in Words._fields:
        texts = [getattr(words, language) for words in everything]
        assert len(set(texts)) == len(texts)


def test_numbers_are_written_as_each_language_writes_them() -> None:
    assert number(-1.25, 2) == ("\N{MINUS SIGN}1.25", "\N{MINUS SIGN}1,25")
    assert number(3.96) == ("4.0", "4,0")
    assert number(60.0, 0) == ("60", "60")


MEASURED = {
    "clipping": ["25.0"], "dead air": ["12"], "sound as a picture": ["60"], "a picture as sound": ["60"],
    "howl": ["2100", "5"], "hum": ["50", "-38"], "noise": ["12", "-40"], "not allowed": ["-20"],
    "scream": ["-5.0", "14"], "too loud": ["2", "-8.0", "-9.0"], "too many tracks": ["20", "16"], "mute": ["60"],
}  # fmt: skip
"""The numbers of each sentence, as in English, with a plain minus."""


@pytest.mark.parametrize("said", SAID)
def test_a_sentence_names_what_was_measured(said: str) -> None:
    words, expected = SAID[said](), MEASURED.get(said, [])
    numbers = re.compile("-?[0-9]+(?:[.,][0-9]+)?")
    assert sorted(numbers.findall(words.en.replace("\N{MINUS SIGN}", "-"))) == sorted(expected)
    assert sorted(numbers.findall(words.tr.replace("\N{MINUS SIGN}", "-"))) == sorted(
        each.replace(".", ",") for each in expected
    )


def test_what_a_person_is_not_told_has_no_words() -> None:
    silent = set(Step) - set(SAYING)
    assert {consequence(Rung(step, seconds=60.0)) for step in silent} == {NOTHING}
