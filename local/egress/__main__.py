"""`python -m local.egress`: serves until it is told to stop, or until Redis goes away."""

import asyncio
import logging
import os
import signal
from contextlib import suppress

import aiohttp
from aiohttp import web

from local.egress.psrpc import Bus
from local.egress.resp import RedisError
from local.egress.run import Place
from local.egress.service import EgressService
from local.ports import LOOPBACK

RETRY_SECONDS = 0.5
log = logging.getLogger("local.egress")


async def serve(port: int, redis_port: int) -> None:
    """Serve on this port and on the Redis at that one, until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with aiohttp.ClientSession() as http:
        place = Place(
            os.environ["LIVEKIT_URL"], os.environ["LIVEKIT_API_KEY"], os.environ["LIVEKIT_API_SECRET"], http
        )
        bus = await Bus.open(LOOPBACK, redis_port)
        service = EgressService(bus, place)
        service.open()
        app = web.Application()
        app.add_routes(service.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, port).start()
        listening = asyncio.create_task(bus.run())
        ended = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait((listening, ended), return_when="FIRST_COMPLETED")
        finally:
            ended.cancel()
            bus.close()
            with suppress(RedisError, asyncio.CancelledError, OSError):
                listening.cancel()
                await listening
            await runner.cleanup()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(serve(int(os.environ["EGRESS_PORT"]), int(os.environ["EGRESS_REDIS_PORT"])))
