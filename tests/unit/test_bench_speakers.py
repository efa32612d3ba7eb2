"""The voices that score the rule for clipping are chosen by a rule, and none is among those it was tuned on."""

import pytest

from bench.hearing_sounds import voices
from bench.hearing_sounds.speakers import HELD_OUT, TUNED_ON, by_rule


def test_a_voice_is_in_by_its_name_alone_and_the_languages_take_turns() -> None:
    names = ["f3", "whisper", "UniRobot", "Alex", "m3", "fast", "m8"]
    assert [speaker.voice for speaker in by_rule(names)] == ["en-us+Alex", "tr+f3", "en-us+m8"]
    assert by_rule(reversed(names)) == by_rule(names)


@pytest.mark.skipif(not voices.variants(), reason="eSpeak NG is not here")
def test_no_voice_scores_that_the_thresholds_were_found_with() -> None:
    assert len(HELD_OUT) >= 90
    assert not {speaker.voice for speaker in HELD_OUT} & {speaker.voice for speaker in TUNED_ON}
