"""The evening from the first light to the last: stack, workers, scenes, table, and the exit code."""

import asyncio
import logging
import os
import signal
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from livekit import api

from demo.checks import Scoreboard
from demo.scenes import (
    assistant,
    audio_room,
    books,
    calls,
    door,
    evasions,
    forgery,
    gifts,
    ops,
    recorded,
    reported,
    takeover,
    too_loud,
)
from demo.stage import Stage, StageWatch
from demo.timeline import Timeline
from local import console, redis, results, sample_logins
from local.paths import STATE
from local.people.person import People
from local.ports import Offset
from local.signals import stop_signal
from local.stack import Stack
from local.supervisor import first_cause

Scene = Callable[[Stage], Awaitable[None]]

SCENES: tuple[tuple[str, tuple[Scene, ...]], ...] = (
    ("At the door", (door.goes_live, door.for_subscribers)),
    ("A hand goes up", (audio_room.raised_hand,)),
    ("Too loud", (too_loud.shouting,)),
    ("Gifts", (gifts.shower, forgery.forged_gifts)),
    ("Ops at work", (ops.at_work,)),
    ("Who would not be measured", (evasions.locked_out, evasions.deleted_on_air)),
    ("Three reports", (reported.by_three,)),
    ("On the record", (recorded.one_refuses,)),
    ("An assistant is asked", (assistant.asked,)),
    ("Calls", (calls.ring_ring,)),
    ("A worker dies", (takeover.worker_dies,)),
    ("The books", (books.balanced,)),
)
WORKERS = ("worker-1", "worker-2")
SCENE_SECONDS = 60.0


async def play(port_base: int | None) -> bool:
    """Plays the whole evening; returns whether every check held. Ctrl-C and SIGTERM cancel it."""
    cancel_on_signal()
    timeline, checks = Timeline(), Scoreboard()
    timeline.scene("The lights go on")
    watch = StageWatch()
    async with (
        Stack(STATE / "demo", port_base, recording=redis.is_there()) as stack,
        People(stack.env) as people,
        livekit_of(stack) as livekit,
    ):
        timeline.tell("the stack", "is up: Postgres, PostgREST, Deno, LiveKit and the gateway", watch.seconds)
        # LiveKit's client calls the end of each connection an error; the terminal is for the evening.
        logging.basicConfig(filename=stack.directory / "logs" / "people.log")
        watch = StageWatch()
        await start_worker(stack, WORKERS[0])
        timeline.tell(WORKERS[0], "is registered and listens", watch.seconds)
        async with asyncio.TaskGroup() as tasks:
            holding = bool(os.environ.get("HOLD"))
            watching = tasks.create_task(let_watch(stack, timeline)) if holding else None
            understudy = tasks.create_task(start_worker(stack, WORKERS[1]))
            stage = Stage(stack, people, livekit, timeline, checks, understudy)
            for title, scenes in SCENES:
                timeline.scene(title)
                for scene in scenes:
                    await on_stage(scene, stage, timeline)
            timeline.table(checks)
            results.write("demo", checks.figures())
            if watching:
                await hold(stack, timeline)
                watching.cancel()
    return checks.all_held


def cancel_on_signal() -> None:
    """Anyone who ends the evening early still finds everything put away."""
    playing = asyncio.current_task()
    assert playing is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)


def livekit_of(stack: Stack) -> api.LiveKitAPI:
    """LiveKit's server API with the stack's own key. It is used with `async with`."""
    env = stack.env
    return api.LiveKitAPI(env["LIVEKIT_URL"], env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"])


async def start_worker(stack: Stack, name: str) -> None:
    """`name` is also its LIVE_WORKER_ID. Returns when it is registered."""
    await stack.start_worker(name, {"LIVE_WORKER_ID": name})


async def on_stage(scene: Scene, stage: Stage, timeline: Timeline) -> None:
    """Plays one scene. One that fails is told and leaves its checks open; the evening goes on."""
    try:
        async with asyncio.timeout(SCENE_SECONDS):
            await scene(stage)
    except Exception as caught:  # noqa: BLE001 - whatever it was, the table shows what did not come of it
        error = first_cause(caught) if isinstance(caught, BaseExceptionGroup) else caught
        where = traceback.extract_tb(error.__traceback__)[-1]
        timeline.trouble(f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})")


async def let_watch(stack: Stack, timeline: Timeline) -> None:
    """Serves the ops console, with people to sign in as, until cancelled."""
    await sample_logins.create(stack)
    ops = next(login for login in sample_logins.LOGINS if login.ops)
    timeline.say(f"  watch it as {ops.email} with the password {sample_logins.PASSWORD}")
    await console.keep_open(stack.ports.of(Offset.CONSOLE), stack.env, lambda text: timeline.say(f"  {text}"))


async def hold(stack: Stack, timeline: Timeline) -> None:
    """Keeps everything up until Ctrl-C or SIGTERM."""
    timeline.say("")
    for name, value in stack.env.items():
        timeline.say(f"  {name:<26}{value}")
    timeline.say(f"\n  logs in {stack.directory / 'logs'}; Ctrl-C ends it")
    await stop_signal().wait()
