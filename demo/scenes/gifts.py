"""Gifts arrive once and in order, on every screen; who comes late catches up."""

import asyncio
import uuid

from demo.stage import Hosted, Stage, StageWatch
from local.people.device import Device
from local.people.waiting import until

EACH = 5


def gifts_at(device: Device) -> list[str]:
    """Ids of the gifts that this screen showed, in order, repeats included."""
    return [event.payload["gift_id"] for event in device.events if event.type == "gift"]


def in_order(device: Device) -> bool:
    """Whether no event came twice or before an earlier one."""
    seqs = [event.seq for event in device.events]
    return seqs == sorted(set(seqs))


async def shower(stage: Stage) -> None:
    """Checks `gifts.*`, with two senders and three screens; one request is repeated with its idempotency key."""
    live = await stage.host("Lale", "video_live", "public", "Sketches")
    stage.tell(live.host, "draws, live for everybody")
    senders = [await stage.people.arrive(name, coins=100) for name in ("Kaan", "Irem")]
    devices = [live.at_host, *[await sender.enter(live.session.id) for sender in senders]]

    async with asyncio.TaskGroup() as sending:
        receipts = [
            sending.create_task(sender.send_gift(live.session.id, "rose"))
            for _ in range(EACH)
            for sender in senders
        ]
    key = str(uuid.uuid4())
    first = await senders[0].send_gift(live.session.id, "heart", key=key)
    watch = StageWatch()
    again = await senders[0].send_gift(live.session.id, "heart", key=key)
    given = [first["gift_id"], *[receipt.result()["gift_id"] for receipt in receipts]]
    stage.tell("Kaan, Irem", f"send {len(given)} gifts at once, the last one twice by a bad line")

    await until("every gift on every screen", lambda: all(len(gifts_at(d)) >= len(given) for d in devices))
    stage.tell(live.host, f"sees {len(given)} of {len(given)}, in order", watch.seconds)
    stage.checks.took("gifts.arrival.ms", watch.seconds)
    once = all(sorted(gifts_at(device)) == sorted(given) and in_order(device) for device in devices)
    stage.checks.holds("gifts.once_in_order", once and again == first)
    await comes_late(stage, live, gifts_at(live.at_host))


async def comes_late(stage: Stage, live: Hosted, given: list[str]) -> None:
    """Check `gifts.late_joiner`: `given` is what the screens before have, in their order."""
    watch = StageWatch()
    late = await stage.people.arrive("Pelin")
    device = await late.enter(live.session.id, start_after=0)
    await until("the late joiner has caught up", lambda: len(gifts_at(device)) >= len(given))
    stage.tell(late, f"comes late and has all {len(given)} too", watch.seconds)
    stage.checks.holds("gifts.late_joiner", gifts_at(device) == given and in_order(device))
