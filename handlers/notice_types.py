"""The notices: their names, sentences and fields. Written from notices.json by tests/unit/test_message_lists.py."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol, overload

from moderation.words import Words

if TYPE_CHECKING:
    from handlers.effects import Notify
    from handlers.facts import Identity


class NoticeType(StrEnum):
    """What one person is told on `live.notice`."""

    MUTED = "muted"
    UNMUTED = "unmuted"
    CAMERA_OFF = "camera_off"
    CAMERA_ON = "camera_on"
    ROLE_CHANGED = "role_changed"
    INVITED = "invited"
    CHAT_MUTED = "chat_muted"
    CHAT_UNMUTED = "chat_unmuted"
    REMOVED = "removed"
    WARNING = "warning"
    TIP = "tip"
    ACCESS_ENDING = "access_ending"
    RECORDING_WITHHELD = "recording_withheld"
    RECORDING_RELEASED = "recording_released"


TEXTS: Mapping[NoticeType, Words] = {
    NoticeType.MUTED: Words("A moderator has muted your microphone.", "Bir moderatör mikrofonunuzu kapattı."),
    NoticeType.UNMUTED: Words(
        "You may use your microphone again.", "Mikrofonunuzu yeniden kullanabilirsiniz."
    ),
    NoticeType.CAMERA_OFF: Words(
        "A moderator has turned off your camera.", "Bir moderatör kameranızı kapattı."
    ),
    NoticeType.CAMERA_ON: Words("You may use your camera again.", "Kameranızı yeniden kullanabilirsiniz."),
    NoticeType.ROLE_CHANGED: Words("Your role in this room has changed.", "Bu odadaki rolünüz değişti."),
    NoticeType.INVITED: Words("You are invited to speak.", "Konuşmaya davet edildiniz."),
    NoticeType.CHAT_MUTED: Words(
        "A moderator has muted you in the chat.", "Bir moderatör sohbette yazmanızı durdurdu."
    ),
    NoticeType.CHAT_UNMUTED: Words("You may write in the chat again.", "Sohbette yeniden yazabilirsiniz."),
    NoticeType.REMOVED: Words("You have been removed from this room.", "Bu odadan çıkarıldınız."),
    NoticeType.WARNING: Words(
        "A warning about your sound in this room.", "Bu odadaki sesinizle ilgili bir uyarı."
    ),
    NoticeType.TIP: Words("A tip about your sound in this room.", "Bu odadaki sesinizle ilgili bir öneri."),
    NoticeType.ACCESS_ENDING: Words(
        "Your access to this session ends soon: renew it to stay.",
        "Bu yayına erişiminiz yakında bitiyor: kalmak için yenileyiniz.",
    ),
    NoticeType.RECORDING_WITHHELD: Words(
        "This session is recorded; you have not agreed, so you listen. Agree in the app to speak.",
        "Bu oturum kaydediliyor; kabul etmediğiniz için dinliyorsunuz. Konuşmak için uygulamada kabul ediniz.",
    ),
    NoticeType.RECORDING_RELEASED: Words(
        "The recording no longer keeps you from speaking.", "Kayıt, konuşmanıza artık engel değil."
    ),
}


class Notice(Protocol):
    """`handlers.notices.notice`, with the fields that each type has."""

    @overload
    def __call__(
        self,
        identity: "Identity",
        kind: Literal[NoticeType.MUTED],
        why: str | Words | None,
        *,
        until: str | None,
    ) -> "Notify": ...

    @overload
    def __call__(
        self, identity: "Identity", kind: Literal[NoticeType.UNMUTED], why: str | Words | None
    ) -> "Notify": ...

    @overload
    def __call__(
        self, identity: "Identity", kind: Literal[NoticeType.CAMERA_OFF], why: str | Words | None
    ) -> "Notify": ...

    @overload
    def __call__(
        self, identity: "Identity", kind: Literal[NoticeType.CAMERA_ON], why: str | Words | None
    ) -> "Notify": ...

    @overload
    def __call__(
        self,
        identity: "Identity",
        kind: Literal[NoticeType.ROLE_CHANGED],
        why: str | Words | None,
        *,
        role: str,
    ) -> "Notify": ...

    @overload
    def __call__(
        self,
        identity: "Identity",
        kind: Literal[NoticeType.INVITED],
        why: str | Words | None,
        *,
        role: str,
        expires_at: str | None,
    ) -> "Notify": ...

    @overload
    def __call__(
        self,
        identity: "Identity",
        kind: Literal[NoticeType.CHAT_MUTED],
        why: str | Words | None,
        *,
        until: str | None,
    ) -> "Notify": ...

    @overload
    def __call__(
        self, identity: "Identity", kind: Literal[NoticeType.CHAT_UNMUTED], why: str | Words | None
    ) -> "Notify": ...

    @overload
    def __call__(
        self,
        identity: "Identity",
        kind: Literal[NoticeType.REMOVED],
        why: str | Words | None,
        *,
        reason: str | None,
        until: str | None,
    ) -> "Notify": ...

    @overload
    def __call__(
        self,
        identity: "Identity",
        kind: Literal[NoticeType.WARNING],
        why: str | Words | None,
        *,
        rule: str,
        strikes: int,
    ) -> "Notify": ...

    @overload
    def __call__(
        self, identity: "Identity", kind: Literal[NoticeType.TIP], why: str | Words | None, *, rule: str
    ) -> "Notify": ...

    @overload
    def __call__(
        self,
        identity: "Identity",
        kind: Literal[NoticeType.ACCESS_ENDING],
        why: str | Words | None,
        *,
        ends_at: str,
    ) -> "Notify": ...

    @overload
    def __call__(
        self, identity: "Identity", kind: Literal[NoticeType.RECORDING_WITHHELD], why: str | Words | None
    ) -> "Notify": ...

    @overload
    def __call__(
        self, identity: "Identity", kind: Literal[NoticeType.RECORDING_RELEASED], why: str | Words | None
    ) -> "Notify": ...
