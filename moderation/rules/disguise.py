"""Disguise: a track that is not what its source says. No field of the policy: it is what rights mean.

Who looks for it and what follows is in `handlers.false_sources`.
"""

from moderation.rules.rule import AudioRule
from moderation.words import Words, number


def words(*, sound: bool, seconds: float | None) -> Words:
    """`sound`: whether sound was called a picture, or a picture sound. `seconds` None: until a moderator returns the
    right."""
    if sound:
        en, tr = (
            "Your app has published sound as if it were a picture",
            "Uygulamanız sesi görüntü olarak yayınladı",
        )
    else:
        en, tr = (
            "Your app has published a picture as if it were sound",
            "Uygulamanız görüntüyü ses olarak yayınladı",
        )
    if seconds is None:
        return Words(
            f"{en}, again. You may not publish that any more until a moderator allows it.",
            f"{tr}, hem de yeniden. Bir moderatör izin verene kadar bunu yayınlayamazsınız.",
        )
    long = number(seconds, 0)
    return Words(
        f"{en}. It was ended; you may publish properly again in {long.en} s.",
        f"{tr}. Yayın durduruldu; {long.tr} saniye sonra doğru biçimde yeniden yayınlayabilirsiniz.",
    )


RULE = AudioRule(name="disguise", shown=Words("false source", "sahte kaynak"))
