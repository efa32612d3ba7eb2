"""Where the database and LiveKit disagree, each disagreement by name."""

from livekit import api

from moderation.desired import Permission
from moderation.roles import Role, Source
from orchestrator import drift
from orchestrator.livekit_view import Present, Room, present
from orchestrator.records import Participant, RoleRow, SessionRow

RIGHTS = drift.rights_of(
    [
        RoleRow(role="speaker", rank=20, can_publish_sources=["microphone"], can_subscribe=True),
        RoleRow(role="listener", rank=10, can_publish_sources=[], can_subscribe=True),
        RoleRow(role="a_role_of_tomorrow", rank=1, can_publish_sources=[]),
    ]
)
UUID = "00000000-0000-0000-0000-000000000001"
SPEAKS, LISTENS = Permission(frozenset({Source.MICROPHONE})), Permission(frozenset())


def person(user: str, permission: Permission) -> Present:
    return Present(user, f"PA_{user}", 0, permission, ())


def found(
    participants: list[Participant], present: list[Present], banned: str = ""
) -> list[tuple[str, str | None]]:
    drifts = drift.of_people(participants, present, RIGHTS, frozenset(banned.split()), now=1000.0)
    return [(one.what, one.user_id) for one in drifts]


def test_agreement_is_no_drift() -> None:
    rows = [
        Participant(user_id="a", role="speaker", is_online=True),
        Participant(user_id="b", role="speaker", is_online=True, mic_muted=True),
        Participant(user_id="c", role="listener", is_online=False),
    ]
    assert found(rows, [person("a", SPEAKS), person("b", LISTENS)]) == []


def test_obs_beside_the_app_is_the_same_person_with_rights_of_its_own() -> None:
    rows = [Participant(user_id="a", role="speaker", is_online=True)]
    info = api.ParticipantInfo(identity=f"{UUID}:obs", kind=api.ParticipantInfo.Kind.INGRESS)
    assert present(info).identity == UUID
    assert found(rows, [person("a", SPEAKS), person("a", SPEAKS)]) == []
    assert found(rows, [person("a", SPEAKS), person("a", LISTENS)]) == [("permission", "a")]
    assert found([], [person("a", SPEAKS)], banned="a") == [("should_be_out", "a")]


def test_who_has_not_agreed_to_a_recording_listens() -> None:
    row = Participant(user_id="a", role="speaker", is_online=True, publish_until="1970-01-01T00:10:00+00:00")
    assert found([row], [person("a", LISTENS)]) == []
    assert found([row], [person("a", SPEAKS)]) == [("permission", "a")]
    announced = row.model_copy(update={"publish_until": "1970-01-01T00:20:00+00:00"})
    assert found([announced], [person("a", SPEAKS)]) == []


def test_a_mute_that_ran_out_mutes_no_more() -> None:
    row = Participant(
        user_id="a",
        role="speaker",
        is_online=True,
        mic_muted=True,
        mic_muted_until="1970-01-01T00:10:00+00:00",
    )
    assert found([row], [person("a", SPEAKS)]) == []
    assert found([row], [person("a", LISTENS)]) == [("permission", "a")]


def test_each_disagreement_has_its_name() -> None:
    rows = [
        Participant(user_id="gone", role="listener", is_online=True),
        Participant(user_id="loud", role="speaker", is_online=True, mic_muted=True),
        Participant(user_id="late", role="listener", is_online=False),
        Participant(user_id="unpaid", role="listener", is_online=True, access_removed=True),
        Participant(user_id="banned", role="listener", is_online=True),
    ]
    there = [
        person("loud", SPEAKS), person("late", LISTENS), person("unpaid", LISTENS), person("banned", LISTENS),
        person("stranger", LISTENS),
    ]  # fmt: skip
    assert sorted(found(rows, there, banned="banned")) == [
        ("not_in_database", "late"), ("not_in_database", "stranger"), ("not_in_livekit", "gone"),
        ("permission", "loud"), ("should_be_out", "banned"), ("should_be_out", "unpaid"),
    ]  # fmt: skip


def test_the_room_as_a_whole() -> None:
    people = (person("a", LISTENS),)
    live = SessionRow(status="live", last_seq=7, relayed_seq=5)
    assert [one.what for one in drift.of_session(live, Room(people, 0))] == ["no_agent", "relay_behind"]
    assert drift.of_session(SessionRow(status="live", last_seq=5, relayed_seq=5), Room(people, 1)) == []
    assert [one.what for one in drift.of_session(SessionRow(status="ended"), Room(people, 1))] == [
        "room_of_ended"
    ]


def test_roles_that_are_not_known_here_are_left_out() -> None:
    assert set(RIGHTS) == {Role.SPEAKER, Role.LISTENER}
    assert drift.seconds("infinity") is None
