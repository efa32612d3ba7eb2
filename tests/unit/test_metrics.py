"""Every figure of a worker is named as Prometheus wants it, tells nothing about a person, and stands in METRICS.md.

`WRITE_METRICS_MD=1 pytest tests/unit/test_metrics.py` writes the table anew.
"""

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client.core import Metric
from prometheus_client.metrics import MetricWrapperBase
from pydantic import SecretStr

from agent.process.outside import reach
from agent.process.settings import Settings
from agent.process.worker import Worker

PAGE = Path(__file__).resolve().parents[2] / "livekit-system" / "METRICS.md"
MARK = "tests/unit/test_metrics.py -->\n"
UNITS = ("_seconds", "_bytes", "_total", "_info")
COUNTS = {
    "live_rooms_moderated",
    "live_rooms_orphaned",
    "live_rooms_unlisted",
    "live_rule_circuits_open",
    "live_automatic_actions",
    "live_cases_open",
    "live_recording_minutes_level",
    "live_recordings_open",
    "live_automatic_actions_limit",
    "live_rooms_unmoderated",
    "live_speech_rooms_unheard",
    "live_people",
    "live_actions_open",
    "live_actions_unclaimed",
    "live_relay_backlog_events",
    "live_outbox_rows",
    "live_livekit_calls_waiting",
    "live_ready",
    "live_wakeups_connected",
    "process_open_fds",
    "process_max_fds",
}
"""Gauges without a unit: a number of things, or 1 and 0."""
LABELS = {
    "action", "answer", "call", "cause", "condition", "kind", "outcome", "rule", "shut", "step", "worker",
}  # fmt: skip
"""Each of few values, and none of them about a person, a session or a room."""


@dataclass(frozen=True)
class Figure:
    name: str
    type: str
    labels: tuple[str, ...]
    what: str

    @property
    def line(self) -> str:
        labels = ", ".join(f"`{label}`" for label in self.labels)
        return f"| `{self.name}` | {self.type} | {labels} | {self.what} |"


def settings() -> Settings:
    return Settings(
        livekit_url="ws://127.0.0.1:1",
        livekit_api_key="key",
        livekit_api_secret=SecretStr("secret"),
        supabase_url="http://127.0.0.1:1",
        supabase_service_role_key=SecretStr("key"),
    )


@pytest_asyncio.fixture
async def figures() -> AsyncIterator[list[Figure]]:
    """All figures of a worker that was never started."""
    async with reach(settings()) as outside:
        worker = Worker(settings(), outside)
        labels = {
            part._name: tuple(part._labelnames)
            for part in vars(worker.metrics).values()
            if isinstance(part, MetricWrapperBase)
        }
        yield sorted(
            (figure(family, labels) for family in worker.metrics.registry.collect()), key=lambda f: f.name
        )
        await worker._livekit.aclose()


def figure(family: Metric, labels: dict[str, tuple[str, ...]]) -> Figure:
    name = family.name + "_total" if family.type == "counter" else family.name
    seen = {label for sample in family.samples for label in sample.labels} - {"le"}
    return Figure(name, family.type, labels.get(family.name) or tuple(sorted(seen)), family.documentation)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the figures of the process are Linux's")
async def test_the_handbooks_table_is_what_the_worker_tells(figures: list[Figure]) -> None:
    head = "\n| metric | type | labels | what |\n|---|---|---|---|\n"
    table = head + "\n".join(figure.line for figure in figures) + "\n"
    prose, mark, written = PAGE.read_text().partition(MARK)
    if os.environ.get("WRITE_METRICS_MD"):
        PAGE.write_text(prose + mark + table)
        return
    assert mark
    assert written == table, "METRICS.md is stale: WRITE_METRICS_MD=1 pytest tests/unit/test_metrics.py"


async def test_names_say_what_they_count_and_in_which_unit(figures: list[Figure]) -> None:
    for figure in figures:
        assert re.fullmatch(r"(live|process)(_[a-z]+)+", figure.name)
        assert figure.name.endswith(UNITS) or figure.name in COUNTS, figure.name
        assert figure.name.endswith("_total") == (figure.type == "counter"), figure.name


async def test_no_label_can_name_a_person_or_grow_without_end(figures: list[Figure]) -> None:
    assert {label for figure in figures for label in figure.labels} <= LABELS
