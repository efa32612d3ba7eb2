"""Every sentence that a person reads from a rule is written as sentences are, in both languages."""

import re
from collections.abc import Mapping

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

SAID: Mapping[str, Words] = {
    "clipping": clipping.words(0.25),
    "dead air": dead_air.words(12.0),
    "sound as a picture": disguise.words(sound=True, seconds=60.0),
    "a picture as sound": disguise.words(sound=False, seconds=60.0),
    "again": disguise.words(sound=True, seconds=None),
    "howl": howl.words(2100.0, 5.0),
    "hum": hum.words(50.0, -38.0),
    "noise": noise.words(-40.0, 12.0),
    "not allowed": not_allowed.words(-20.0),
    "encrypted": not_measurable.words(encrypted=True),
    "shut out": not_measurable.words(encrypted=False),
    "scream": scream.words(-5.0, 14.0),
    "too loud": too_loud.words(-8.0, -9.0, 2.0),
    "too many tracks": too_many_tracks.words(20, 16),
    **{step.value: said for step in Step if (said := consequence(Rung(step, seconds=60.0))) is not NOTHING},
}
UNITS = {"LUFS", "LIVE"}
LETTERS = "A-ZÇĞİÖŞÜ"


@pytest.mark.parametrize("language", Words._fields)
@pytest.mark.parametrize("said", SAID)
def test_a_sentence_begins_and_ends_as_one_and_shouts_nothing(said: str, language: str) -> None:
    text = getattr(SAID[said], language)
    sentences = re.split(r"(?<=[.!?]) ", text)
    assert all(re.match(rf"[{LETTERS}0-9]", sentence) for sentence in sentences), text
    assert text.endswith(".")
    assert not set(re.findall(rf"\b[{LETTERS}]{{2,}}\b", text)) - UNITS, text
    assert not re.search(r"XX|None|  |\{|\}", text), text


def test_no_sentence_is_the_same_in_both_languages_or_said_of_two_things() -> None:
    assert all(words.en != words.tr for words in SAID.values())
    for language in Words._fields:
        texts = [getattr(words, language) for words in SAID.values()]
        assert len(set(texts)) == len(texts)


def test_numbers_are_written_as_each_language_writes_them() -> None:
    assert number(-1.25, 2) == ("\N{MINUS SIGN}1.25", "\N{MINUS SIGN}1,25")
    assert number(3.96) == ("4.0", "4,0")
    assert number(60.0, 0) == ("60", "60")
