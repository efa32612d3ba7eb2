"""Does what was decided about a recording: writes what has become true, begins and stops Egress, sums up the files."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from agent.core.lease import Lease, RoomName
from agent.core.ports import PortError, TargetGone, Unavailable
from agent.core.recording_ports import NotBegun, PartOrder, RecordingOutside, ReportRow
from handlers.facts import Identity
from handlers.recording import FINISHING_SECONDS, PartFailure, failed
from handlers.recording_facts import (
    BeginPart,
    Memory,
    PartFact,
    Recording,
    RecordingStep,
    RemoveRecorder,
    StopEgress,
    SumUp,
    TellRecording,
)

log = logging.getLogger(__name__)


class RecordingSteps:
    def __init__(self, outside: RecordingOutside) -> None:
        self._rows, self._egresses, self._files = outside.rows, outside.egresses, outside.files
        self._calls, self._clock, self._metrics = outside.calls, outside.clock, outside.metrics

    async def take(
        self,
        recording: Recording,
        steps: Sequence[RecordingStep],
        memory: Memory,
        lease: Lease | None,
    ) -> Memory:
        """All of them in their order; what is to be remembered. Raises PortError where the database does not answer."""
        for step in steps:
            match step:
                case TellRecording():
                    await self._tell(recording, lease, step)
                case BeginPart(number):
                    memory = await self._begin(recording, number, memory, lease)
                case StopEgress(egress_id):
                    await self._stop(egress_id)
                case RemoveRecorder(egress_id):
                    await self._remove(recording, egress_id)
                case SumUp():
                    memory = await self._sum_up(recording, step, memory, lease)
                case _:
                    assert_never(step)
        return memory

    async def _tell(
        self,
        recording: Recording,
        lease: Lease | None,
        told: TellRecording,
        size: int | None = None,
        seconds: float | None = None,
    ) -> bool:
        """Whether it was taken."""
        if told.code == "lost":
            told = await self._to_what_is_stored(recording, told)
        errand = recording.errand if lease is None else None
        row = ReportRow(recording.id, told, lease, errand, size, seconds)
        answer = (await self._rows.report_recordings([row]))[0]
        if not answer.ok:
            log.warning("recording not written", extra={"recording": recording.id, "error": answer.error})
        elif told.state is not None:
            log.info("recording", extra={"recording": recording.id, "state": told.state, "code": told.code})
        if answer.ok and told.state == "active" and told.part is not None:
            begun = told.part.started_at
            if told.part.number == 1 and begun is not None:
                self._metrics.recording_begin_seconds.observe(max(0.0, begun - recording.begins_at))
        if told.code in ("lost", "timeout", "storage") and told.part is not None:
            self._metrics.recording_parts.labels("lost").inc()
        return answer.ok

    async def _to_what_is_stored(self, recording: Recording, told: TellRecording) -> TellRecording:
        """What was lost ended with the last second that is stored of it, however long its recorder was still seen."""
        fact = told.part
        part = next((one for one in recording.parts if fact is not None and one.number == fact.number), None)
        if fact is None or fact.ended_at is None or part is None or part.started_at is None:
            return told
        try:
            size, seconds = await self._files.measure(part.store, part.prefix)
        except PortError:
            return told
        ended_at = min(fact.ended_at, part.started_at + seconds)
        return replace(told, part=replace(fact, ended_at=ended_at, size=size, seconds=seconds))

    async def _begin(self, recording: Recording, number: int, memory: Memory, lease: Lease | None) -> Memory:
        """The row first: the worker after us knows then that a start may be under way."""
        if not await self._tell(
            recording, lease, TellRecording("starting", PartFact(number, store=self._files.store))
        ):
            return failed(
                memory, self._clock.now(), PartFailure(0, "refused", "the database does not want it")
            )
        prefix = f"{recording.prefix}/{number}"
        order = PartOrder(
            RoomName(recording.room),
            recording.mode,
            recording.host,
            prefix,
            recording.mp4,
            recording.max_until,
        )
        try:
            egress_id = await self._egresses.begin(order)
        except NotBegun as error:
            self._metrics.recording_parts.labels(error.code).inc()
            log.warning("recording not begun", extra={"recording": recording.id, "error": str(error)})
            fact = PartFact(number, ended_at=self._clock.now(), error=str(error))
            await self._tell(recording, lease, TellRecording(part=fact, code=error.code, error=str(error)))
            return failed(
                memory, self._clock.now(), PartFailure(number, error.code, str(error), error.seconds)
            )
        except Unavailable as error:
            # It may be under way all the same: it is looked for by its prefix, and given up later.
            log.warning("no answer to a recording's start", extra={"error": str(error)})
            return memory
        self._metrics.recording_parts.labels("begun").inc()
        await self._tell(recording, lease, TellRecording(part=PartFact(number, egress_id)))
        return memory

    async def _stop(self, egress_id: str) -> None:
        try:
            await self._egresses.stop(egress_id)
        except PortError as error:
            log.warning("Egress not stopped", extra={"egress": egress_id, "error": str(error)})

    async def _remove(self, recording: Recording, egress_id: str) -> None:
        try:
            await self._calls.remove(RoomName(recording.room), Identity(egress_id))
        except TargetGone:
            return
        except PortError as error:
            log.warning("recorder not removed", extra={"egress": egress_id, "error": str(error)})

    async def _sum_up(self, recording: Recording, said: SumUp, memory: Memory, lease: Lease | None) -> Memory:
        size, seconds = said.size, said.seconds
        try:
            parts = [await self._files.measure(part.store, part.prefix) for part in recording.parts]
            size, seconds = sum(part[0] for part in parts), sum(part[1] for part in parts)
        except PortError as error:
            since = memory.stop_last_at or self._clock.now()
            if self._clock.now() - since < FINISHING_SECONDS:
                log.warning("recorded files not seen", extra={"recording": recording.id, "error": str(error)})
                return memory
        if seconds > 0:
            await self._tell(recording, lease, TellRecording("ready"), size, seconds)
        else:
            told = TellRecording("failed", code="storage", error="nothing was stored that can be played")
            await self._tell(recording, lease, told)
        return memory
