"""What the speech process tells Prometheus stands in METRICS.md, and says nothing about a person."""

import re
from pathlib import Path

from prometheus_client import generate_latest

from speech.figures import Counts, SpeechReport, registry_of

PAGE = Path(__file__).resolve().parents[2] / "livekit-system" / "METRICS.md"


def test_the_handbook_has_each_figure_with_its_kind_and_its_words() -> None:
    counts = Counts()
    families = registry_of(SpeechReport(counts), counts).collect()
    told = {(f.name + "_total" * (f.type == "counter"), f.type, f.documentation) for f in families}
    section = PAGE.read_text().partition("## The speech process")[2].partition("\n## ")[0]
    written = set(re.findall(r"^\| `(\w+)` \| (\w+) \| [^|]*\| (.+) \|$", section, flags=re.MULTILINE))
    assert written == told


def test_a_window_is_counted_by_what_became_of_it() -> None:
    counts = Counts()
    report = SpeechReport(counts)
    counts.transcribed, counts.dropped, report.rooms = 3, 1, 2
    page = generate_latest(registry_of(report, counts)).decode()
    assert 'live_speech_windows_total{outcome="transcribed"} 3.0' in page
    assert 'live_speech_windows_total{outcome="dropped"} 1.0' in page
    assert "live_speech_rooms 2.0" in page
