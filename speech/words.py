"""Which rules of the lists a transcript meets. Pure.

A transcriber writes words as a dictionary has them, so this reads less than the chat's rules do in the database, which
know how people hide words: small letters as Turkish has them, no signs, and Turkish letters as on a keyboard without
them unless a rule asks for exact ones.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

_SMALL = str.maketrans("İIÂÎÛ", "iıâîû")
_PLAIN = str.maketrans("çğıöşüâîû", "cgiosuaiu")
_APOSTROPHES = str.maketrans("", "", "'\u2019")
_NO_LETTER = re.compile(r"[^\w]+|_+")


def read(text: str, *, exact_letters: bool) -> str:
    """The words of a text, a space around each; of an apostrophe nothing is left: "you're" is "youre"."""
    small = unicodedata.normalize("NFKC", text).translate(_SMALL).lower().translate(_APOSTROPHES)
    words = _NO_LETTER.sub(" ", small if exact_letters else small.translate(_PLAIN)).split()
    return f" {' '.join(words)} "


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: str
    wanted: str
    exact_letters: bool


class Lists:
    """Rules in the shape of `speech_pull`: [{pattern, kind, exact_letters}]; one that ends in * is a beginning."""

    def __init__(self, rules: Iterable[Mapping[str, Any]]) -> None:
        self._rules: Sequence[_Rule] = [self._rule(rule) for rule in rules]

    @classmethod
    def empty(cls) -> Self:
        """Lists that nothing meets."""
        return cls(())

    def met(self, text: str) -> Sequence[str]:
        """The patterns of the rules that it meets, each once, in the order of the list."""
        texts = {exact: read(text, exact_letters=exact) for exact in (True, False)}
        return list(
            dict.fromkeys(rule.pattern for rule in self._rules if rule.wanted in texts[rule.exact_letters])
        )

    @staticmethod
    def _rule(rule: Mapping[str, Any]) -> _Rule:
        pattern, exact = str(rule["pattern"]), bool(rule["exact_letters"])
        words = read(pattern.removesuffix("*"), exact_letters=exact)
        return _Rule(pattern, words.rstrip() if pattern.endswith("*") else words, exact)
