"""The words that a person reads on `live.notice`, in English and Turkish."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from handlers.effects import NoticeType, Notify
from handlers.events import Identity
from moderation.rules.words import Words


def notice(identity: Identity, kind: NoticeType, why: str | Words | None, **fields: Any) -> Notify:
    """What `identity` is told. `why`: in the words of the one who asked for it, which end the sentence; or a rule's own
    words, which say all there is to say."""
    if isinstance(why, Words):
        return Notify(identity, kind, {"text": why._asdict(), **fields})
    text = {language: sentence(words, why) for language, words in TEXTS[kind].items()}
    return Notify(identity, kind, {"text": text, **fields})


def sentence(words: str, why: str | None) -> str:
    return f"{words} ({why})" if why else words


def iso(seconds: float | None) -> str | None:
    return (
        None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    )


TEXTS: Mapping[NoticeType, Mapping[str, str]] = {
    NoticeType.MUTED: {
        "en": "A moderator has muted your microphone.",
        "tr": "Bir moderatör mikrofonunuzu kapattı.",
    },
    NoticeType.UNMUTED: {
        "en": "You may use your microphone again.",
        "tr": "Mikrofonunuzu yeniden kullanabilirsiniz.",
    },
    NoticeType.CAMERA_OFF: {
        "en": "A moderator has turned off your camera.",
        "tr": "Bir moderatör kameranızı kapattı.",
    },
    NoticeType.CAMERA_ON: {
        "en": "You may use your camera again.",
        "tr": "Kameranızı yeniden kullanabilirsiniz.",
    },
    NoticeType.ROLE_CHANGED: {
        "en": "Your role in this room has changed.",
        "tr": "Bu odadaki rolünüz değişti.",
    },
    NoticeType.INVITED: {
        "en": "You are invited to speak.",
        "tr": "Konuşmaya davet edildiniz.",
    },
    NoticeType.CHAT_MUTED: {
        "en": "A moderator has muted you in the chat.",
        "tr": "Bir moderatör sohbette yazmanızı durdurdu.",
    },
    NoticeType.CHAT_UNMUTED: {
        "en": "You may write in the chat again.",
        "tr": "Sohbette yeniden yazabilirsiniz.",
    },
    NoticeType.REMOVED: {
        "en": "You have been removed from this room.",
        "tr": "Bu odadan çıkarıldınız.",
    },
    NoticeType.ACCESS_ENDING: {
        "en": "Your access to this session ends soon: renew it to stay.",
        "tr": "Bu yayına erişiminiz yakında bitiyor: kalmak için yenileyin.",
    },
    NoticeType.TIP: {
        "en": "A tip about your sound in this room.",
        "tr": "Bu odadaki sesinizle ilgili bir öneri.",
    },
    NoticeType.WARNING: {
        "en": "A warning about your sound in this room.",
        "tr": "Bu odadaki sesinizle ilgili bir uyarı.",
    },
}
