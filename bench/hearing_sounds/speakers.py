"""Who is overdriven: the voices with which the thresholds were found, and others, with other sentences in other
languages, which nothing was adjusted to. The latter score."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bench.hearing_sounds import voices
from local.sounds import Signal


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice of eSpeak NG, and what it says."""

    voice: str
    """eSpeak NG's name."""
    text: str = ""
    """Empty: the sentence that all sounds of the table are made with."""
    speed: int = 150
    """Words a minute."""
    pitch: int = 50
    """0 to 99."""

    def speaks(self, seconds: float) -> Signal:
        """At 48 kHz, peak 1.0. Raises OSError where eSpeak NG or the voice is not there."""
        return voices.spoken(self.voice, seconds, self.speed, self.pitch, self.text)


_WALK: Final = (
    "Bugün hava çok güzel, birazdan dışarı çıkıp yürüyüş yapacağım. Sonra da akşam yemeği için pazardan "
    "sebze alırım, belki komşuya da uğrarım."
)
_TRAINS: Final = (
    "I never really understood why the trains are late on Mondays, but my brother says that it has to do "
    "with the weather and the old bridge."
)
_ITALIAN: Final = (
    "Ciao ragazzi, stasera vi racconto come abbiamo perso il treno e perché è colpa di mio cugino."
)
_PORTUGUESE: Final = (
    "Boa noite, pessoal, hoje vou contar como foi a nossa viagem e por que o avião saiu tão tarde."
)
_ARABIC: Final = "مساء الخير يا أصدقاء، اليوم سنتحدث عن الموسيقى والسفر وما حدث في الأسبوع الماضي"
_POLISH: Final = (
    "Dobry wieczór państwu, dzisiaj opowiem o tym, jak zgubiliśmy drogę w górach i kto nas wtedy uratował."
)

_LOOKED_AT: Final = (
    Speaker("en-us+m5", _TRAINS, 165, 40),
    Speaker("en-us+Alicia", _TRAINS),
    Speaker("en-us+RicishayMax3", _TRAINS),
    Speaker("en-us+boris", _TRAINS),
    Speaker("tr+caleb", _WALK),
)
TUNED_ON: Final = (
    *(
        Speaker(voice)
        for voice in ("tr", "tr+f2", "tr+m7", "tr+croak", "en-us", "en-us+f4", "en-us+m3", "de")
    ),
    *_LOOKED_AT,
)
_OTHER_LANGUAGES: Final = (
    Speaker("it", _ITALIAN),
    Speaker("it+f3", _ITALIAN, 150, 55),
    Speaker("it+gustave", _ITALIAN, 160),
    Speaker("ar", _ARABIC),
    Speaker("ar+f5", _ARABIC),
    Speaker("pl+m2", _POLISH, 150, 45),
    Speaker("pl+shelby", _POLISH),
    Speaker("pt+f3", _PORTUGUESE),
    Speaker("pt+marcelo", _PORTUGUESE),
)


def _is_a_voice(variant: str) -> bool:
    """Whether its name says neither that it is no human voice, nor that thresholds were found with it."""
    effect = any(word in variant.lower() for word in ("whisper", "robo", "demonic")) or variant == "fast"
    return not effect and variant not in {"f2", "m7", "croak", "f4", "m3", "m5"}


def by_rule(variants: Iterable[str]) -> tuple[Speaker, ...]:
    """Every variant of eSpeak NG that `_is_a_voice`, in the order of their names, English and Turkish in turn. Nobody
    chooses who is in it, and none leaves it for being missed."""
    wanted = filter(_is_a_voice, sorted(variants))
    return tuple(
        Speaker(f"tr+{name}", _WALK) if number % 2 else Speaker(f"en-us+{name}", _TRAINS)
        for number, name in enumerate(wanted)
    )


HELD_OUT: Final = (*by_rule(voices.variants()), *_OTHER_LANGUAGES)
