"""Starts, watches and ends the processes of the stack.

Owns every child process: its log, its readiness, its unexpected death, its end. What the children are is not
known here (`postgres.py`, `livekit.py` and so on say that).
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from local import watchdog

READY_DEADLINE_SECONDS = 90.0
READY_POLL_SECONDS = 0.015
LAST_WORDS_LINES = 20
FAMILY_DEADLINE_SECONDS = 10.0


class NotInstalledError(RuntimeError):
    """A program or library that this machine has not; the message says how to get it."""


class ChildDiedError(RuntimeError):
    """A process of the stack ended by itself; the message carries the end of its log."""

    def __init__(self, name: str, how: str, last_words: str, log: Path) -> None:
        super().__init__(f"{name} {how}. Its last words (all of them: {log}):\n{last_words or '(none)'}")
        self.name = name


# Bytecode is worth a second at every start; some shells switch it off.
PYTHON_ENV = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Spec:
    """What to run and how to know that it works.

    `ready` is asked again and again until it answers True; it must not raise.
    `stop_signal` asks for the end; after `grace` seconds the process group is killed.
    """

    name: str
    argv: Sequence[str | Path]
    ready: Callable[[], Awaitable[bool]]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    user: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    grace: float = 5.0


def descendants(pid: int) -> list[psutil.Process]:
    """All processes below one, in whatever group they are; none when it has ended."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


