"""The whole cloud as one async context manager: `async with Stack(directory) as stack`.

Owns which parts there are, what each is told, and the order in which they start and end.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from local import (
    functions,
    gateway_process,
    livekit,
    migrate,
    pager,
    postgres,
    postgrest,
    push_services,
    recorder,
    redis,
    s3_store,
)
from local.faults import RealtimeFaults
from local.gateway.keys import Keys
from local.paths import REPOSITORY
from local.ports import LOOPBACK, Offset, Ports, claim
from local.readiness import http_ok
from local.state_folder import kept_secret, lock
from local.supervisor import PYTHON_ENV, Child, Spec, Supervisor, first_cause

LIVEKIT_KEY = "local-key"
# Consumers before what they consume; workers before all of them.
MEDIA = ("livekit", "other-livekit", "redis", "s3")
STOP_ORDER = (*MEDIA, "gateway", "functions", "push", "postgrest", "postgres")
WORKER_GRACE_SECONDS = 15.0


class Stack:
    """A fresh cloud below `directory`: an empty database with every migration, nobody in any room.

    Args:
        directory: for logs, secrets and data; one stack at a time.
        port_base: first of its ports, or None for any free block.
        fault_hooks: open the gateway's `/_local/` doors that break Realtime on purpose.
        token_seconds: lifetime of access tokens.
        departure_seconds: LiveKit closes a room this long after the last person left.
        webhooks: LiveKit tells the edge function who comes and goes; without, the agent sees it seconds later.
        migrations: SQL files to apply; the existing app's and ours when None.
        nodes: how many nodes LiveKit has: two share a Redis, and a room may be on either.
        recording: LiveKit has a Redis and the stand-in for Egress; what records people stores it here.
        database_clock: seconds that Postgres' clock is ahead of all others; needs libfaketime.
        realtime_plan: the Supabase plan whose limits bound Realtime: free, pro or team.

    Entering returns when every part is ready. It raises ChildDiedError, MigrationError or PortsTakenError
    when one cannot be; leaving raises ChildDiedError when one died meanwhile without having been asked to.
    """

    def __init__(
        self,
        directory: Path,
        port_base: int | None = None,
        *,
        fault_hooks: bool = False,
        token_seconds: int = 3600,
        departure_seconds: int = 2,
        webhooks: bool = True,
        migrations: Sequence[Path] | None = None,
        realtime_plan: str = "free",
        nodes: Literal[1, 2] = 1,
        database_clock: int = 0,
        recording: bool = False,
    ) -> None:
        self.directory = directory.resolve()
        self.ports: Ports
        self.keys: Keys
        self.postgres: Child
        self.postgrest: Child
        self.functions: Child
        self.gateway: Child
        self.livekit: Child
        self.other_livekit: Child
        """The second node of two, or what `start_other_livekit` started."""
        self.redis: Child
        self.egress: Child
        """The stand-in for LiveKit's Egress; needs `recording`."""
        self.workers: dict[str, Child] = {}
        self._worker_ports = 0
        self._port_base = port_base
        self._fault_hooks = fault_hooks
        self._token_seconds = token_seconds
        self._departure_seconds = departure_seconds
        self._webhooks = webhooks
        self._migrations = migrations
        self._realtime_plan = realtime_plan
        self._nodes, self.database_clock, self._recording = nodes, database_clock, recording
        self._livekit_secret = ""
        self._up = asyncio.Event()
        self._stopping = asyncio.Event()
        self._life: asyncio.Task[None] | None = None
        self._supervisor: Supervisor

    # ------------------------------------------------------------ addresses

    @property
    def url(self) -> str:
        """`SUPABASE_URL`: the gateway."""
        return f"http://{LOOPBACK}:{self.ports.of(Offset.GATEWAY)}"

    @property
    def livekit_url(self) -> str:
        """Where apps and agents reach LiveKit, for its WebSocket."""
        return f"ws://{LOOPBACK}:{self.ports.of(Offset.LIVEKIT)}"

    @property
    def push_url(self) -> str:
        """The stand-ins for the services that deliver pushes, and for the pager: see `local/push_services.py`."""
        return f"http://{LOOPBACK}:{self.ports.of(Offset.PUSH)}"

    @property
    def database_url(self) -> str:
        """Straight to Postgres as `postgres`, which passes over row-level security."""
        return postgres.url(self.ports.of(Offset.POSTGRES))

    @property
    def env(self) -> dict[str, str]:
        """The environment that production code is configured by, and `DATABASE_URL`."""
        return {
            "LIVEKIT_URL": self.livekit_url,
            "LIVEKIT_API_KEY": LIVEKIT_KEY,
            "LIVEKIT_API_SECRET": self._livekit_secret,
            "SUPABASE_URL": self.url,
            "SUPABASE_ANON_KEY": self.keys.publishable,
            "SUPABASE_SERVICE_ROLE_KEY": self.keys.secret,
            "DATABASE_URL": self.database_url,
            **(recorder.environment(self.keys) if self._recording else {}),
        }

    @property
    def realtime(self) -> RealtimeFaults:
        """Breaks Realtime on purpose; needs `fault_hooks`."""
        return RealtimeFaults(self.url)

    @property
    def egress_faults(self) -> recorder.EgressFaults:
        """Breaks Egress on purpose; needs `recording`."""
        return recorder.EgressFaults(self.ports.of(Offset.EGRESS))

    # ------------------------------------------------------------ life

    async def __aenter__(self) -> Self:
        self._life = asyncio.create_task(self._live(), name="stack")
        up = asyncio.create_task(self._up.wait())
        try:
            await asyncio.wait({self._life, up}, return_when="FIRST_COMPLETED")
        except asyncio.CancelledError:
            self._life.cancel()
            await asyncio.wait({self._life})
            raise
        finally:
            up.cancel()
        if self._life.done():
            await self._life
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        await self.wait()

    async def wait(self) -> None:
        """Returns when the stack has ended.

        Raises:
            ChildDiedError: a death ended it.
            RuntimeError: it was never started.
        """
        if self._life is None:
            raise RuntimeError("the stack was never started")
        await self._life

    async def _live(self) -> None:
        with lock(self.directory):
            self.ports = claim(self._port_base)
            secret = kept_secret(self.directory)
            self.keys = Keys.derive(secret)
            self._livekit_secret = Keys.derive(f"livekit:{secret}").secret.removeprefix("sb_secret_")
            self._supervisor = Supervisor(self.directory / "logs")
            try:
                await self._supervisor.open()
                await self._until_failure(self._start_all())
                self._up.set()
                await self._until_failure(self._stopping.wait())
            finally:
                # Nobody stays to take their rooms: they leave at once instead of offering them.
                for worker in self.workers.values():
                    await worker.kill(signal.SIGINT)
                await self._supervisor.close(STOP_ORDER)
                self.ports.release()

    async def _until_failure(self, work: Coroutine[Any, Any, object]) -> None:
        """Does the work; a process of the stack that dies meanwhile ends it with that death as its error."""
        task = asyncio.create_task(work)
        try:
            await asyncio.wait([task, self._supervisor.failure], return_when="FIRST_COMPLETED")
            if self._supervisor.failure.done():
                self._supervisor.failure.result()
            await task
        except BaseExceptionGroup as errors:
            raise first_cause(errors) from None
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _start_all(self) -> None:
        async with asyncio.TaskGroup() as starting:
            starting.create_task(self._start_supabase())
            starting.create_task(self._start_livekit())
            starting.create_task(self._start_functions())

    async def _start_supabase(self) -> None:
        port = self.ports.of(Offset.POSTGRES)
        binary = asyncio.create_task(postgrest.find_binary())
        cluster = await postgres.create_cluster(self.directory / "data")
        self._supervisor.remove_at_end(cluster.folder)
        self.postgres = await self._supervisor.start(postgres.spec(cluster, port, self.database_clock))
        await migrate.bootstrap(port)
        async with asyncio.TaskGroup() as starting:
            starting.create_task(self._start_gateway())
            starting.create_task(self._start_rest(await binary))
        if self._recording:
            await recorder.create_account(self.url, self.keys)

    async def _start_rest(self, binary: Path) -> None:
        port = self.ports.of(Offset.POSTGRES)
        await migrate.migrate(port, self._migrations)
        self.postgrest = await self._supervisor.start(
            postgrest.spec(
                binary,
                port=self.ports.of(Offset.POSTGREST),
                admin_port=self.ports.of(Offset.POSTGREST_ADMIN),
                postgres_port=port,
                jwks=self.keys.verifying_jwks(),
            )
        )

    async def _start_gateway(self) -> None:
        options = {
            "GATEWAY_STORAGE_FOLDER": str(self.directory / "storage"),
            "GATEWAY_TOKEN_SECONDS": str(self._token_seconds),
            "GATEWAY_FAULT_HOOKS": "1" if self._fault_hooks else "0",
            "GATEWAY_REALTIME_PLAN": self._realtime_plan,
        }
        self.gateway = await self._supervisor.start(gateway_process.spec(self.ports, self.keys, options))

    async def _start_livekit(self) -> None:
        redis_port = self.ports.of(Offset.REDIS) if self._nodes > 1 or self._recording else None
        if redis_port is not None:
            server = redis.spec(redis.find_binary(), self.directory, redis_port)
            self.redis = await self._supervisor.start(server)
        async with asyncio.TaskGroup() as starting:
            if redis_port is not None and self._recording:
                starting.create_task(self._start_egress(redis_port))
            if self._nodes > 1:
                starting.create_task(self._start_other_node(redis_port))
            self.livekit = await self._livekit_node("livekit", Offset.LIVEKIT, redis_port)

    async def _start_other_node(self, redis_port: int | None) -> None:
        self.other_livekit = await self._livekit_node("other-livekit", Offset.OTHER_LIVEKIT, redis_port)

    async def _start_egress(self, redis_port: int) -> None:
        port = self.ports.of(Offset.EGRESS)
        await self._supervisor.start(s3_store.spec(self.directory, self.ports.of(Offset.S3)))
        self.egress = await self._supervisor.start(recorder.spec(port, redis_port, self.env))

    async def start_other_livekit(self) -> Child:
        """A LiveKit of its own with the same key, as in another region: it knows no room of the first."""
        self.other_livekit = await self._livekit_node("other-livekit", Offset.OTHER_LIVEKIT, None)
        return self.other_livekit

    async def _livekit_node(self, name: str, offset: Offset, redis_port: int | None) -> Child:
        config = livekit.write_config(
            self.directory,
            port=self.ports.of(offset),
            udp_port=self.ports.of(Offset(offset + 1)),
            keys={LIVEKIT_KEY: self._livekit_secret},
            webhook_url=f"{self.url}/functions/v1/livekit-webhook" if self._webhooks else None,
            departure_seconds=self._departure_seconds,
            redis_port=redis_port,
            name=name,
        )
        return await self._supervisor.start(
            livekit.spec(await livekit.find_binary(), config, self.ports.of(offset), name)
        )

    async def _start_functions(self) -> None:
        own = {name: value for name, value in os.environ.items() if name.startswith("LIVE_")}
        # The platform gives its functions the legacy keys under these names.
        keys = {"SUPABASE_ANON_KEY": self.keys.anon, "SUPABASE_SERVICE_ROLE_KEY": self.keys.service_role}
        port = self.ports.of(Offset.PUSH)
        push_keys = await asyncio.to_thread(push_services.keys_in, self.directory)
        push = push_services.environment(port, push_keys)
        env = {**self.env, **own, **keys, **push, "SUPABASE_DB_URL": self.database_url}
        if self._recording:
            env |= s3_store.environment(self.ports.of(Offset.S3))  # they know both stores
        async with asyncio.TaskGroup() as starting:
            starting.create_task(self._supervisor.start(push_services.spec(port, push_keys)))
            serving = starting.create_task(
                self._supervisor.start(functions.spec(self.ports.of(Offset.FUNCTIONS), env))
            )
        self.functions = serving.result()

    async def start_worker(
        self, name: str, env: Mapping[str, str] | None = None, *, module: str = "agent"
    ) -> Child:
        """Runs `python -m agent start` until `/readyz` answers; `env` adds to and overrides `self.env`.

        `module`: what to run instead of `agent`, with the same argument.
        """
        port = self.ports.worker(self._worker_ports)
        self._worker_ports += 1

        async def ready() -> bool:
            return await http_ok(port, "/readyz")

        spec = Spec(
            name=name,
            argv=[sys.executable, "-m", module, "start"],
            cwd=REPOSITORY,
            env={
                **PYTHON_ENV,
                **self.env,
                **pager.environment(self.push_url),
                "LIVE_HEALTH_PORT": str(port),
                **(env or {}),
            },
            ready=ready,
            stop_signal=signal.SIGTERM,
            grace=WORKER_GRACE_SECONDS,
        )
        self.workers[name] = await self._supervisor.start(spec)
        return self.workers[name]
