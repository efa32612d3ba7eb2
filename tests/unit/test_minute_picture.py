"""The picture of a moderator's minute says what was done and when, and is a picture."""

from xml.etree import ElementTree as ET

import pytest

from demo.minute_picture import draw_minute

STEPS = [(2.0, "signed in"), (9.5, "found <the> room"), (31.25, "muted: 120 ms")]


def test_each_step_is_there_at_its_place_and_the_whole_against_the_limit() -> None:
    picture = ET.fromstring(draw_minute("A minute", STEPS, 60.0))  # noqa: S314  # our own
    words = [element.text for element in picture.iter() if element.text and element.text.strip()]
    for at, what in STEPS:
        assert what in words
        assert f"{at:.1f} s" in words
    assert "31.2 s of 60" in words
    marks = [
        element.get("d", "")
        for element in picture.iter("{http://www.w3.org/2000/svg}path")
        if element.get("stroke")
    ]
    places = [float(mark[1:].split()[0]) for mark in marks]
    assert places == sorted(places)
    assert places[0] == pytest.approx(40 + 880 * 2 / 60, abs=0.1)


def test_nothing_done_is_no_picture() -> None:
    with pytest.raises(ValueError, match="nothing was done"):
        draw_minute("A minute", [], 60.0)
