"""How the stand-in misbehaves when a test asks it to: each fault is on until it is put out."""

import asyncio

NAMES = frozenset(
    {
        "silent",  # starts are not answered at all
        "full",  # starts are refused: the plan's limit (429)
        "hangs",  # starts are answered, and nothing begins
        "deaf",  # stops are not answered
        "storage",  # no file can be stored
        "crashes",  # what runs fails at once, and says so
        "vanishes",  # what runs leaves the room, and says nothing: it stays active in the server's list
        "late",  # its end is told when this is put out
        "mute",  # nothing more is told to the server
    }
)


class Crashed(RuntimeError):
    """A handler died, and the service around it noticed."""


class Vanished(BaseException):
    """A handler is gone without a word."""


class Misbehaviour:
    """Each fault is on in one room, or in all of them (`*`)."""

    def __init__(self) -> None:
        self._on: set[tuple[str, str]] = set()
        self._changed = asyncio.Event()

    def set(self, name: str, room: str, *, on: bool) -> None:
        """Switch a fault. Raises KeyError for a name that is none."""
        if name not in NAMES:
            raise KeyError(name)
        (self._on.add if on else self._on.discard)((name, room))
        self._changed.set()
        self._changed = asyncio.Event()

    async def until_out(self, name: str, room: str) -> None:
        """Returns when this fault is not on there any more."""
        while self.is_on(name, room):
            await self._changed.wait()

    def is_on(self, name: str, room: str) -> bool:
        """Whether this fault is switched on there."""
        return not self._on.isdisjoint({(name, room), (name, "*")})

    def check(self, room: str) -> None:
        """Ends a recording that shall not go on. Raises `Crashed` or `Vanished`, as its room was told to."""
        if self.is_on("crashes", room):
            raise Crashed("pipeline frozen")
        if self.is_on("vanishes", room):
            raise Vanished(room)
