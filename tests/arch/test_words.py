"""Plain English for readers whose third language it is: some words are written in another way."""

import re
import subprocess

import pytest

from local.paths import REPOSITORY

TEXT = (".py", ".md", ".sql", ".ts", ".tsx", ".json", ".yaml", ".toml", ".go", "Makefile")
INSTEAD = {
    "who" + "ever": "anyone who, the one who, no matter who",
    "whom" + "ever": "anyone whom",
    r"(tell|tells|telling|told) " + "of": "tell about, announce, report",
    r"the " + "ears": "the hearing: what measures the sound of a room",
    r"(hear|hears|hearing) " + "of (a|an|the|it|them|how|each)": "hear about, be told",
}
"""What is not written, and what is."""
SOUND = re.compile(r"the hearing about (all|the) rooms|hearing about", re.IGNORECASE)


def files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    return [name for name in listed if name.endswith(TEXT) and "lock" not in name]


POLITE = re.compile(r"\bLütfen\b[^.\"]*?(?<!n[ıiuü]z)\.")
"""A Turkish request that does not end in the formal -iniz."""
ASKED_INFORMALLY = re.compile(
    r"\b(deneyin|bekleyin|yapın|açın|kısın|kapatın|kullanın|konuşun|uzaklaşın|düşürün|yenileyin|seçin|yazın|sen|senin)\b"
)
PEOPLE_READ = re.compile(
    r"(moderation|handlers)/.*\.py|livekit-system/(schemas|supabase/schemas|supabase/functions|clients)/.*\.(json|sql|ts)"
)


def test_turkish_is_formal_wherever_people_read_it() -> None:
    found = [
        f"{name}: {line.strip()[:90]}"
        for name in files()
        if PEOPLE_READ.fullmatch(name) and (REPOSITORY / name).is_file()
        for line in (REPOSITORY / name).read_text().splitlines()
        if POLITE.search(line) or (re.search("[çğışöü]", line) and ASKED_INFORMALLY.search(line))
    ]
    assert found == []


@pytest.mark.parametrize("words", INSTEAD)
def test_a_plain_word_is_used(words: str) -> None:
    banned = re.compile(rf"\b{words}\b", re.IGNORECASE)
    found = [
        f"{name}: {line.strip()[:90]}"
        for name in files()
        if (REPOSITORY / name).is_file()
        for line in (REPOSITORY / name).read_text().splitlines()
        if banned.search(line) and not SOUND.search(line)
    ]
    assert found == [], f"write instead: {INSTEAD[words]}"


def test_the_speech_process_hears() -> None:
    """As the worker does, by the same word."""
    sources = [(REPOSITORY / name).read_text() for name in files() if name.startswith("speech/")]
    assert sources
    assert [found for source in sources for found in re.findall(r"\b_?ears?\b", source)] == []
