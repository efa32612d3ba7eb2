"""`python -m local latency`: how long people wait for the agent in a real room, many times in a row.

A moderator's row, until LiveKit has confirmed it; and a speaker who joins, until they may speak.
"""

import statistics
import sys
import time
from collections.abc import Sequence

from local import results
from local.paths import STATE
from local.people.device import Device
from local.people.person import People, Person
from local.stack import Stack

ROWS, JOINS = 50, 20
P50_BAR_MS, P99_BAR_MS = 30.0, 150.0
JOIN_BAR_MS = 100.0


async def measure(port_base: int | None) -> bool:
    """Mutes and unmutes one speaker by turns, each when the one before is through, then lets one come again and again;
    prints the distributions.

    Returns whether the bars were held.
    """
    async with Stack(STATE / "latency", port_base) as stack, People(stack.env) as people:
        await stack.start_worker("worker")
        host = await people.arrive("Ada", creator=True)
        ops = await people.arrive("Ops", ops=True)
        session = await host.open_session("audio_room")
        device = await host.enter(session.id, session.join)
        await host.until_on_record(session.id)
        await toggle(
            ops, session.id, host, device, "mute"
        )  # what is slow once only: connections, plans, imports
        await toggle(ops, session.id, host, device, "unmute")
        taken = [
            await toggle(ops, session.id, host, device, "unmute" if turn % 2 else "mute")
            for turn in range(ROWS)
        ]
        waited = await joins(await people.arrive("Bo"), ops, session.id)
    figures = judge(taken)
    first_words = results.spread("join.connected_to_may_speak", waited, {50: JOIN_BAR_MS})
    results.write("latency", [*figures, *first_words])
    sys.stdout.write(report(taken, figures) + "\n" + results.report(first_words))
    figures += first_words
    return all(figure.held is not False for figure in figures)


async def toggle(ops: Person, session_id: str, target: Person, device: Device, action: str) -> float:
    """Milliseconds from the row's insertion until LiveKit confirmed, by the database's clock."""
    row = await (await ops.ask(action, session_id, target)).applied()
    await (device.until_may_not_send() if action == "mute" else device.until_may_send())
    return float(row["enforce_ms"])


async def joins(speaker: Person, ops: Person, session_id: str) -> list[float]:
    """Milliseconds from being connected, with a token without rights, until the right to speak is there."""
    device, waited = await speaker.enter(session_id), []
    await speaker.raise_hand(session_id)
    await (await ops.ask("set_role", session_id, speaker, params={"role": "speaker"})).applied()
    for _ in range(JOINS):
        await device.leave()
        device = await speaker.enter(session_id, await speaker.token(session_id))
        connected_at = time.monotonic()
        waited.append((await device.until_may_send() - connected_at) * 1000)
    return waited


def judge(taken: Sequence[float]) -> list[results.Figure]:
    """Figures of the times in ms, against their bars."""
    area, n = "actions.insert_to_confirmed", len(taken)
    return [
        results.Figure(f"{area}.min", round(min(taken), 3), "ms", n),
        results.at_most(f"{area}.p50", statistics.median(taken), P50_BAR_MS, n=n),
        results.at_most(f"{area}.p99", results.percentile(taken, 99), P99_BAR_MS, n=n),
        results.Figure(f"{area}.max", round(max(taken), 3), "ms", n),
    ]


def report(taken: Sequence[float], figures: Sequence[results.Figure]) -> str:
    """The times in ms as a histogram, and the figures."""
    lines = [f"row inserted -> confirmed by LiveKit, {len(taken)} mutes and unmutes in a row", ""]
    for low, high in ((0, 15), (15, 20), (20, 25), (25, 30), (30, 50), (50, 100), (100, 150), (150, 10_000)):
        count = sum(low <= ms < high for ms in taken)
        label = f"{low}-{high} ms" if high < 10_000 else f"{low} ms and more"
        lines.append(f"  {label:>15} {'#' * count}{f' {count}' if count else ''}")
    lines.append("")
    for figure in figures:
        bar = (
            "" if figure.bar is None else f"  {'held' if figure.held else 'MISSED'}: at most {figure.bar:.0f}"
        )
        lines.append(f"  {figure.name.rsplit('.', 1)[1]:>15} {figure.value:7.1f} ms{bar}")
    return "\n".join(lines) + "\n"
