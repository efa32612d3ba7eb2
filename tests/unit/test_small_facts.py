"""Facts that a decision carries along: who is told or recorded, in which words and figures."""

from handlers.effects import RecordLeft, RemoveParticipant
from handlers.facts import Sid
from moderation.rules import howl
from tests.fakes.scene import ADA, SPEAK, SPEAKER, Scene, only


def test_a_kicked_person_is_told_so_and_why() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    told = only(RemoveParticipant, scene.asks("kick", ADA, reason="noise")).notice
    assert (told.identity, told.payload["reason"], told.payload["until"]) == (ADA, "kicked", None)
    assert told.payload["text"]["en"].endswith("(noise)")


def test_a_connection_that_another_replaced_is_recorded_as_its_persons() -> None:
    scene = Scene.open()
    scene.joins(ADA, "first")
    left = only(RecordLeft, scene.joins(ADA, "second"))
    assert (left.identity, left.sid) == (ADA, Sid("first"))


def test_feedback_is_described_in_whole_hertz_and_seconds() -> None:
    words = howl.words(2100.4, 5.4)
    assert "2100 Hz has been ringing for 5 s" in words.en
    assert "5 saniyedir 2100 Hz'de" in words.tr
