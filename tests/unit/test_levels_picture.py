"""The picture is sound SVG and shows what it must: the limit, each step with its reason, the mute, the gaps."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from bench.story import Story, frames, hear
from demo.levels_picture import draw_levels
from local import sounds
from moderation.audio.kweighting import SAMPLE_RATE
from moderation.audio.measurement import Gap
from moderation.rules.policy import Mode, Policy
from moderation.rules.rule import Subject
from moderation.rules.steps import Step
from tests.fakes.measured import QUIET

SVG = "{http://www.w3.org/2000/svg}"


def shouted(mode: Mode) -> Story:
    shout = sounds.shout(-9.0, 16.0, SAMPLE_RATE, np.random.default_rng(1))
    return hear(frames(sounds.as_blocks(shout)), Policy(mode=mode), Subject("speaker"))


def drawn(story: Story, who: str = "Deniz") -> ET.Element:
    return ET.fromstring(draw_levels(who, story.measurements, story.decisions, -9.0))  # noqa: S314  # our own


def texts(picture: ET.Element) -> str:
    return "\n".join(text.text or "" for text in picture.iter(f"{SVG}text"))


def test_the_picture_tells_the_story_of_a_mute() -> None:
    story = shouted(Mode.ENFORCE)
    assert [d.step for d in story.decisions] == [Step.NOTICE, Step.WARNING, Step.MUTE]
    picture = drawn(story)
    words = texts(picture)
    assert "Deniz: noticed → warned → muted" in words
    assert "limit \N{MINUS SIGN}9 LUFS" in words
    assert "3  muted for 60 s" in words
    assert words.count("Your sound has been too loud for") == 3
    assert len(picture.findall(f"{SVG}rect[@class='muted']")) == 2


def test_what_was_only_observed_shows_no_mute() -> None:
    picture = drawn(shouted(Mode.OBSERVE))
    assert "observed only" in texts(picture)
    assert len(picture.findall(f"{SVG}rect[@class='muted']")) == 1


def test_a_gap_breaks_the_line() -> None:
    found = [QUIET._replace(at=0.2 * (i + 1)) for i in range(10)]
    found[5] = found[5]._replace(gap=Gap.MUTED, gap_seconds=0.4)
    path = drawn(Story(measurements=found)).find(f"{SVG}path[@class='short'][last()]")
    assert path is not None
    assert path.get("d", "").count("M") == 2


def test_a_name_is_text_and_nothing_else() -> None:
    assert "<b>&" in texts(drawn(Story(measurements=[QUIET]), who="<b>&"))


def test_nothing_measured_is_no_picture() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        draw_levels("Deniz", [], [], -9.0)
