"""What people are told about how they stand: what is true, once, and what happened before the room showed them."""

from handlers.effects import Notify, RemoveParticipant, SetPermission
from handlers.facts import PersonFacts
from handlers.notice_types import NoticeType
from moderation.desired import Desired, Removal
from moderation.roles import Role
from tests.fakes.scene import ADA, LISTENER, MUTED_SPEAKER, NOTHING, SPEAK, SPEAKER, Scene, of, only

MUTED_LISTENER = Desired(Role.LISTENER, mic_muted=True)


def test_a_notice_says_until_when_and_why() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    until = Desired(Role.SPEAKER, True, scene.now + 60)
    told = only(Notify, scene.confirms(only(SetPermission, scene.asks("mute", ADA, until, reason="noise"))))
    assert told.identity == ADA
    assert told.payload["until"].startswith("2027-01-15T08:01:00")
    assert told.payload["text"]["en"].endswith("(noise)")
    assert told.payload["text"]["tr"].endswith("(noise)")


def test_an_invitation_says_to_which_role_and_until_when() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    invited = Desired(Role.LISTENER, invited_role=Role.SPEAKER, invite_expires_at=scene.now + 120)
    told = only(Notify, scene.wants(ADA, invited))
    assert told.type is NoticeType.INVITED
    assert (told.payload["role"], told.payload["expires_at"]) == ("speaker", "2027-01-15T08:02:00.000Z")


def test_the_end_of_each_mute_is_told_to_the_person_it_is_about() -> None:
    scene = Scene.open()
    silenced = Desired(Role.SPEAKER, mic_muted=True, camera_off=True, chat_muted=True)
    scene.present(ADA, silenced, NOTHING)
    told = of(Notify, scene.confirms(only(SetPermission, scene.asks("unmute", ADA, SPEAKER))))
    assert {(notice.identity, notice.type) for notice in told} == {
        (ADA, NoticeType.UNMUTED),
        (ADA, NoticeType.CAMERA_ON),
        (ADA, NoticeType.CHAT_UNMUTED),
    }


def test_anyone_who_is_banned_is_told_why() -> None:
    banned = Desired(Role.LISTENER, removal=Removal("banned", None, "spam"))
    scene = Scene.open(PersonFacts(ADA, banned))
    told = only(RemoveParticipant, scene.joins(ADA)).notice.payload
    assert told["text"]["en"].endswith("(spam)")


def test_anyone_who_is_raised_before_the_room_shows_them_is_told_when_it_does() -> None:
    scene = Scene.open()
    scene.wants(ADA, LISTENER)  # a token was minted
    scene.asks("set_role", ADA, SPEAKER, reason="come up")
    told = only(Notify, scene.confirms(only(SetPermission, scene.joins(ADA, permission=NOTHING))))
    assert (told.type, told.payload["role"]) == (NoticeType.ROLE_CHANGED, "speaker")
    assert told.payload["text"]["en"].endswith("(come up)")


def test_anyone_who_is_raised_in_a_muted_room_before_it_shows_them_is_told_about_both() -> None:
    scene = Scene.open()
    scene.wants(ADA, MUTED_LISTENER)
    scene.asks("set_role", ADA, MUTED_SPEAKER)
    told = of(Notify, scene.joins(ADA, permission=NOTHING))
    assert [notice.type for notice in told] == [NoticeType.MUTED, NoticeType.ROLE_CHANGED]


def test_a_row_that_is_older_than_what_the_worker_knows_is_told_about_all_the_same() -> None:
    scene = Scene.open()
    scene.wants(ADA, SPEAKER)
    scene.asks("set_role", ADA)
    told = only(Notify, scene.confirms(only(SetPermission, scene.joins(ADA, permission=NOTHING))))
    assert told.type is NoticeType.ROLE_CHANGED


def test_a_role_that_changed_while_somebody_was_away_is_told_when_they_are_back() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    scene.leaves(ADA)
    scene.wants(ADA, SPEAKER)
    told = only(Notify, scene.joins(ADA, "second", permission=SPEAK))
    assert (told.type, told.payload["role"]) == (NoticeType.ROLE_CHANGED, "speaker")


def test_anyone_who_reconnects_hears_about_their_mute_again_and_not_about_their_role() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    scene.asks("set_role", ADA, MUTED_SPEAKER)
    assert [notice.type for notice in of(Notify, scene.joins(ADA, "second", permission=NOTHING))] == [
        NoticeType.MUTED
    ]
