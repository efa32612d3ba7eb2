"""`python -m local.gateway`: serves the gateway until it is told to stop."""

import asyncio
import logging
import signal

from aiohttp import web

from local.gateway.app import gateway
from local.gateway.settings import GatewaySettings
from local.ports import LOOPBACK


async def serve(settings: GatewaySettings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with gateway(settings) as app:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, settings.port, reuse_address=True).start()
            await stopping.wait()
        finally:
            await runner.cleanup()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(serve(GatewaySettings.from_env()))
