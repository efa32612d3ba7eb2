"""What is on air, as agents and webhooks tell it: the stretches of a host's media."""

import time
import uuid
from dataclasses import dataclass
from typing import Any

from tests.database.test_coins import key
from tests.database.world import Scene, World


@dataclass
class Air:
    """The reports about one host's connection, at seconds after its start."""

    world: World
    scene: Scene
    epoch: int
    start: float
    sid: str
    host: str

    @classmethod
    async def open(cls, world: World) -> "Air":
        scene = await world.live("video_live")
        claim = await world.claim(scene.room, ttl_ms=60_000)
        return cls(
            world,
            scene,
            claim["epoch"],
            float(int(time.time()) - 1000),
            f"PA_{uuid.uuid4().hex}",
            scene.creator,
        )

    async def agent(self, at: float, *flowing: str, epoch: int | None = None) -> bool:
        row = {
            "room": self.scene.room, "epoch": epoch or self.epoch, "user_id": self.host, "participant_sid": self.sid,
            "flowing": flowing, "at_ms": 1000 * (self.start + at),
        }  # fmt: skip
        return bool((await self.world.service("select agent_media('w1', $1)", [row]))[0]["ok"])

    async def webhook(self, event: str, at: float, source: str, **track: Any) -> str:
        body = {
            "createdAt": str(int(self.start + at)),
            "participant": {"identity": self.host, "sid": self.sid},
            "track": {"sid": "TR_1", "source": source, **track},
        }
        answer = await self.world.service(
            "select record_webhook($1, $2, $3, $4)", key(), event, self.scene.room, body
        )
        return str(answer["outcome"])

    async def left(self, at: float) -> None:
        report = "select live.record_presence('webhook', $1, $2, $3, $4, to_timestamp($5::float8), null)"
        for event, when in (("joined", 0.0), ("left", at)):
            await self.world.value(report, self.scene.room, event, self.sid, self.host, self.start + when)

    async def stretches(self) -> list[tuple[str, float, float | None]]:
        rows = await self.world.rows(
            "select source, extract(epoch from started_at)::float8 as a, extract(epoch from ended_at)::float8 as b"
            " from live_media where session_id = $1 order by started_at, source", self.scene.id,
        )  # fmt: skip
        return [
            (row["source"], round(row["a"] - self.start), row["b"] and round(row["b"] - self.start))
            for row in rows
        ]


async def test_an_agent_tells_what_flows_and_what_is_not_named_has_ended(world: World) -> None:
    air = await Air.open(world)
    await air.agent(10, "camera", "microphone")
    await air.agent(10, "camera", "microphone")  # another worker, which finds the same
    await air.agent(30, "camera")
    await air.agent(50, "camera", "microphone")
    await air.left(70)
    assert await air.stretches() == [("camera", 10, 70), ("microphone", 10, 30), ("microphone", 50, 70)]


async def test_a_show_without_an_agent_is_told_by_webhooks_and_an_agent_knows_better(world: World) -> None:
    air = await Air.open(world)
    assert await air.webhook("track_published", 10, "SCREEN_SHARE") == "recorded"
    assert await air.webhook("track_published", 11, "MICROPHONE", muted=True) == "ignored"
    await air.agent(20, "microphone")
    await air.agent(30)
    assert await air.webhook("track_published", 11, "MICROPHONE") == "ignored"  # late, and muted since
    assert await air.webhook("track_unpublished", 40, "SCREEN_SHARE") == "recorded"
    assert await air.stretches() == [("screen_share", 10, 40), ("microphone", 20, 30)]


async def test_nothing_flows_after_the_end_and_of_guests_nothing_is_kept(world: World) -> None:
    air = await Air.open(world)
    await air.agent(10, "microphone")
    guest = await world.seat(air.scene, "speaker")
    air.host, host = guest, air.host
    await air.agent(10, "camera")
    assert await air.webhook("track_published", 10, "CAMERA") == "ignored"
    air.host = host
    assert not await air.agent(12, epoch=air.epoch + 1)
    await world.service("select public.session_end($1, $2)", air.scene.creator, air.scene.id)
    await air.agent(20, "camera")
    ((source, _, ended),) = await air.stretches()
    assert (source, ended is not None) == ("microphone", True)
