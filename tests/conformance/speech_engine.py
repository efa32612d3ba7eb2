"""The engine and the classifier in the box, in an environment that has nothing else, without a network."""

import json
from pathlib import Path

from bench.hearing_sounds.voices import sentence
from bench.spoken import PYTHON, engine_is_there
from local import sounds
from local.people.sound import RATE
from local.sounds import to_rate
from speech.windows import RATE as HEARD_RATE
from speech.words import Lists
from tests.conformance.steps import Failed, Skipped, command

SAID = "If you come here again, I will kill you. I know where you live."
RULES = [
    {"pattern": pattern, "kind": "threat", "exact_letters": False}
    for pattern in ("kill you", "where you live", "shoot*")
]
PROGRAM = """
import asyncio, json, sys
import numpy as np
from livekit import rtc
from speech.open_nsfw import OpenNsfw
from speech.whisper import Whisper

async def main():
    pcm = np.fromfile(sys.argv[1], np.int16)
    whisper = Whisper()
    event = await whisper.recognize(rtc.AudioFrame(pcm.tobytes(), 16000, 1, len(pcm)))
    await whisper.aclose()
    score = OpenNsfw().score(np.full((96, 160, 3), 96, np.uint8))
    print(json.dumps({"text": event.alternatives[0].text, "score": score}))

asyncio.run(main())
"""


async def speech_engine(folder: Path) -> str:
    """A sentence is heard with its threats, and a grey picture is scored as nothing."""
    if not engine_is_there():
        raise Skipped("NO ENGINE: `make speech` makes it; eSpeak NG says the sentence")
    spoken = folder / "said.pcm"
    sounds.as_int16(to_rate(sentence("en-us", 150, 50, SAID) * 0.3, RATE, HEARD_RATE)).tofile(spoken)
    told = json.loads((await command([PYTHON, "-c", PROGRAM, spoken], seconds=120.0)).splitlines()[-1])
    met = Lists(RULES).met(told["text"])
    if met != ["kill you", "where you live"]:
        raise Failed(f"of two threats these were heard: {met}")
    if not 0.0 <= told["score"] < 0.5:
        raise Failed(f"a grey picture was scored {told['score']:.2f}")
    return f"whisper-base heard both threats; open_nsfw scored a grey picture {told['score']:.2f}"
