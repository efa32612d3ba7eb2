"""A permission as rows and tokens write it."""

from moderation.desired import Desired, Permission, effective_permission
from moderation.roles import Role, RoleRights, Source


def test_a_permission_in_json_names_its_sources_in_order() -> None:
    both = Permission(frozenset({Source.MICROPHONE, Source.CAMERA}), can_subscribe=False)
    assert both.as_json() == {
        "can_publish": True,
        "can_publish_sources": ["camera", "microphone"],
        "can_subscribe": False,
    }


def test_who_may_publish_nothing_is_named_no_source() -> None:
    nothing = Permission(frozenset()).as_json()
    assert nothing == {"can_publish": False, "can_publish_sources": [], "can_subscribe": True}


def test_who_has_not_agreed_to_a_recording_listens_from_then_on() -> None:
    rights = {Role.SPEAKER: RoleRights(20, frozenset({Source.MICROPHONE}), can_subscribe=True)}
    asked = Desired(Role.SPEAKER, publish_until=100.0)
    assert effective_permission(asked, rights, 99.9).sources == {Source.MICROPHONE}
    assert asked.next_change(99.9) == 100.0
    listens = effective_permission(asked, rights, 100.0)
    assert listens == Permission(frozenset(), can_subscribe=True)
    assert asked.next_change(100.0) is None
