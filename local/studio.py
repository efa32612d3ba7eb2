"""The place where recordings meet faults: a stack with Egress' stand-in, two workers, audio rooms that are recorded.

A host says a tone of one pitch and who has refused one of another, so that the files themselves show who is in them.
"""

import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import aiohttp
import asyncpg
import av
import numpy as np

from local.people.api import Json
from local.people.device import Device
from local.people.person import OpenSession, People, Person
from local.people.sound import tone
from local.people.waiting import until
from local.ports import LOOPBACK
from local.stack import Stack
from local.supervisor import Child

HOST_HERTZ, REFUSER_HERTZ = 440, 1500
PATIENCE_SECONDS = 60.0
AUDIBLE = 0.02
"""Of the amplitude of the loudest; a tone that is not there leaves less."""
OVER = frozenset({"ready", "failed", "aborted"})


@dataclass(frozen=True, slots=True)
class Take:
    """A room that is recorded."""

    host: Person
    session: OpenSession
    at_host: Device
    recording: str

    @property
    def room(self) -> str:
        """The room's name at LiveKit."""
        return self.session.room


class Studio:
    """`async with Studio(directory) as studio`."""

    def __init__(self, directory: Path, workers: int = 2, *, brief: bool = False) -> None:
        """`brief`: what is tried here shall take no longer than it must."""
        self._directory, self._workers, self.brief = directory, workers, brief
        self.children: dict[str, Child] = {}

    async def __aenter__(self) -> Self:
        self._exit = AsyncExitStack()
        try:
            self.stack = await self._exit.enter_async_context(
                Stack(self._directory, fault_hooks=True, departure_seconds=20, recording=True)
            )
            self.people = await self._exit.enter_async_context(People(self.stack.env))
            self.http = await self._exit.enter_async_context(aiohttp.ClientSession())
            self.database = await asyncpg.create_pool(self.stack.database_url, min_size=1, max_size=4)
            self._exit.push_async_callback(self.database.close)
            await self.announce(0.5)
            for name in ("first", "second")[: self._workers]:
                self.children[name] = await self.stack.start_worker(name, {"LIVE_WORKER_ID": name})
        except BaseException:
            await self._exit.aclose()
            raise
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    # ------------------------------------------------------------ what people do

    async def announce(self, seconds: float) -> None:
        """For so long the room is told before a recording begins."""
        change = "update app_settings set value = $1 where key = 'recording.announce_seconds'"
        await self.database.execute(change, json.dumps(seconds))

    @asynccontextmanager
    async def minutes(self, included: int, *, warn_at: float) -> AsyncIterator[None]:
        """While the plan includes so many minutes a month, and warns from this part of them on."""
        keys = ["recording.monthly_minutes", "plan.limits"]
        kept = await self.database.fetch("select key, value from app_settings where key = any ($1)", keys)
        change = "update app_settings set value = $2 where key = $1"
        try:
            await self.database.execute(change, keys[0], json.dumps(included))
            merge = "update app_settings set value = value || $2 where key = $1"
            await self.database.execute(merge, keys[1], json.dumps({"warn_at": warn_at}))
            yield
        finally:
            for row in kept:
                await self.database.execute(change, row["key"], row["value"])

    async def open(self) -> tuple[Person, OpenSession, Device]:
        """An audio room whose host speaks."""
        host = await self.people.arrive("Ada", creator=True)
        session = await host.open_session("audio_room")
        device = await host.enter(session.id, session.join)
        await host.until_on_record(session.id)
        await device.speak(tone(-20.0, hertz=HOST_HERTZ))
        return host, session, device

    async def second_speaker(self, host: Person, session: OpenSession) -> tuple[Person, Device]:
        """Somebody who has asked to speak and does, with a tone of their own: the one who will refuse."""
        guest = await self.people.arrive("Bo")
        device = await guest.enter(session.id)
        await guest.until_on_record(session.id)
        await guest.raise_hand(session.id)
        await (await host.ask("set_role", session.id, guest, params={"role": "speaker"})).applied()
        await device.until_may_send()
        await device.speak(tone(-20.0, hertz=REFUSER_HERTZ))
        return guest, device

    async def refuse(self, guest: Person, session: OpenSession) -> None:
        """They do not want to be recorded."""
        notice = await guest.api.rpc("recording_notice")
        await guest.api.rpc(
            "consent_to_recording", session_id=session.id, notice_version=notice["version"], agrees=False
        )

    async def wish(
        self, host: Person, session: OpenSession, mode: str = "audio", *, mp4: bool = False
    ) -> str:
        """A recording's id."""
        answer: Json = await self.people.service.rpc(
            "recording_start", p_user=host.id, p_session=session.id, p_mode=mode, p_mp4=mp4
        )
        return str(answer["recording"]["id"])

    async def take(self) -> Take:
        """A room that is to be recorded, as of now."""
        host, session, device = await self.open()
        return Take(host, session, device, await self.wish(host, session))

    async def stop(self, take: Take) -> None:
        """Ask for the recording's end, as its host does."""
        await self.people.service.rpc("recording_stop", p_user=take.host.id, p_recording=take.recording)

    # ------------------------------------------------------------ what is true

    async def row(self, recording: str) -> dict[str, Any]:
        """The recording, with its parts and how old each of its moments is by the database's clock."""
        row = await self.database.fetchrow(
            "select *, clock_timestamp() as now from live_recordings where id = $1", UUID(recording)
        )
        parts = await self.database.fetch(
            "select * from live_recording_parts where recording_id = $1 order by number", UUID(recording)
        )
        return {**dict(row), "gaps": json.loads(row["gaps"]), "parts": [dict(part) for part in parts]}

    async def until(
        self,
        take: Take,
        what: str,
        holds: Callable[[dict[str, Any]], bool],
        seconds: float = PATIENCE_SECONDS,
    ) -> dict[str, Any]:
        """The row, once this holds. Raises AssertionError after `seconds`."""

        async def found() -> dict[str, Any] | None:
            row = await self.row(take.recording)
            return row if holds(row) else None

        try:
            return await until(f"the recording {what}", found, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}: {await self.row(take.recording)}") from error

    async def until_active(self, take: Take, parts: int = 1) -> dict[str, Any]:
        """The row, once the recording is active and has so many parts. Raises AssertionError when it takes long."""
        return await self.until(
            take,
            f"is active in part {parts}",
            lambda row: row["state"] == "active" and len(row["parts"]) >= parts,
        )

    async def ended(self, take: Take) -> dict[str, Any]:
        """The row, once the recording is over. Raises AssertionError when it takes long."""
        return await self.until(take, "is over", lambda row: row["state"] in OVER)

    async def told(self, metric: str, value: float) -> bool:
        """Whether one of the workers says this of a metric without labels, and none says more."""
        found: list[float] = []
        for child in self.children.values():
            url = f"http://{LOOPBACK}:{child.spec.env['LIVE_HEALTH_PORT']}/metrics"
            async with self.http.get(url) as answer:
                lines = (await answer.text()).splitlines()
            found += [float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"{metric} ")]
        return max(found, default=None) == value

    async def recorders(self) -> list[str]:
        """What the stand-in records now."""
        return await self.stack.egress_faults.running()

    async def sound(self, recording: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """All that is in its segments, in the order of time, 48 kHz, -1 to 1."""
        row = await self.row(recording)
        samples = [
            sound_of(await self.file(f"{part['prefix']}/{name}"))
            for part in row["parts"]
            for name in await self.segments(part["prefix"])
        ]
        return np.concatenate(samples) if samples else np.zeros(0)

    async def segments(self, prefix: str) -> list[str]:
        """What a player is given of a part."""
        text = (await self.file(f"{prefix}/index.m3u8")).decode()
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    async def file(self, path: str) -> bytes:
        """What is stored at this path of the bucket; empty where nothing is."""
        key = self.stack.keys.secret
        headers = {"apikey": key, "Authorization": f"Bearer {key}"}
        url = f"{self.stack.url}/storage/v1/object/recordings/{path}"
        async with self.http.get(url, headers=headers) as answer:
            return await answer.read() if answer.status == 200 else b""

    async def holder(self, room: str) -> Child:
        """The worker that holds the room's lease."""
        name = await self.database.fetchval("select worker_id from agent_rooms where room = $1", room)
        return self.children[name]

    # ------------------------------------------------------------ after a fault

    async def heal(self) -> None:
        """Start again whatever a fault has ended."""
        for child in (self.stack.livekit, self.stack.egress, *self.children.values()):
            if not child.running:
                await child.start()

    async def balanced(self) -> None:
        """Nothing records that nobody wants, and no row is open without a wish."""

        async def none() -> bool:
            unwanted = await self.database.fetchval(
                "select count(*) from live_recordings"
                " where not wanted and state not in ('ready', 'failed', 'aborted', 'deleted')"
            )
            wanted = await self.database.fetchval("select count(*) from live_recordings where wanted")
            return bool(unwanted == 0 and len(await self.recorders()) <= wanted)

        await until("nothing goes on that nobody wants", none, PATIENCE_SECONDS)


def sound_of(segment: bytes) -> np.ndarray[Any, np.dtype[np.float64]]:
    """What is heard in a segment, 48 kHz, -1 to 1; the last one may hold nothing."""
    with av.open(io.BytesIO(segment), "r") as file:
        frames = [frame.to_ndarray().ravel() for frame in file.decode(audio=0)] if file.streams.audio else []
    return np.concatenate(frames) if frames else np.zeros(0)


def amplitude(sound: np.ndarray[Any, np.dtype[np.float64]], hertz: int) -> float:
    """Of one pitch, over all of it."""
    if not len(sound):
        return 0.0
    wave = np.exp(-2j * np.pi * hertz * np.arange(len(sound)) / 48_000)
    return float(2 * abs(np.mean(sound * wave)))


def audible_seconds(sound: np.ndarray[Any, np.dtype[np.float64]], hertz: int, step: float = 0.1) -> float:
    """For how long a pitch is heard."""
    block = round(48_000 * step)
    blocks = [sound[n : n + block] for n in range(0, len(sound) - block + 1, block)]
    return step * sum(amplitude(one, hertz) > AUDIBLE for one in blocks)


def missing_seconds(row: dict[str, Any]) -> float:
    """What was to be recorded and is in no part, beside the gaps that the row states."""
    parts = [part for part in row["parts"] if part["started_at"] is not None]
    begun, ended = parts[0]["started_at"], parts[-1]["ended_at"]
    gaps = sum(gap_seconds(row))
    return float((ended - begun).total_seconds() - gaps - row["duration_seconds"])


def gap_seconds(row: dict[str, Any]) -> list[float]:
    """The length of each gap that a row states."""
    moments = [
        (datetime.fromisoformat(gap["from_at"]), datetime.fromisoformat(gap["to_at"])) for gap in row["gaps"]
    ]
    return [(end - begin).total_seconds() for begin, end in moments]
