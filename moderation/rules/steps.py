"""What follows from a broken rule: the steps, and the ladder's order among them."""

from enum import StrEnum


class Step(StrEnum):
    """What follows. The first five are the ladder, from mild to grave."""

    NOTICE = "notice"
    WARNING = "warning"
    MUTE = "mute"
    DEMOTE = "demote"
    CALL_HUMAN = "call_human"
    TELL_OPS = "tell_ops"
    """Only ops hear about it."""
    TIP = "tip"
    """Words to the person that help; nothing is held against anybody."""
    REASSERT = "reassert"
    """The room does not agree with the database: make it agree again, and tell ops."""


CLIMB: tuple[Step, ...] = (Step.NOTICE, Step.WARNING, Step.MUTE, Step.DEMOTE, Step.CALL_HUMAN)
