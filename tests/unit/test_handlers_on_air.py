"""What of a host is recorded as on air: camera and microphone, published and not muted; of nobody else anything."""

from handlers.effects import RecordMedia
from handlers.events import PresenceRecorded
from handlers.facts import PersonFacts, Sid, Switch, Switches
from moderation.roles import Source
from tests.fakes.scene import ADA, BO, EVERYTHING, HOST, NOTHING, SPEAKER, Scene, of, only

ON, MUTED, OFF = Switch.ON, Switch.MUTED, Switch.OFF
BOTH = frozenset({Source.MICROPHONE, Source.CAMERA})


def test_a_hosts_camera_and_microphone_are_told_when_they_change() -> None:
    scene = Scene.hosted()
    told = [
        only(RecordMedia, scene.switches(ADA, switches)).flowing
        for switches in (Switches(ON, ON), Switches(MUTED, ON), Switches(MUTED, OFF), Switches(OFF, ON))
    ]
    assert told == [BOTH, {Source.CAMERA}, set(), {Source.CAMERA}]


def test_what_has_not_changed_is_told_once() -> None:
    scene = Scene.hosted()
    first = only(RecordMedia, scene.switches(ADA, Switches(ON, OFF)))
    assert (first.sid, first.at_ms) == (Sid(f"sid-{ADA}"), round(scene.now * 1000))
    assert of(RecordMedia, scene.switches(ADA, Switches(ON, OFF)) + scene.passes(60)) == []


def test_of_a_speaker_nothing_is_recorded() -> None:
    scene = Scene.hosted(desired=SPEAKER)
    assert of(RecordMedia, scene.switches(BO, Switches(ON, OFF))) == []


def test_a_host_whose_role_is_known_later_is_told_about_then() -> None:
    scene = Scene.open()
    scene.joins(BO, permission=EVERYTHING)
    assert of(RecordMedia, scene.switches(BO, Switches(ON, OFF))) == []
    learned = scene.happens(PresenceRecorded(PersonFacts(BO, HOST)))
    assert only(RecordMedia, learned).flowing == {Source.MICROPHONE}


def test_a_new_connection_is_told_anew() -> None:
    scene = Scene.hosted()
    scene.switches(ADA, Switches(ON, OFF))
    scene.leaves(ADA)
    scene.joins(ADA, sid="another", permission=NOTHING)
    assert of(RecordMedia, scene.passes(1)) == []
    scene.state.hearing.switches[ADA] = Sid("another"), Switches(ON, OFF)
    assert only(RecordMedia, scene.passes(60)).sid == "another"
