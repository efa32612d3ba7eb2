"""The sentences that people read, in English and in Turkish.

They speak of "your sound", since it may be a shared screen's as well as a microphone's. Numbers are rounded to what an
ear can tell and written the way each language writes them.
"""

from moderation.rules.policy import Rung, Step
from moderation.words import Words, number


def too_loud(loudness: float, limit: float, seconds: float) -> Words:
    level, top, long = number(loudness), number(limit), number(seconds, 0)
    return Words(
        f"Your sound has been too loud for {long.en} s: {level.en} LUFS; the limit here is {top.en}. "
        "Please turn it down, speak more softly or move away from the microphone.",
        f"Sesiniz {long.tr} saniyedir çok yüksek: {level.tr} LUFS, buradaki sınır {top.tr}. "
        "Lütfen sesi kısın, daha alçak sesle konuşun veya mikrofondan uzaklaşın.",
    )


def scream(loudness: float, jump: float) -> Words:
    level, rise = number(loudness), number(jump, 0)
    return Words(
        f"That was suddenly very loud: {level.en} LUFS, {rise.en} dB above the moment before. "
        "Please mind the listeners' ears.",
        f"Sesiniz birden çok yükseldi: {level.tr} LUFS, az öncesinden {rise.tr} dB fazla. "
        "Lütfen dinleyicileri düşünün.",
    )


def clipping(ratio: float) -> Words:
    percent = number(ratio * 100.0)
    return Words(
        f"Your sound is overdriven: {percent.en}% of your sound is cut off. Please lower the input level.",
        f"Sesiniz aşırı yükleniyor: %{percent.tr} kadarı kırpılıyor. Lütfen giriş seviyesini düşürün.",
    )


def howl(hz: float, seconds: float) -> Words:
    pitch, long = number(hz, 0), number(seconds, 0)
    return Words(
        f"There is feedback from your side: a tone at {pitch.en} Hz has been ringing for {long.en} s. "
        "Please use headphones or turn your speaker down.",
        f"Sizin tarafınızdan yankı çınlaması geliyor: {long.tr} saniyedir {pitch.tr} Hz'de bir ton çınlıyor. "
        "Lütfen kulaklık kullanın veya hoparlörünüzü kısın.",
    )


def noise(floor: float, seconds: float) -> Words:
    level, long = number(floor, 0), number(seconds, 0)
    return Words(
        f"A tip: your sound has carried constant noise for {long.en} s ({level.en} dBFS). "
        "Please mute yourself while you listen.",
        f"Bir öneri: sizden {long.tr} saniyedir sürekli gürültü geliyor ({level.tr} dBFS). "
        "Lütfen dinlerken sesinizi kapatın.",
    )


def hum(hz: float, level: float) -> Words:
    mains, loud = number(hz, 0), number(level, 0)
    return Words(
        f"A tip: there is mains hum in your sound ({mains.en} Hz, {loud.en} dBFS). "
        "It often stops when you unplug the charger or use another cable or socket.",
        f"Bir öneri: sesinizde şebeke uğultusu var ({mains.tr} Hz, {loud.tr} dBFS). "
        "Şarj cihazını çıkarmanız ya da başka bir kablo veya priz kullanmanız çoğu zaman yeterlidir.",
    )


def dead_air(seconds: float) -> Words:
    long = number(seconds, 0)
    return Words(
        f"Nobody has been heard for {long.en} s.", f"Yayında {long.tr} saniyedir hiçbir ses duyulmuyor."
    )


def not_allowed(loudness: float) -> Words:
    level = number(loudness, 0)
    return Words(
        f"You are heard ({level.en} LUFS) without leave to speak; your sound is being switched off.",
        f"İzniniz olmadığı hâlde sesiniz duyuluyor ({level.tr} LUFS); sesiniz kapatılıyor.",
    )


def not_measurable(*, encrypted: bool) -> Words:
    if encrypted:
        return Words(
            "Your sound is encrypted, so moderation cannot measure it; in this room only measured sound is heard. "
            "Please switch end-to-end encryption off.",
            "Sesiniz uçtan uca şifreli olduğu için denetlenemiyor; bu odada yalnızca denetlenebilen ses duyulur. "
            "Lütfen uçtan uca şifrelemeyi kapatın.",
        )
    return Words(
        "Your app keeps moderation from your sound; in this room only measured sound is heard. "
        "Please let every participant subscribe to your tracks.",
        "Uygulamanız sesinizin denetlenmesini engelliyor; bu odada yalnızca denetlenebilen ses duyulur. "
        "Lütfen yayınınızı tüm katılımcılara açın.",
    )


def disguise(*, sound: bool, seconds: float | None) -> Words:
    """`seconds` None: until a moderator returns the right."""
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


def too_many_tracks(count: int, most: int) -> Words:
    return Words(
        f"Your app publishes {count} tracks of one kind at once; {most} are the most. They were ended.",
        f"Uygulamanız aynı türden {count} yayını birden açtı; en çok {most} olabilir. Hepsi durduruldu.",
    )


def consequence(rung: Rung) -> Words:
    """What the step means for the person, after the sentence that says why."""
    long = number(rung.seconds, 0)
    match rung.step:
        case Step.NOTICE | Step.TIP | Step.TELL_OPS | Step.REASSERT:
            return Words("", "")
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
