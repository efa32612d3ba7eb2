"""The lights go on: everybody leaves, and the database must say what happened, to the row."""

from collections import Counter

from demo.stage import Stage
from local.people.api import Json
from local.people.relay_packet import Refusal
from local.people.waiting import until

FORGIVEN = frozenset({Refusal.REPEAT})
"""Delivery is at least once: the client drops what it has."""


async def balanced(stage: Stage) -> None:
    """The last scene: it ends every session, and compares rows with what people did. Checks `books.*` and `agent.*`."""
    await everybody_leaves(stage)
    await presence(stage)
    await audit(stage)
    await gifts(stage)
    await coins(stage)
    hidden(stage)


async def everybody_leaves(stage: Stage) -> None:
    """Sessions are ended by their hosts; then every device leaves."""
    for session in stage.sessions:
        host = next(p for p in stage.people.everybody if p.id == session.creator_id)
        await host.end_session(session.id)
    await stage.people.go_home()
    stage.tell("everybody", f"goes home: {len(stage.sessions)} sessions end")


async def presence(stage: Stage) -> None:
    """Every connection that a person's phone had is one visit of theirs; the others are old tokens tried again."""

    async def closed() -> list[Json]:
        rows = await stage.people.service.rows("live_visits")
        return rows if all(row["left_at"] for row in rows) else []

    visits = {row["participant_sid"]: row["user_id"] for row in await until("all visits are closed", closed)}
    held = {device.sid: device.join["identity"] for device in stage.people.devices}
    banned = {row["user_id"] for row in await stage.people.service.rows("live_bans")}
    strange = {user for sid, user in visits.items() if sid not in held} - banned
    online = await stage.people.service.rows("live_participants", is_online="is.true")
    counted = await stage.people.service.rows("live_sessions", viewer_count="gt.0")
    stage.tell("the books", f"know {len(visits)} visits of {len(set(visits.values()))} people, all closed")
    agree = all(visits.get(sid) == user for sid, user in held.items())
    stage.checks.holds("books.presence", agree and not strange and not online and not counted)


async def audit(stage: Stage) -> None:
    """Check `books.audit`: every request of people, rules and assistants is a row, is applied, and nothing else is
    there."""
    rows = await stage.people.service.rows("moderation_actions")
    found = {row["id"]: row["status"] for row in rows}
    asked = [request.id for request in stage.people.requests]
    incidents = await stage.people.service.rows("moderation_incidents", action_id="not.is.null")
    by_rules = [row["action_id"] for row in incidents]
    stage.tell(
        "the books",
        f"know {len(rows)} requests for moderation: {len(asked)} of people, {len(by_rules)} of rules, "
        f"{len(stage.through_assistant)} through an assistant",
    )
    exact = sorted(found) == sorted(asked + by_rules + stage.through_assistant) and set(found.values()) == {
        "applied"
    }
    stage.checks.holds("books.audit", exact)


async def gifts(stage: Stage) -> None:
    """Check `books.gifts`: the rows and the events of gifts agree in ids and coins."""
    rows = await stage.people.service.rows("live_gifts")
    events = await stage.people.service.rows("live_events", type="eq.gift")
    told = {event["payload"]["gift_id"]: event["payload"]["coins"] for event in events}
    coins = sum(row["coins"] for row in rows)
    stage.tell("the books", f"know {len(rows)} gifts of {coins} coins")
    stage.checks.holds("books.gifts", {row["id"]: row["coins"] for row in rows} == told and len(rows) > 0)


async def coins(stage: Stage) -> None:
    """Check `books.coins`: the database's own audit of the coins finds nothing."""
    faults = await stage.people.service.rpc("book_faults")
    stage.tell("the books", f"balance: {len(faults)} faults")
    stage.checks.holds("books.coins", not faults)


def hidden(stage: Stage) -> None:
    """What the phones were shown and given, over the whole evening."""
    people = {person.id for person in stage.people.everybody}
    shown = set().union(*(device.shown for device in stage.people.devices))
    packets = [packet for device in stage.people.devices for packet in device.packets]
    refused = Counter(
        reason
        for device in stage.people.devices
        for reason in device.relay.refused.elements()
        if reason not in FORGIVEN
    )
    stage.tell(
        "the phones", f"were shown {len(shown)} identities, all people, and given {len(packets)} packets"
    )
    stage.checks.holds("agent.hidden", shown <= people)
    unsigned = any(packet.sender for packet in packets) or refused != stage.forged
    stage.checks.holds("agent.packets_verified", bool(packets) and not unsigned)
