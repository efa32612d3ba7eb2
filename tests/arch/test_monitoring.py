"""Alert rules and dashboard name only figures, labels and rules that exist; promtool agrees where there is one."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from local.paths import REPOSITORY, machine_cache

HANDBOOK = REPOSITORY / "livekit-system"
MONITORING = HANDBOOK / "monitoring"
NAMES = re.compile(r"\b(?:live|process)_[a-z_]+\b")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}
PROMTOOL = shutil.which("promtool") or shutil.which("promtool", path=machine_cache())
TARGET_LABELS = {"instance", "job", "le"}


def figures() -> dict[str, set[str]]:
    """Every sample's name and its labels, from METRICS.md, which a test holds to the worker."""
    rows = re.findall(
        r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", (HANDBOOK / "METRICS.md").read_text(), flags=re.MULTILINE
    )
    return {
        name + suffix: set(re.findall(r"`(\w+)`", labels))
        for name, kind, labels in rows
        for suffix in SUFFIXES[kind]
    }


FIGURES = figures()


def rules() -> list[dict[str, Any]]:
    content = yaml.safe_load((MONITORING / "alerts.yaml").read_text())
    return [rule for group in content["groups"] for rule in group["rules"]]


def dashboard_expressions() -> Iterator[str]:
    for panel in json.loads((MONITORING / "dashboard.json").read_text())["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


EXPRESSIONS = [*(rule["expr"] for rule in rules()), *dashboard_expressions()]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_names_only_what_the_worker_tells(expression: str) -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    named = set(NAMES.findall(re.sub(r"\blive:[\w:]+", "", expression)))
    assert named <= set(FIGURES)
    assert set(re.findall(r"\blive:[\w:]+", expression)) <= recorded
    assert named or "live:" in expression
    grouped = {
        label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")
    }
    chosen = set(re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression))
    known = TARGET_LABELS.union(*(FIGURES[name] for name in named))
    assert grouped | chosen <= known


def test_the_dashboard_shows_what_one_may_be_paged_for() -> None:
    shown = {name for expression in dashboard_expressions() for name in NAMES.findall(expression)}
    paged = {
        name
        for rule in rules()
        if rule.get("labels", {}).get("severity") == "page"
        for name in NAMES.findall(rule["expr"])
    }
    assert paged - shown <= {"live_worker_info", "live_watch_last_timestamp_seconds"}


@pytest.mark.parametrize(
    "rule", [rule for rule in rules() if "alert" in rule], ids=lambda rule: rule["alert"]
)
def test_an_alert_says_how_grave_it_is_and_what_happened(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]


@pytest.mark.skipif(PROMTOOL is None, reason="there is no promtool: `make promtool`")
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "alerts.yaml"),
        ("test", "rules", "alerts.test.yaml"),
        ("check", "config", "prometheus.yaml"),
    ],
    ids=" ".join,
)
def test_promtool_agrees(arguments: tuple[str, ...]) -> None:
    assert PROMTOOL is not None
    ran = subprocess.run(
        [PROMTOOL, *arguments], cwd=MONITORING, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