class Child:
    """One process of the stack, which can be killed and started again under the same name."""

    def __init__(self, spec: Spec, log: Path, supervisor: "Supervisor") -> None:
        self.spec = spec
        self.log = log
        self._supervisor = supervisor
        self._process: Process | None = None
        self._end_expected = False
        self._ended = asyncio.Event()
        self._log_start = 0

    @property
    def name(self) -> str:
        """What it is called in the log and in faults."""
        return self.spec.name

    @property
    def pid(self) -> int:
        """The process id of the present (or last) run."""
        return self._run().pid

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Starts the process and returns when it is ready.

        Raises:
            ChildDiedError: it ended, or was not ready within `READY_DEADLINE_SECONDS`.
            RuntimeError: it runs already.
        """
        if self.running:
            raise RuntimeError(f"{self.name} runs already")
        self._end_expected = False
        self._ended = asyncio.Event()
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = await spawn(self.spec, log)
        self._supervisor.adopt(self, self._process)
        await self.ready()

    async def ready(self) -> None:
        """Returns when the process answers; raises ChildDiedError as `start` does."""
        try:
            async with asyncio.timeout(READY_DEADLINE_SECONDS):
                while not await self.spec.ready():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._ended.wait(), READY_POLL_SECONDS)
                    if self._ended.is_set():
                        raise self.obituary()
        except TimeoutError:
            raise ChildDiedError(
                self.name, f"was not ready after {READY_DEADLINE_SECONDS:.0f} s", self.last_words(), self.log
            ) from None

    async def wait(self) -> int:
        """The exit code, when the process has ended (negative: the signal that ended it)."""
        return await self._run().wait()

    async def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends a signal that may end the process; its end is then not a failure of the stack.

        Returns when it has ended if the signal is SIGKILL, at once otherwise.
        """
        self._end_expected = True
        if number != signal.SIGKILL:
            self._signal(number)
            return
        # Postgres' backends have groups of their own, and hold its memory until they notice that it is gone.
        family = descendants(self.pid) if self.running else []
        self._signal(number)
        await self._ended.wait()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        await asyncio.to_thread(psutil.wait_procs, family, FAMILY_DEADLINE_SECONDS)

    def pause(self) -> None:
        """Stops the process where it stands (SIGSTOP): everything it serves hangs, nothing is refused."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a paused process go on."""
        self._signal(signal.SIGCONT)

    async def stop(self) -> None:
        """Asks the process to end, and kills it when it has not after its grace."""
        if not self.running:
            return
        self._end_expected = True
        self._signal(self.spec.stop_signal)
        self._signal(signal.SIGCONT)
        try:
            await asyncio.wait_for(self._ended.wait(), self.spec.grace)
        except TimeoutError:
            await self.kill()

    async def restart(self) -> None:
        """Stop it and start it again."""
        await self.stop()
        await self.start()

    def last_words(self) -> str:
        """The end of this run's log."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-LAST_WORDS_LINES:])

    def obituary(self) -> ChildDiedError:
        """How it ended, with its last words."""
        code = self._run().returncode or 0
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return ChildDiedError(self.name, how, self.last_words(), self.log)

    async def watch(self) -> None:
        """Returns when this run has ended, having told the supervisor if nobody had asked for that."""
        process, ended = self._run(), self._ended
        await process.wait()
        ended.set()
        if not self._end_expected:
            self._supervisor.report(self.obituary())

    def _run(self) -> Process:
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._process

    def _signal(self, number: signal.Signals) -> None:
        if self.running:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)


class Supervisor:
    """The parent of all children. One that dies without having been asked to is told by `failure`."""

    def __init__(self, logs: Path) -> None:
        self.failure: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._logs = logs
        self._children: list[Child] = []
        self._watchers: set[asyncio.Task[None]] = set()
        self._watchdog: Process | None = None

    async def open(self) -> None:
        """Starts the watchdog; to be awaited before the first child."""
        self._logs.mkdir(parents=True, exist_ok=True)
        self._watchdog = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", str(watchdog.__file__), stdin=PIPE, start_new_session=True
        )

    def child(self, spec: Spec) -> Child:
        """A child with a fresh log, not started yet."""
        log = self._logs / f"{spec.name}.log"
        log.unlink(missing_ok=True)
        child = Child(spec, log, self)
        self._children.append(child)
        return child

    async def start(self, spec: Spec) -> Child:
        """Start a part and wait until it is ready. Raises ChildDiedError when it is not."""
        child = self.child(spec)
        await child.start()
        return child

    def adopt(self, child: Child, process: Process) -> None:
        """Watches over a process that a child has just started."""
        self._tell_watchdog(f"+{process.pid} {child.spec.orphan_signal:d}")
        watcher = asyncio.create_task(self._watch(child, process.pid), name=f"watch {child.name}")
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)

    async def _watch(self, child: Child, pid: int) -> None:
        await child.watch()
        self._tell_watchdog(f"-{pid}")

    def remove_at_end(self, folder: Path) -> None:
        """Has a folder removed when everything has ended, also if this process does not live to see it."""
        self._tell_watchdog(str(folder))

    def report(self, death: ChildDiedError) -> None:
        """A part died unasked: the first such error ends the stack."""
        if not self.failure.done():
            self.failure.set_exception(death)

    async def close(self, order: Sequence[str] = ()) -> None:
        """Ends the children named in `order` last and in that order, the others first; then the watchdog."""
        rank = {name: place for place, name in enumerate(order, start=1)}
        for child in sorted(self._children, key=lambda child: rank.get(child.name, 0)):
            await child.stop()
        await asyncio.gather(*self._watchers)
        self.failure.cancel()
        if self._watchdog and self._watchdog.stdin:
            self._watchdog.stdin.close()
            await self._watchdog.wait()

    def _tell_watchdog(self, line: str) -> None:
        if self._watchdog and self._watchdog.stdin and not self._watchdog.stdin.is_closing():
            self._watchdog.stdin.write(f"{line}\n".encode())


async def spawn(spec: Spec, log: IO[bytes]) -> Process:
    """Starts the process in a session of its own: a terminal's Ctrl-C reaches the supervisor alone."""
    return await asyncio.create_subprocess_exec(
        *map(str, spec.argv),
        env=os.environ | dict(spec.env),
        cwd=spec.cwd,
        stdin=DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        user=spec.user,
        group=spec.user,
        extra_groups=None if spec.user is None else [],
    )


def first_cause(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error that is not a group: what the person in front should read."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
