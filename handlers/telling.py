"""Tells each person how they stand: muted, promoted, invited, about to lose access; and why.

Level-triggered like the permission itself: what someone was told is compared with what is, once the room agrees with
the database about them. So a mute is told after it is true, a timed one tells about its own end, and anyone who
reconnects while muted hears about it again. A role is told about once, also to those for whom it changed before the
room showed them."""

from collections.abc import Iterator

from handlers.effects import Effects, Notify
from handlers.facts import Identity
from handlers.notice_types import NoticeType
from handlers.notices import iso, notice
from handlers.state import PersonState
from moderation.desired import Standing
from moderation.timestamps import text_of
from moderation.words import Words


def tell(person: PersonState, identity: Identity, stands: Standing) -> Effects:
    """What this person does not know yet. The caller has made sure that it is true in the room."""
    told = person.told or Standing(role=stands.role)
    person.told = stands
    if stands == told:
        return ()
    why, person.why = person.why, None
    return tuple(changes(identity, told, stands, why))


def changes(
    identity: Identity, told: Standing, stands: Standing, why: str | Words | None
) -> Iterator[Notify]:
    """A notice for each respect in which somebody stands differently from what they were told."""
    if (stands.muted, stands.muted_until) != (told.muted, told.muted_until):
        if stands.muted:
            yield notice(identity, NoticeType.MUTED, why, until=iso(stands.muted_until))
        else:
            yield notice(identity, NoticeType.UNMUTED, why)
    if stands.camera_off != told.camera_off:
        if stands.camera_off:
            yield notice(identity, NoticeType.CAMERA_OFF, why)
        else:
            yield notice(identity, NoticeType.CAMERA_ON, why)
    if (stands.chat_muted, stands.chat_muted_until) != (told.chat_muted, told.chat_muted_until):
        if stands.chat_muted:
            yield notice(identity, NoticeType.CHAT_MUTED, why, until=iso(stands.chat_muted_until))
        else:
            yield notice(identity, NoticeType.CHAT_UNMUTED, why)
    if stands.role not in (told.role, None):
        yield notice(identity, NoticeType.ROLE_CHANGED, why, role=stands.role.value)
    if stands.invited_role not in (told.invited_role, None):
        expires = iso(stands.invite_expires_at)
        yield notice(identity, NoticeType.INVITED, why, role=stands.invited_role.value, expires_at=expires)
    if stands.access_ends_at is not None and stands.access_ends_at != told.access_ends_at:
        yield notice(identity, NoticeType.ACCESS_ENDING, why, ends_at=text_of(stands.access_ends_at))
    yield from _of_recording(identity, told, stands)


def _of_recording(identity: Identity, told: Standing, stands: Standing) -> Iterator[Notify]:
    if stands.unrecorded and not told.unrecorded:
        yield notice(identity, NoticeType.RECORDING_WITHHELD, None)
    elif told.unrecorded and not stands.unrecorded:
        yield notice(identity, NoticeType.RECORDING_RELEASED, None)
