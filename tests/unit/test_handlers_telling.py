"""What people are told about how they stand: what is true, once, and what happened before the room showed them."""

from dataclasses import replace
from typing import Any

import pytest

from handlers.effects import Notify, RemoveParticipant, SetPermission
from handlers.facts import PersonFacts
from handlers.notice_types import NoticeType
from handlers.telling import changes
from moderation.desired import Desired, Removal, Standing
from moderation.roles import Role
from tests.fakes.scene import ADA, BO, LISTENER, MUTED_SPEAKER, NOTHING, SPEAK, SPEAKER, Scene, of, only

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


def test_who_is_not_recorded_is_told_once_why_they_listen_and_when_it_is_over() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    scene.present(BO, LISTENER, NOTHING)
    assert of(Notify, scene.wants(BO, replace(LISTENER, publish_until=scene.now - 1))) == []
    refused = replace(SPEAKER, publish_until=scene.now - 1)
    told = only(Notify, scene.confirms(only(SetPermission, scene.wants(ADA, refused))))
    assert told.type is NoticeType.RECORDING_WITHHELD
    assert told.payload["text"]["tr"].startswith("Bu oturum kaydediliyor")
    assert of(Notify, scene.wants(ADA, refused)) == []
    told = only(Notify, scene.confirms(only(SetPermission, scene.wants(ADA, SPEAKER))))
    assert told.type is NoticeType.RECORDING_RELEASED


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


WHEN, THEN = 1_800_000_060.0, "2027-01-15T08:01:00.000Z"
TOLD = Standing(role=Role.LISTENER)


@pytest.mark.parametrize(
    ("before", "after", "kind", "fields"),
    [
        ({}, {"muted": True, "muted_until": WHEN}, NoticeType.MUTED, {"until": THEN}),
        ({"muted": True}, {"muted": True, "muted_until": WHEN}, NoticeType.MUTED, {"until": THEN}),
        ({"muted": True}, {}, NoticeType.UNMUTED, {}),
        ({}, {"camera_off": True}, NoticeType.CAMERA_OFF, {}),
        ({"camera_off": True}, {}, NoticeType.CAMERA_ON, {}),
        (
            {}, {"chat_muted": True, "chat_muted_until": WHEN},
            NoticeType.CHAT_MUTED, {"until": THEN},
        ),
        ({}, {"chat_muted": True}, NoticeType.CHAT_MUTED, {"until": None}),
        ({"chat_muted": True}, {}, NoticeType.CHAT_UNMUTED, {}),
        ({}, {"role": Role.SPEAKER}, NoticeType.ROLE_CHANGED, {"role": "speaker"}),
        (
            {}, {"invited_role": Role.SPEAKER, "invite_expires_at": WHEN},
            NoticeType.INVITED, {"role": "speaker", "expires_at": THEN},
        ),
        ({}, {"access_ends_at": WHEN}, NoticeType.ACCESS_ENDING, {"ends_at": THEN}),
    ],
)  # fmt: skip
def test_each_change_is_told_in_both_languages_with_its_reason_and_its_time(
    before: dict[str, Any], after: dict[str, Any], kind: NoticeType, fields: dict[str, Any]
) -> None:
    (told,) = changes(ADA, replace(TOLD, **before), replace(TOLD, **after), "noise")
    assert (told.identity, told.type) == (ADA, kind)
    text = told.payload["text"]
    assert {name: value for name, value in told.payload.items() if name != "text"} == fields
    assert {text[language].endswith(" (noise)") for language in ("en", "tr")} == {True}


def test_who_may_be_here_only_for_a_while_is_told_until_when() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    told = only(Notify, scene.wants(ADA, replace(SPEAKER, access_ends_at=WHEN)))
    assert (told.type, told.payload["ends_at"]) == (NoticeType.ACCESS_ENDING, THEN)


@pytest.mark.parametrize(
    "gone", [{"role": Role.SPEAKER}, {"invited_role": Role.SPEAKER}, {"access_ends_at": WHEN}]
)
def test_an_invitation_a_role_or_an_end_that_is_no_more_is_not_told(gone: dict[str, Any]) -> None:
    nothing = Standing(role=None)
    assert list(changes(ADA, replace(nothing, **gone), nothing, None)) == []


def test_the_reason_of_an_act_about_one_is_nobody_elses() -> None:
    scene = Scene.open()
    for person in (ADA, BO):
        scene.present(person, SPEAKER, SPEAK)
    scene.confirms(only(SetPermission, scene.asks("mute", ADA, MUTED_SPEAKER, reason="noise")))
    told = only(Notify, scene.confirms(only(SetPermission, scene.wants(BO, MUTED_SPEAKER))))
    assert told.identity == BO
    assert "noise" not in told.payload["text"]["en"]
