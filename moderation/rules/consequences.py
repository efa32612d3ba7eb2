"""The sentence about what a step of the ladder means for the person."""

from moderation.rules.policy import Rung
from moderation.rules.steps import Step
from moderation.words import NOTHING, Words, number


def consequence(rung: Rung) -> Words:
    """What the step means for the person, after the sentence that says why."""
    long = number(rung.seconds, 0)
    match rung.step:
        case Step.NOTICE | Step.TIP | Step.TELL_OPS | Step.REASSERT:
            return NOTHING
        case Step.WARNING:
            return Words(
                "This is a warning: if it goes on, your sound will be switched off for a while.",
                "Bu bir uyarıdır: sürerse sesiniz bir süreliğine kapatılacak.",
            )
        case Step.MUTE:
            return Words(
                f"Your sound is off for {long.en} s.",
                f"Sesiniz {long.tr} saniyeliğine kapatıldı.",
            )
        case Step.DEMOTE:
            return Words("You are now listening only.", "Artık yalnızca dinleyici konumundasınız.")
        case Step.CALL_HUMAN:
            return Words("A moderator has been called.", "Bir moderatör çağrıldı.")
