"""What the answers of LiveKit's API mean for a room: a list beside what the room shows, an error."""

from agent.core.ports import LeaseLapsed, Listing, PortError, Refused, TargetGone
from handlers.events import Failure, RoomSynced
from handlers.facts import Connection, Identity


def compared(
    listing: Listing, ourselves: Identity, present: tuple[tuple[Identity, Connection], ...]
) -> RoomSynced | None:
    """A list beside what the room shows. None: it does not know even our own agent, so it tells about another room of
    that name, or of none, and nothing in it is believed."""
    if ourselves not in listing.others:
        return None
    return RoomSynced(listing.people, listed=True, shown=frozenset(c.sid for _, c in present))


def failure_of(error: PortError) -> Failure:
    """What an adapter's error means for what follows."""
    match error:
        case TargetGone():
            return Failure.GONE
        case LeaseLapsed():
            return Failure.LAPSED
        case Refused():
            return Failure.PERMANENT
        case _:
            return Failure.RETRYABLE
