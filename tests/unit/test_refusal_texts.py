"""Every code that a client can meet has a text in English and Turkish, and no text is for a code that is gone."""

import re

from local.migrate import MIGRATIONS
from local.paths import REPOSITORY

TEXTS = REPOSITORY / "livekit-system" / "clients" / "typescript" / "src" / "refusal_texts.ts"
OWN = REPOSITORY / "livekit-system" / "supabase" / "functions" / "_shared" / "refusal.ts"
ONLY_THE_TRANSPORTS = {"offline"}
LIST = re.compile(r"export const \w+ = \{\n(.*?)\n\} as const", re.DOTALL)
SHARED = re.compile(r"^const (\w+) = t\((.*?)\);$", re.MULTILINE | re.DOTALL)
FORMAL = re.compile(r"\b(deneyin|bekleyin|yapın|açın|sen|senin)\b")


def codes_of_the_schema() -> set[str]:
    """What the schema refuses with: as a literal, or by a reason under its `when`."""
    sql = "".join(file.read_text() for file in sorted(MIGRATIONS.glob("*.sql")))
    plain = re.findall(r"live\.refuse\(\d{3},\s*'(\w+)'", sql)
    reasons = re.findall(r"when '(\w+)' then perform live\.refuse\(\d{3}, (?:p_)?reason", sql)
    return {*plain, *reasons}


def entries(text: str) -> dict[str, str]:
    (found,) = LIST.findall(text)
    return dict(re.findall(r"^  (\w+): (.*?),?$", re.sub(r"\n {3,}|\(\s*\n\s*", " ", found), re.MULTILINE))


def test_the_list_is_complete_and_has_nothing_else() -> None:
    codes = codes_of_the_schema() | set(entries(OWN.read_text())) | ONLY_THE_TRANSPORTS
    assert len(codes) > 80
    assert set(entries(TEXTS.read_text())) == codes


def test_texts_are_sentences_in_both_languages_and_turkish_is_formal() -> None:
    text = TEXTS.read_text()
    pairs = re.findall(r'\bt\(\s*"([^"]+)",\s*"([^"]+)",?\s*\)', text)
    assert len(pairs) > 50
    assert [pair for pair in pairs if not all(one.endswith((".", "!")) for one in pair)] == []
    assert [turkish for _, turkish in pairs if FORMAL.search(turkish)] == []
