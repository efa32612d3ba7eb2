"""Which port each part listens on: one block of ports, moved as a whole by its base."""

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum

DEFAULT_BASE = 27300
BLOCK = 40
MARK = BLOCK - 1
LOOPBACK = "127.0.0.1"


class Offset(IntEnum):
    """Distance of a part's port from the base. The gateway is what clients know as `SUPABASE_URL`."""

    GATEWAY = 0
    POSTGRES = 1
    POSTGREST = 2
    POSTGREST_ADMIN = 3
    FUNCTIONS = 4
    LIVEKIT = 5
    LIVEKIT_UDP = 6
    CONSOLE = 7
    PUSH = 8
    REDIS = 9
    FIRST_WORKER = 10
    S3 = 35
    EGRESS = 36
    OTHER_LIVEKIT = 37
    OTHER_LIVEKIT_UDP = 38


class PortsTakenError(RuntimeError):
    """Another program listens where a part of the stack should."""


@dataclass(frozen=True)
class Ports:
    """A block of `BLOCK` loopback ports. Its last one is bound, and never listened on, for as long as it is claimed:
    so of two stacks that start at once only one has it."""

    base: int
    _mark: socket.socket | None = field(default=None, compare=False, repr=False)

    def release(self) -> None:
        """Lets others claim the block."""
        if self._mark is not None:
            self._mark.close()

    def of(self, offset: Offset) -> int:
        """The port of one part."""
        return self.base + offset

    def worker(self, index: int) -> int:
        """The health port of the worker with this index (0, 1, …). Raises `PortsTakenError` past the block."""
        port = self.base + Offset.FIRST_WORKER + index
        if port >= self.base + Offset.S3:
            raise PortsTakenError(f"no port left for worker {index} in the block of {BLOCK} from {self.base}")
        return port

    def fixed(self) -> Iterator[int]:
        """The ports that every stack uses, workers aside."""
        return (self.of(offset) for offset in Offset)


def claim(base: int | None) -> Ports:
    """The block at `base`, or any free one when `base` is None.

    Raises:
        PortsTakenError: a port of the block asked for is in use, or no free block was found.
    """
    if base is None:
        return _any_free_block()
    return _claim(base)


def _claim(base: int) -> Ports:
    mark = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        mark.bind((LOOPBACK, base + MARK))
    except OSError:
        mark.close()
        taken = [base + MARK]
    else:
        ports = Ports(base, mark)
        if not (taken := [port for port in ports.fixed() if not _free(port)]):
            return ports
        ports.release()
    raise PortsTakenError(
        f"ports {', '.join(map(str, taken))} are in use; stop what listens there, or choose "
        f"another block of {BLOCK} with PORT_BASE={base + 1000}"
    )


def _any_free_block() -> Ports:
    # Below Linux's and macOS's ranges for outgoing connections, so that none of those lands in the block.
    candidates = random.sample(range(20000, 32000, BLOCK), k=60)
    for base in candidates:
        with suppress(PortsTakenError):
            return _claim(base)
    raise PortsTakenError("no free block of ports between 20000 and 32000")


def _free(port: int) -> bool:
    return _can_bind(port, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)) and _can_bind(
        port, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    )


def _can_bind(port: int, make: Callable[[], socket.socket]) -> bool:
    with make() as probe:
        if probe.type == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
