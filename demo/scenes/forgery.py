"""A forger with LiveKit's own secret sends gifts that nobody gave; every phone sees through them."""

from collections import Counter

from demo.stage import Stage, StageWatch
from local.people.device import Device
from local.people.forger import Forger
from local.people.relay_packet import Refusal
from local.people.waiting import until

GIFT = b'\\"coins\\":1'
RICHER = b'\\"coins\\":9'
SEEN_THROUGH = (Refusal.BAD_SIGNATURE, Refusal.UNKNOWN_KEY)


async def forged_gifts(stage: Stage) -> None:
    """Check `gifts.forged_ignored`. What phones refuse is added to `stage.forged`: the books expect it."""
    live = await stage.host("Nil", "video_live", "public", "Piano")
    fan = await stage.people.arrive("Arda", coins=10)
    devices = [live.at_host, await fan.enter(live.session.id)]
    await fan.send_gift(live.session.id, "rose")
    genuine = await until("the gift is on the phone", lambda: gift_packet(live.at_host))

    watch = StageWatch()
    async with Forger(stage.stack.env, live.session.room, live.session.id, hidden=True) as forger:
        stage.tell("a forger", "with LiveKit's secret slips in, hidden like the agent")
        await forger.send(genuine.replace(GIFT, RICHER))
        await forger.send_gift(seq=1000, coins=1_000_000)
        await until("every phone has seen through both", lambda: all(map(saw_through, devices)))
    stage.tell("the phones", "refuse an altered gift and one signed with a strange key", watch.seconds)
    stage.forged.update(Counter(SEEN_THROUGH * len(devices)))
    rows = await stage.people.service.rows("live_events", session_id=f"eq.{live.session.id}")
    committed = {row["id"]: row["payload"] for row in rows}
    shown = [event for device in devices for event in device.events]
    believed = [event for event in shown if event.payload != committed.get(event.id)]
    stage.checks.holds("gifts.forged_ignored", bool(shown) and not believed)


def gift_packet(device: Device) -> bytes | None:
    """The first packet of one coin that this device got; None when there is none yet."""
    return next((packet.data for packet in device.packets if GIFT in packet.data), None)


def saw_through(device: Device) -> bool:
    """Whether this device refused both forgeries, each for its own reason."""
    return all(device.relay.refused[reason] for reason in SEEN_THROUGH)
