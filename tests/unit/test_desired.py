"""A permission as rows and tokens write it."""

from moderation.desired import Permission
from moderation.roles import Source


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
