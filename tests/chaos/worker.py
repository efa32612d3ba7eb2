"""The production worker with doors to break it from inside: `python -m tests.chaos.worker start`.

The doors are here and not in `agent/`, so that no environment can open one in production.
"""

import asyncio
import os
import time

import psutil
from aiohttp import web
from livekit.rtc import SimulateScenarioKind

from agent.core.inbox import Inbox
from agent.core.lease import RoomName
from agent.livekit.room import LiveKitRoom
from agent.process.log import configure
from agent.process.outside import Outside, reach
from agent.process.settings import Settings, load_settings
from agent.process.worker import Worker
from handlers.facts import Identity


class BreakableWorker(Worker):
    """A worker whose connections, handlers, clock and loop can be broken."""

    def __init__(self, settings: Settings, outside: Outside) -> None:
        super().__init__(settings, outside)
        self._connections: dict[RoomName, LiveKitRoom] = {}
        self._poisoned: set[RoomName] = set()
        self._clock._offset += float(os.environ.get("CHAOS_CLOCK_SKEW", "0"))

    def _livekit_room(self, room: RoomName, identity: Identity, inbox: Inbox) -> LiveKitRoom:
        made = self._connections[room] = super()._livekit_room(room, identity, inbox)
        if room in self._poisoned:
            inbox.put(object())  # type: ignore[arg-type]  # the poison: no handler knows it
        return made

    async def simulate(self, request: web.Request) -> web.Response:
        """`?scenario=FULL_RECONNECT`: LiveKit's own simulations, on every room's connection at once."""
        kind = SimulateScenarioKind.Value(f"SIMULATE_{request.query['scenario']}")
        rooms = [self._connections[room]._room for room in self._puller.rooms]
        await asyncio.gather(*(room.simulate_scenario(kind) for room in rooms), return_exceptions=True)
        return web.Response()

    async def poison(self, request: web.Request) -> web.Response:
        """`?room=`: its handlers crash, now and at every attempt to build it anew."""
        room = RoomName(request.query["room"])
        self._poisoned.add(room)
        for lease, now in self._host._moderated.items():
            if lease.room == room:
                now.inbox.put(object())  # type: ignore[arg-type]
        return web.Response()

    async def cure(self, request: web.Request) -> web.Response:
        self._poisoned.discard(RoomName(request.query["room"]))
        return web.Response()

    async def block(self, _: web.Request) -> web.Response:
        """The event loop stands still, for good."""
        asyncio.get_running_loop().call_soon(time.sleep, 3600)
        return web.Response()

    async def memory(self, _: web.Request) -> web.Response:
        """`{uss, rooms}`: bytes that only this process has, and rooms it moderates."""
        uss = psutil.Process().memory_full_info().uss
        return web.json_response({"uss": uss, "rooms": len(self._puller.rooms)})


async def run(settings: Settings, port: int) -> None:
    async with reach(settings) as outside:
        worker = BreakableWorker(settings, outside)
        app = web.Application()
        app.add_routes(
            [
                web.post("/simulate", worker.simulate),
                web.post("/poison", worker.poison),
                web.post("/cure", worker.cure),
                web.post("/block", worker.block),
                web.get("/memory", worker.memory),
            ]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            await worker.run()
        finally:
            await runner.cleanup()


if __name__ == "__main__":
    configure("INFO", "json")
    asyncio.run(run(load_settings(), int(os.environ["CHAOS_PORT"])))
