"""`python -m bench.spoken`: what listening to words costs and how soon they are flagged, with the engine in the box.

The speech process as a deployment starts it, in an environment of its own (`make speech`), on one core; a real room;
two flagged speakers who speak at the same moment. An utterance is over when its last sample has been played; it is
flagged when the database has the row. What a speaker costs who is only gated is the process's CPU while flagged people
send what is no speech, without what it takes when nobody is. Without the engine it says so and measures nothing.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

import aiohttp
import asyncpg
import numpy as np
from livekit import rtc

from bench.command import Times, command
from bench.hearing_sounds.voices import can_speak, sentence
from bench.process_cost import cores, usage
from local import results, sounds
from local.paths import REPOSITORY, STATE
from local.people.device import Device
from local.people.hostile import Arena
from local.people.person import People, Person
from local.people.sound import RATE, pink_noise
from local.people.voice import published
from local.people.waiting import NotInTimeError, until
from local.results import Figure, at_most, say
from local.stack import Stack
from speech.token import minted

ENVIRONMENT = STATE / "speech"
PYTHON = ENVIRONMENT / "bin" / "python"
PORT = 8093
ROUNDS, FULL_ROUNDS = 8, 20
GATED, GATED_SECONDS = 4, 15.0
FLAG_MS, CPU_SECONDS, CAUGHT = 4000.0, 1.0, 0.9
CAUGHT_WITHIN_SECONDS = 12.0
THREATS = (
    "Listen to me. If you come here again, I will kill you.",
    "I know where you live, my friend.",
    "He told me that he would shoot you tonight.",
    "Be careful, or they will find you and murder you.",
)
VOICES = ("en-us", "en-us+f4")
ON = "update app_settings set value = 'true' where key = 'speech.enabled'"
FLAGGED = (
    "select live.keep_sound(live.open_case($1, null, p.user_id, 'info', 'ops'))"
    " from live_participants p where p.session_id = $1 and p.user_id = any ($2)"
)
DECIDED = (
    "update moderation_cases set resolved_at = now(), decision = 'no_violation' where resolved_at is null"
)
TRANSCRIBED = 'live_speech_windows_total{outcome="transcribed"}'
ONE_CORE = (
    "import os, runpy, sys; os.sched_setaffinity(0, {max(os.sched_getaffinity(0))}); sys.argv = ['speech'];"
    " runpy.run_module('speech', run_name='__main__')"
)


# ------------------------------------------------------------ the process


@asynccontextmanager
async def speech(stack: Stack) -> AsyncIterator[int]:
    """Its pid, once it answers."""
    token = minted(stack.keys.jwt_secret, 3600)
    env = {**os.environ, **stack.env, "LIVE_SPEECH_TOKEN": token, "LIVE_SPEECH_HEALTH_PORT": str(PORT)}
    env |= {"LIVE_LOG_LEVEL": "WARNING", "OMP_NUM_THREADS": "1"}
    program = await asyncio.create_subprocess_exec(PYTHON, "-c", ONE_CORE, cwd=REPOSITORY, env=env)
    try:
        await until("the speech process answers", lambda: figures_of("live_speech_rooms"), 60.0)
        yield program.pid
    finally:
        if program.returncode is None:
            program.terminate()
        await program.wait()


async def figures_of(name: str) -> tuple[float] | None:
    """One figure of the process's metrics; None: it does not answer."""
    try:
        url = f"http://127.0.0.1:{PORT}/metrics"
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            lines = (await answer.text()).splitlines()
    except aiohttp.ClientError:
        return None
    return next(((float(line.split()[1]),) for line in lines if line.startswith(f"{name} ")), None)


# ------------------------------------------------------------ words


async def say_once(device: Device, text: str, voice: str) -> float:
    """Publish a microphone, say it, and stay silent for a while; when its last sample was played (Unix seconds)."""
    pcm = sounds.as_int16(sentence(voice, 150, 50, text) * 0.3)
    source = rtc.AudioSource(RATE, 1, queue_size_ms=100)
    track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    async with published(device.room, track, options):
        await played(source, np.zeros(RATE * 2, np.int16))
        await played(source, pcm)
        await source.wait_for_playout()
        ended = time.time()
        await played(source, np.zeros(RATE * 5, np.int16))
    return ended


