"""Words that a person reads, in English and in Turkish, and numbers as each language writes them.

Turkish is formal ("siz"). Sentences say what is so and then what to do; numbers are rounded to what an ear can tell.
"""

from typing import NamedTuple


class Words(NamedTuple):
    en: str
    tr: str

    def then(self, other: "Words") -> "Words":
        """Both, one sentence after the other."""
        return Words(f"{self.en} {other.en}".strip(), f"{self.tr} {other.tr}".strip())


class Reason(Words):
    """Why a human decided something, in both languages: it follows the sentence that says what was decided."""


NOTHING = Words("", "")


def number(value: float, digits: int = 1) -> Words:
    """A number with so many decimals, with a real minus sign and each language's decimal sign."""
    text = f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
    return Words(text, text.replace(".", ","))
