"""How a notice for `live.notice` is put together: its sentence in both languages, and the fields of its type."""

from typing import Any, cast

from handlers.effects import Notify
from handlers.facts import Identity
from handlers.notice_types import TEXTS, Notice, NoticeType
from moderation.timestamps import text_of
from moderation.words import Reason, Words


def _notice(identity: Identity, kind: NoticeType, why: str | Words | None, **fields: Any) -> Notify:
    """What `identity` is told. `why`: in the words of the one who asked for it, which end the sentence; a reason
    code's, which follow it; or a rule's own, which say all there is to say."""
    words = _words(kind, why)
    return Notify(identity, kind, {"text": words._asdict(), **fields})


def _words(kind: NoticeType, why: str | Words | None) -> Words:
    if isinstance(why, Reason):
        return Words(*TEXTS[kind]).then(why)
    return why if isinstance(why, Words) else Words(*(sentence(text, why) for text in TEXTS[kind]))


notice = cast("Notice", _notice)
"""The type checker knows the fields of each kind."""


def sentence(words: str, why: str | None) -> str:
    """The words, ended by the reason in brackets if there is one."""
    return f"{words} ({why})" if why else words


def iso(seconds: float | None) -> str | None:
    """A moment in seconds since the epoch, as packets word it; None stays None."""
    return None if seconds is None else text_of(seconds)
