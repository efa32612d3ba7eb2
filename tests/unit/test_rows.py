"""The border to the database: what it answers becomes our types, and what is odd is named without being repeated."""

from typing import Any

import pytest

from agent.supabase.rows import person, pulled, snapshot
from agent.supabase.shape import ShapeError
from handlers.facts import Connection, Identity, Sid, StandingStrikes, Status
from moderation.desired import Desired, Permission, Removal
from moderation.roles import Role, RoleRights, Source

MOMENT, SECONDS = "2027-01-15T08:00:00.5+00:00", 1_800_000_000.5
PERMISSION = {"can_publish": True, "can_publish_sources": [], "can_subscribe": True}
PERSON: dict[str, Any] = {
    "user_id": "ada",
    "role": "speaker",
    "mic_muted": True,
    "mic_muted_until": MOMENT,
    "camera_off": False,
    "removed": {"reason": "banned", "until": None, "why": "spam"},
    "connection": {"sid": "PA_1", "joined_at_ms": 1, "permission": PERMISSION},
}
ACTION = {
    "id": "row-1", "n": 7, "action": "mute", "target_user_id": "ada", "params": {"seconds": 5}, "reason": None,
    "created_at": MOMENT, "connections": ["PA_1"], "requested_via": "app",
}  # fmt: skip
EVENT = {"seq": 3, "id": "e", "type": "gift", "at": MOMENT, "payload": {"coins": 5}}
NEWS: dict[str, Any] = {"status": "live", "people": [PERSON], "actions": [ACTION], "events": [EVENT]}
SNAPSHOT: dict[str, Any] = {
    "kind": "session",
    "context": "audio_room",
    "status": "live",
    "roles": {"speaker": {"rank": 20, "can_publish_sources": ["microphone"], "can_subscribe": True}},
    "people": [PERSON],
    "open_visits": [{"participant_sid": "PA_1", "user_id": "ada"}],
    "relayed_seq": 2,
    "policy": {"mode": "observe"},
    "strikes": [{"user_id": "ada", "strikes": 1.5, "step": "warning", "at": MOMENT}],
}


def test_a_person_is_what_the_row_says() -> None:
    found = person(PERSON)
    assert found.desired == Desired(
        Role.SPEAKER, mic_muted=True, mic_muted_until=SECONDS, removal=Removal("banned", None, "spam")
    )
    everything = Permission(frozenset(Source), can_subscribe=True)
    assert found.connection == Connection(Sid("PA_1"), 1, everything), "no source named means all of them"


def test_what_only_sessions_have_is_read_where_it_is() -> None:
    more = {
        "chat_muted": True,
        "chat_muted_until": MOMENT,
        "invited_role": "speaker",
        "access_ends_at": MOMENT,
    }
    desired = person({**PERSON, **more}).desired
    assert (desired.chat_muted, desired.chat_muted_until, desired.access_ends_at) == (True, SECONDS, SECONDS)
    assert (desired.invited_role, desired.invite_expires_at) == (Role.SPEAKER, None)


def test_news_and_a_snapshot_become_events_of_the_room() -> None:
    news = pulled({**NEWS, "of_a_later_version": 1})
    (action,), (event,) = news.actions, news.events
    assert (action.id, action.target, action.params, action.via) == ("row-1", "ada", {"seconds": 5}, "app")
    assert action.created_at_ms == round(SECONDS * 1000)
    assert action.connections == {"PA_1"}
    assert (event.seq, event.at, event.payload) == (3, MOMENT, {"coins": 5})
    assert (news.status, news.policy, news.levels_watched) == (Status.OPEN, None, False)
    room = snapshot(SNAPSHOT)
    assert room.rights == {Role.SPEAKER: RoleRights(20, frozenset({Source.MICROPHONE}))}
    assert (room.default_role, room.streams, room.relayed_seq) == (Role.LISTENER, True, 2)
    assert room.open_visits == ((Sid("PA_1"), Identity("ada")),)
    assert room.strikes == (StandingStrikes(Identity("ada"), 1.5, "warning", SECONDS),)


def test_a_call_has_no_policy_and_no_default_role() -> None:
    room = snapshot({**SNAPSHOT, "kind": "call", "context": "call", "status": "ended"})
    assert (room.policy, room.default_role, room.streams, room.status) == (None, None, False, Status.OVER)


@pytest.mark.parametrize(
    ("odd", "names"),
    [
        ({"role": "emperor of spam"}, "role"),
        ({"mic_muted": None}, "mic_muted"),
        ({"removed": {"until": None}}, "removed.reason"),
        ({"connection": {"sid": "PA_1"}}, "connection.joined_at_ms"),
        ({"mic_muted_until": "emperor of spam"}, "mic_muted_until"),
    ],
)
def test_an_odd_field_is_named_and_what_people_wrote_is_not_repeated(odd: dict[str, Any], names: str) -> None:
    with pytest.raises(ShapeError) as refused:
        pulled({**NEWS, "people": [{**PERSON, **odd}]})
    assert f"people.0.{names}" in str(refused.value)
    assert "emperor" not in str(refused.value)
