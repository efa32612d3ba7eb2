"""A creator goes live on video; who paid or subscribed gets in, who did not does not."""

from demo.stage import Hosted, Stage, StageWatch
from local.people.api import RequestRefused
from local.people.person import Person
from local.people.waiting import until

TICKET_COINS = 25


async def refused(person: Person, hosted: Hosted) -> str:
    """The code with which the door turns this person away; empty when it does not."""
    try:
        await person.token(hosted.session.id)
    except RequestRefused as refusal:
        return refusal.code
    return ""


async def goes_live(stage: Stage) -> None:
    """Checks `door.ticket.*`, `live.picture.ms` and `agent.present`.

    A creator, a viewer without a ticket and one with.
    """
    watch = StageWatch()
    live = await stage.host("Ada", "video_live", "pay_per_view", "Ebru by night", price_coins=TICKET_COINS)
    await live.at_host.film()
    await live.at_host.speak()
    stage.tell(live.host, f"goes live on video, {TICKET_COINS} coins a ticket", watch.seconds)

    cem = await stage.people.arrive("Cem")
    code = await refused(cem, live)
    stage.tell(cem, f"has no ticket and is turned away: {code}")
    stage.checks.holds("door.ticket.refused", code == "ticket_required")

    bora = await stage.people.arrive("Bora", coins=100)
    ticket = await bora.buy_ticket(live.session.id)
    stage.tell(bora, f"buys a ticket; {ticket['balance']} coins are left")
    await watches(stage, live, bora)
    wallet = await stage.people.service.row("coin_wallets", user_id=f"eq.{bora.id}")
    stage.checks.holds("door.ticket.admitted", wallet is not None and wallet["balance"] == 100 - TICKET_COINS)
    await is_there_and_hidden(stage, live)


async def watches(stage: Stage, live: Hosted, viewer: Person) -> None:
    """Check `live.picture.ms`: from entering until picture and voice are there."""
    watch = StageWatch()
    device = await viewer.enter(live.session.id)
    ear = device.ear(live.host.id)
    await until("the picture", lambda: device.sees_camera_of(live.host.id))
    await ear.until_heard()
    stage.tell(viewer, f"is in, and sees and hears {live.host.name}", watch.seconds)
    stage.checks.took("live.picture.ms", watch.seconds)


async def is_there_and_hidden(stage: Stage, live: Hosted) -> None:
    """Check `agent.present`, by LiveKit's API. Raises NotInTimeError when no agent comes."""

    async def one_agent() -> bool:
        return await stage.agents_in(live.session.room) == 1

    await until("the agent is listed", one_agent)
    stage.checks.holds("agent.present", held=True)
    stage.tell("the agent", "is on LiveKit's own list, and on nobody's screen")


async def for_subscribers(stage: Stage) -> None:
    """Check `door.subscription.refused`. An audio room for subscribers, with one and without."""
    room = await stage.host("Ela", "audio_room", "subscribers", "Between us")
    stage.tell(room.host, "opens an audio room for subscribers")
    cem = await stage.people.arrive("Cem")
    code = await refused(cem, room)
    stage.tell(cem, f"is no subscriber: {code}")
    stage.checks.holds("door.subscription.refused", code == "subscription_required")
    deniz = await stage.people.arrive("Deniz")
    await stage.people.subscribe(deniz, room.host)
    watch = StageWatch()
    await deniz.enter(room.session.id)
    stage.tell(deniz, "subscribes, and is in", watch.seconds)