async def played(source: rtc.AudioSource, pcm: "np.typing.NDArray[np.int16]") -> None:
    """`pcm`: mono at `RATE`. Returns when the last part is in the source's queue, before it is played."""
    for at in range(0, len(pcm), RATE // 20):
        part = pcm[at : at + RATE // 20]
        await source.capture_frame(rtc.AudioFrame(part.tobytes(), RATE, 1, len(part)))


async def utterances(
    people: People, talking: list[tuple[Person, Device]], rounds: int
) -> tuple[list[float], int]:
    """Milliseconds from the end of each utterance to its flag, and how many utterances there were."""
    ms, said = list[float](), 0
    for number in range(rounds):
        text = THREATS[number % len(THREATS)]
        began = datetime.now().astimezone().isoformat()
        ends = await asyncio.gather(
            *(say_once(device, text, VOICES[n % 2]) for n, (_, device) in enumerate(talking))
        )
        for (person, _), ended in zip(talking, ends, strict=True):
            said += 1
            if (flagged := await flag_of(people, person, began)) is not None:
                ms.append(1000 * (flagged - ended))
    return ms, said


async def flag_of(people: People, person: Person, since: str) -> float | None:
    """Unix seconds of the person's first flag after `since` (ISO 8601); None when none came within the bound."""

    async def there() -> float | None:
        rows = await people.service.rows(
            "content_flags", user_id=f"eq.{person.id}", created_at=f"gt.{since}", order="created_at"
        )
        return datetime.fromisoformat(rows[0]["created_at"]).timestamp() if rows else None

    try:
        return float(await until("a flag", there, CAUGHT_WITHIN_SECONDS))
    except NotInTimeError:
        return None


# ------------------------------------------------------------ the gate


async def gated(
    database: asyncpg.Connection, arena: Arena, pid: int, quiet: list[tuple[Person, Device]]
) -> list[Figure]:
    """CPU seconds a minute for one flagged speaker of whom nothing is speech."""
    await database.execute(DECIDED)
    await asyncio.sleep(4.0)
    before = usage(pid)
    await asyncio.sleep(GATED_SECONDS / 2)
    idle = cores(before, usage(pid))
    transcribed = await figures_of(TRANSCRIBED)
    for _, device in quiet:
        await device.speak(pink_noise(-40.0))
    await database.execute(FLAGGED, arena.session.id, [person.id for person, _ in quiet])
    await asyncio.sleep(5.0)
    before = usage(pid)
    await asyncio.sleep(GATED_SECONDS)
    cpu = (cores(before, usage(pid)) - idle) * 60 / len(quiet)
    assert await figures_of(TRANSCRIBED) == transcribed, "the noise was taken for speech"
    return [at_most("speech.gated.cpu_per_minute", cpu, CPU_SECONDS, "CPU s", len(quiet))]


def engine_is_there() -> bool:
    """`make speech` has made its environment, or can."""
    if not PYTHON.exists() and (uv := os.environ.get("UV")):
        wanted = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT)}
        sync = [uv, "sync", "--frozen", "--quiet", "--no-default-groups", "--group", "speech"]
        subprocess.run(sync, cwd=REPOSITORY, env=wanted, check=False)  # noqa: S603  (our own tool)
    return PYTHON.exists() and can_speak()


async def measure(port_base: int | None, rounds: int) -> list[Figure]:
    """No figures where the engine is not there.

    `rounds`: of two utterances each. `port_base`: None for the stack's own choice.
    """
    if not engine_is_there():
        say("NO ENGINE: `make speech` makes it; nothing is measured, and no bar of speech is held")
        return []
    async with AsyncExitStack() as opened:
        stack = await opened.enter_async_context(Stack(STATE / "bench-speech", port_base))
        people = await opened.enter_async_context(People(stack.env))
        await stack.start_worker("worker")
        database = await asyncpg.connect(stack.database_url)
        opened.push_async_callback(database.close)
        await database.execute(ON)
        pid = await opened.enter_async_context(speech(stack))
        arena = await Arena.open(people)
        everybody = [(await arena.speaker(f"Speaker{number}"))[:2] for number in range(GATED)]
        talking = everybody[:2]
        await database.execute(FLAGGED, arena.session.id, [person.id for person, _ in talking])
        ms, said = await utterances(people, talking, rounds)
        share = len(ms) / said
        figures = [
            Figure("speech.utterances.flagged", round(share, 3), "share", said, CAUGHT, share >= CAUGHT)
        ]
        if ms:
            figures += results.spread("speech.utterance_to_flag", ms, {95: FLAG_MS})
        figures += await gated(database, arena, pid, everybody)
    return figures


if __name__ == "__main__":
    sys.exit(command("spoken", __doc__, measure, Times(ROUNDS, FULL_ROUNDS, "rounds of two utterances")))
