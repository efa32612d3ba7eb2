"""The tools as they are announced: named as agreed, strict, documented, and marked by what they do."""

from typing import Any

import pytest
from mcp import Client, MCPError
from pydantic import ValidationError

from orchestrator import handbook, prompts
from orchestrator.desk import Desk
from orchestrator.records import MinuteRow
from orchestrator.server import build
from orchestrator.tools import TOOLS
from orchestrator.tools.sound import of_person
from orchestrator.tools.tool import Tool
from orchestrator.workers import summary

LOOKS = {
    "introspect_schema", "list_sessions", "session_overview", "participant_overview", "explain_access", "list_calls",
    "action_history", "incidents", "loudness_report", "usage_against_plan", "worker_status", "action_status",
    "list_cases", "show_case",
}  # fmt: skip
ACTS = {"request_action", "set_switch", "decide_case"}


def objects_in(schema: Any) -> list[dict[str, Any]]:
    """Every object of a JSON schema that names its properties."""
    if isinstance(schema, list):
        return [found for item in schema for found in objects_in(item)]
    if not isinstance(schema, dict):
        return []
    own = [schema] if "properties" in schema else []
    return own + [found for item in schema.values() for found in objects_in(item)]


def test_the_tools_are_those_that_were_agreed() -> None:
    announced = {tool.name: tool.announced().annotations for tool in TOOLS}
    assert set(announced) == LOOKS | ACTS
    assert {name for name, notes in announced.items() if notes and notes.read_only_hint} == LOOKS
    assert {name for name, notes in announced.items() if notes and notes.destructive_hint} == ACTS


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_arguments_are_strict_and_every_tool_is_explained(tool: Tool) -> None:
    announced = tool.announced()
    assert announced.description
    assert announced.output_schema
    schema = tool.ask.model_json_schema()
    assert schema["type"] == "object"
    assert all(found["additionalProperties"] is False for found in objects_in(schema) or [schema])
    with pytest.raises(ValidationError):
        tool.ask.model_validate_json('{"something_else": 1}')


@pytest.mark.parametrize(
    "arguments",
    [
        '{"action": "kick", "dry_run": "false"}',
        '{"action": "explode"}',
        '{"action": "kick", "target": "a,b) or 1=1"}',
        '{"action": "mute", "params": {"seconds": 0}}',
        '{"action": "mute", "params": {"minutes": 1}}',
        '{"action": "kick", "session_id": "1"}',
        '{"action": "kick", "confirmation": "yes"}',
    ],
)
def test_a_request_that_is_not_exactly_right_is_refused(arguments: str) -> None:
    tool = next(tool for tool in TOOLS if tool.name == "request_action")
    with pytest.raises(ValidationError):
        tool.ask.model_validate_json(arguments)


async def test_what_a_client_is_shown_at_the_start() -> None:
    async def nobody(_: object) -> Desk:
        raise AssertionError("nothing here is anybody's")

    async with Client(build(nobody)) as client:
        assert "untrusted" in (client.instructions or "")
        assert {tool.name for tool in (await client.list_tools()).tools} == LOOKS | ACTS
        for language, words in (("en", "at most six points"), ("tr", "en çok altı")):
            prompt = await client.get_prompt(prompts.NAME, {"language": language})
            assert words in str(prompt.messages[0].content)
        assert await client.get_prompt(prompts.NAME) == await client.get_prompt(
            prompts.NAME, {"language": "tr"}
        )
        with pytest.raises(MCPError):
            await client.get_prompt(prompts.NAME, {"language": "xx"})
        pages = {page.name: str(page.uri) for page in (await client.list_resources()).resources}
        assert "# The database" in str((await client.read_resource(pages["DATABASE.md"])).contents[0])
        with pytest.raises(MCPError):
            await client.read_resource("handbook:///../pyproject.toml")


def test_the_handbook_reads_its_own_pages_only() -> None:
    pages = {page.name: page.uri for page in handbook.pages()}
    assert {"DATABASE.md", "OPS.md"} <= set(pages)
    assert (handbook.page(pages["DATABASE.md"]) or "").startswith("# The database")
    for uri in ("handbook:///../README.md", "handbook:///../agent/process/settings.py", "file:///etc/passwd"):
        assert handbook.page(uri) is None


def test_loudness_is_averaged_as_energy_over_speech() -> None:
    minutes = [
        MinuteRow(user_id="a", loudness_lufs=-10.0, talk_seconds=30, peak_dbfs=-1.0, clipped_ratio=0.1),
        MinuteRow(user_id="a", loudness_lufs=-40.0, talk_seconds=30, peak_dbfs=-20.0, clipped_ratio=0.0),
        MinuteRow(user_id="a", loudness_lufs=None, talk_seconds=0, peak_dbfs=None),
    ]
    line = of_person("a", minutes)
    assert (line.loudness_lufs, line.talk_seconds, line.peak_dbfs) == (-13.0, 60.0, -1.0)
    assert of_person("b", minutes[2:]).loudness_lufs is None


def test_a_workers_metrics_are_summed_up() -> None:
    page = """\
# TYPE live_rooms_moderated gauge
live_rooms_moderated 3.0
# TYPE live_action_enforce_seconds histogram
live_action_enforce_seconds_sum{action="kick",outcome="applied"} 0.1
live_action_enforce_seconds_count{action="kick",outcome="applied"} 1.0
live_action_enforce_seconds_sum{action="mute",outcome="applied"} 0.2
live_action_enforce_seconds_count{action="mute",outcome="applied"} 3.0
"""
    assert summary(page) == {
        "live_rooms_moderated": 3.0,
        "live_action_enforce_seconds.count": 4.0,
        "live_action_enforce_seconds.mean_ms": 75.0,
    }
