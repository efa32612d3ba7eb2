"""A transcriber that answers by a script: for tests and demos, and for Turkish, for which no free model is good."""

from collections.abc import Sequence

from livekit import rtc
from livekit.agents import stt, utils
from livekit.agents.types import NOT_GIVEN, APIConnectOptions, NotGivenOr


class ScriptedSpeech(stt.STT[str]):
    """Says the next line of its script for each window, whatever is in it, and keeps how long each was."""

    def __init__(self, *, lines: Sequence[str] = (), language: str = "tr") -> None:
        """`lines`: one for each window, again from the first after the last."""
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))
        self._lines, self._language = tuple(lines), language
        self.heard_seconds: list[float] = []

    @property
    def model(self) -> str:
        """As ops see it."""
        return "scripted"

    @property
    def provider(self) -> str:
        """As ops see it."""
        return "ipelya"

    async def _recognize_impl(
        self,
        buffer: utils.AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions,  # noqa: ARG002
    ) -> stt.SpeechEvent:
        frame = rtc.combine_audio_frames(buffer)
        line = self._lines[len(self.heard_seconds) % len(self._lines)] if self._lines else ""
        self.heard_seconds.append(frame.duration)
        spoken = language if utils.is_given(language) else self._language
        said = stt.SpeechData(language=spoken, text=line)  # type: ignore[arg-type]  # it makes a code of a text
        return stt.SpeechEvent(stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[said])
