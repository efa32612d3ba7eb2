"""Joins the parts of the process, and answers `/healthz` and `/metrics`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web
from livekit.agents import stt, vad
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from agent.livekit.native import quiet_native_log
from agent.livekit.server import LiveKitServer
from agent.supabase.client import supabase_client
from speech.desk import SupabaseDesk
from speech.engine import Engine
from speech.figures import SpeechReport, registry_of
from speech.listener import RoomListener, Senses
from speech.pictures import Classifier
from speech.ports import Told
from speech.process import Found, SpeechProcess
from speech.settings import SpeechSettings, made


async def run(settings: SpeechSettings, worker: str) -> None:
    """Until cancelled. Raises SpeechSettingsError where an engine is not installed."""
    plugin: stt.STT[str] = made(settings.live_speech_stt, settings.live_speech_stt_options)
    detector: vad.VAD = made(settings.live_speech_vad, settings.live_speech_vad_options)
    named = settings.live_speech_pictures
    classifier: Classifier | None = made(named, {}) if named else None
    quiet_native_log()
    async with AsyncExitStack() as opened:
        supabase = await opened.enter_async_context(
            supabase_client(
                settings.supabase_url,
                settings.supabase_anon_key.get_secret_value(),
                settings.live_store_timeout,
            )
        )
        supabase.act_as(settings.live_speech_token.get_secret_value())
        opened.push_async_callback(plugin.aclose)
        desk = SupabaseDesk(
            supabase,
            worker,
            f"{plugin.provider}/{plugin.model}",
            classifier.name if classifier is not None else "none",
            settings.live_speech_rooms,
        )
        process = assembled(settings, desk, plugin, detector, classifier)
        await opened.enter_async_context(_health(settings, process))
        await process.run()


def assembled(
    settings: SpeechSettings,
    desk: SupabaseDesk,
    plugin: stt.STT[str],
    detector: vad.VAD,
    classifier: Classifier | None,
) -> SpeechProcess:
    """The process, ready to run."""
    secret = settings.livekit_api_secret.get_secret_value()
    livekit = LiveKitServer(settings.livekit_url, settings.livekit_api_key, secret)
    orders, found = Told(), Found()
    engine = Engine(plugin, orders.is_flagged, found.words.put)
    looking = asyncio.Semaphore(settings.live_speech_cameras)
    senses = Senses(detector, engine.hear, classifier, found.pictures.put, desk.show, looking)
    return SpeechProcess(
        desk, engine, lambda place: RoomListener(livekit, senses, place, orders), orders, found
    )


@asynccontextmanager
async def _health(settings: SpeechSettings, process: SpeechProcess) -> AsyncIterator[None]:
    counts = process.engine.counts
    report = SpeechReport(counts)
    registry = registry_of(report, counts)

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"alive": True, "rooms": len(process.told.orders.places)})

    async def metrics(_: web.Request) -> web.Response:
        report.rooms, report.told_age = len(process.told.orders.places), process.told_age
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, settings.live_health_host, settings.live_speech_health_port).start()
    try:
        yield
    finally:
        await runner.cleanup()
