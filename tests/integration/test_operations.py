"""What people on call look at: readiness with reasons, status, figures, and logs that give nobody away."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.process.commands import Finding, status
from agent.process.settings import Settings
from local.people.person import People
from local.people.waiting import until
from local.stack import Stack
from tests.integration.rooms import Hosted, hosted, joined

WRITTEN = "Kaplumbaga7731"
"""A mark in everything that people write here: titles, names, reasons, announcements."""
TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}|sb_secret_[\w-]{8,}")


def port_of(stack: Stack) -> int:
    """Of the worker of the `worker` fixture, the first of the stack."""
    return stack.ports.worker(list(stack.workers).index("worker"))


async def asked(stack: Stack, path: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{port_of(stack)}{path}") as response,
    ):
        return response.status, await response.text()


async def figures(stack: Stack) -> Mapping[str, list[Any]]:
    """Samples by name, as Prometheus would read them."""
    _, text = await asked(stack, "/metrics")
    found: dict[str, list[Any]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


async def mute_and_unmute(room: Hosted, people: People) -> None:
    person = await people.arrive(f"Bo{WRITTEN}")
    await joined(room, person)
    for action in ("mute", "unmute"):
        asked_ = await room.host.ask(action, room.session.id, person, reason=f"because {WRITTEN}")
        await asked_.applied()


@pytest.mark.usefixtures("worker")
async def test_readiness_says_what_is_missing_while_wakeups_are_away(stack: Stack) -> None:
    code, body = await asked(stack, "/readyz")
    assert (code, json.loads(body)["reasons"]) == (200, [])

    async def not_ready() -> bool:
        code, body = await asked(stack, "/readyz")
        return code == 503 and any("polling" in reason for reason in json.loads(body)["reasons"])

    async def ready() -> bool:
        return (await asked(stack, "/readyz"))[0] == 200

    async with aiohttp.ClientSession() as http:
        doors = stack.url + "/_local/realtime"
        try:
            for what in ("refuse", "drop"):
                async with http.post(f"{doors}/{what}") as response:
                    assert response.ok
            await until("it says so", not_ready, 15)
            assert (await asked(stack, "/healthz"))[0] == 200
        finally:
            async with http.post(f"{doors}/restore") as response:
                assert response.ok
    await until("wake-ups are back", ready, 15)


@pytest.mark.usefixtures("worker")
async def test_status_names_the_rooms_and_what_they_wait_for(stack: Stack, people: People) -> None:
    room = await hosted(people)
    told: Sequence[Finding] = ()

    async def line() -> str | None:
        nonlocal told
        told = (await status(settings_of(stack))).findings
        if not all(well for well, _ in told):
            return None  # at its last look the watcher may have seen the room before its agent
        return next((what for _, what in told if room.session.id in what and "1 people" in what), None)

    of_room = await until("the room is moderated and all is well", line)
    words = "\n".join(what for _, what in told)
    assert "epoch 1" in of_room
    assert "lease" in of_room
    assert room.host.id not in words


@pytest.mark.usefixtures("worker")
async def test_figures_move_with_what_happens_and_name_nobody(stack: Stack, people: People) -> None:
    room = await hosted(people)
    await mute_and_unmute(room, people)
    seen = await figures(stack)
    applied = {
        sample.labels["action"]
        for sample in seen["live_action_enforce_seconds_count"]
        if sample.labels["outcome"] == "applied" and sample.value > 0
    }
    assert {"mute", "unmute"} <= applied
    assert all(sample.value == 1 for sample in seen["live_ready"])
    assert seen["live_rooms_moderated"][0].value >= 1
    assert seen["live_people"][0].value >= 2
    assert seen["live_wakeup_last_timestamp_seconds"][0].value > 0
    assert seen["process_resident_memory_bytes"][0].value > 0
    assert seen["live_lease_left_seconds"][0].value > 0
    values = {value for samples in seen.values() for s in samples for value in s.labels.values()}
    assert not [value for value in values if re.fullmatch(r"[0-9a-f-]{36}", value)]


@pytest.mark.usefixtures("worker")
async def test_the_logs_of_a_busy_evening_give_nobody_away(stack: Stack, people: People) -> None:
    """One action can be followed by its id; no token, no key and no text of a user is in any log of ours."""
    room = await hosted(people)
    await mute_and_unmute(room, people)
    said = await room.host.ask("announce", room.session.id, params={"text": f"Hello {WRITTEN}"})
    await said.applied()
    guest = await people.arrive(f"Cem{WRITTEN}")
    await joined(room, guest)
    kicked = await room.host.ask("kick", room.session.id, guest, reason=WRITTEN)
    await kicked.applied()

    def of_kick() -> list[dict[str, Any]] | None:
        """All lines about the kick, once the last is written: the row is final a moment earlier."""
        lines = [json.loads(line) for line in log_of(stack, "worker").splitlines() if line.startswith("{")]
        found = [line for line in lines if line.get("action_id") == kicked.id]
        return found if len(found) > 1 else None

    followed = await until("the kick is in the log", of_kick)
    assert [line["message"] for line in followed] == ["action claimed", "action finished"]
    assert {line["session_id"] for line in followed} == {room.session.id}
    assert all(line["room"] for line in followed)

    for name in (*stack.workers, "functions"):
        text = log_of(stack, name)
        assert text or name == "functions"
        assert WRITTEN not in text, name
        assert not TOKEN.search(text), name
        for variable in ("LIVEKIT_API_SECRET", "SUPABASE_SERVICE_ROLE_KEY"):
            assert stack.env[variable] not in text, (name, variable)


def log_of(stack: Stack, name: str) -> str:
    return (stack.directory / "logs" / f"{name}.log").read_text()


def settings_of(stack: Stack) -> Settings:
    values = {name.lower(): value for name, value in stack.env.items()}
    return Settings(**values, live_health_port=port_of(stack))  # type: ignore[arg-type]
