"""What the doctor looks at beside LiveKit and the schema: the edge functions, LiveKit's webhooks, Realtime in both
directions, and that somebody is ops."""

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Sequence
from typing import Any, Self

import aiohttp
from livekit.protocol.models import Room
from realtime import RealtimeChannelOptions

from agent.core.ports import PortError
from agent.supabase.client import Supabase

Finding = tuple[bool, str]

FUNCTIONS = (
    "call-answer", "call-end", "call-start", "call-token", "call-upgrade", "evidence-open", "livekit-webhook",
    "ops-listen", "push-send", "recording-delete", "recording-playback", "recording-start", "recording-stop",
    "session-create", "session-end", "session-ingress", "session-start", "session-token",
)  # fmt: skip
"""The folders of `livekit-system/supabase/functions`, which the image does not hold: a test compares the two."""
UNKNOWN_CALLER = 401
SECONDS = 5.0
WEBHOOK_SECONDS = 30.0
"""LiveKit repeats a webhook for so long; of a room that is older and never told about, none came."""
POLLS: Finding = (True, "Realtime: switched off by LIVE_REALTIME, so the worker polls")
OPTIONS: RealtimeChannelOptions = {
    "config": {
        "broadcast": {"ack": False, "self": True},
        "presence": {"key": "", "enabled": False},
        "private": True,
    }
}


async def check_functions(url: str, http: aiohttp.ClientSession) -> Sequence[Finding]:
    """Each answers a stranger with our own refusal, which it can only when it is deployed and its environment whole."""
    answers = await asyncio.gather(*(_refusal_of(url, name, http) for name in FUNCTIONS))
    faults = [
        (False, f"function {name}: {said}") for name, said in zip(FUNCTIONS, answers, strict=True) if said
    ]
    return faults or [(True, f"functions: all {len(FUNCTIONS)} answer")]


async def _refusal_of(url: str, name: str, http: aiohttp.ClientSession) -> str | None:
    """What is wrong with its answer; None when nothing is."""
    try:
        async with http.post(f"{url.rstrip('/')}/functions/v1/{name}", json={}) as response:
            status, body = response.status, await response.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"does not answer ({str(error) or 'timed out'})"
    with contextlib.suppress(ValueError, TypeError, KeyError):
        code = json.loads(body)["error"]["code"]
        if status == UNKNOWN_CALLER:
            return None
        return f"answers {code}: its secrets are not complete, its log names which"
    return f"answers HTTP {status}, not as ours does: `supabase functions deploy {name}`"


async def check_surroundings(
    supabase: Supabase, rooms: Sequence[Room], *, realtime: bool
) -> Sequence[Finding]:
    """Ops, webhooks and Realtime.

    `rooms`: those that LiveKit has open now. `realtime`: whether the worker listens to it.
    """
    token = str(uuid.uuid4())
    old = [room.name for room in rooms if time.time() - room.creation_time > WEBHOOK_SECONDS]
    asked = {"p_token": token, "p_rooms": old}
    try:
        if not realtime:
            told = await supabase.rpc("agent_surroundings", asked)
            return [_ops(told["ops"]), _webhooks(told), POLLS]
        async with asyncio.timeout(3 * SECONDS), _Echo(supabase, token) as echo:
            told = await supabase.rpc("agent_surroundings", asked)
            await supabase.broadcast([_outgoing(token)])
            heard = await echo.heard()
    except PortError as error:
        return [(False, f"surroundings: {error}")]
    except Exception as error:  # noqa: BLE001  (the client raises whatever its transport raises)
        return [(False, f"Realtime does not answer ({str(error) or 'timed out'}): is it switched on?")]
    return [_ops(told["ops"]), _webhooks(told), *_realtime(heard)]


def _ops(count: int) -> Finding:
    if count:
        return True, f"ops: {count}"
    return True, "warning: nobody is ops, so nobody can moderate: insert a row into live_ops"


def _webhooks(told: dict[str, Any]) -> Finding:
    untold, last = told["untold_rooms"], told["last_webhook"]
    if untold:
        return False, (
            f"LiveKit's webhooks do not arrive: none came of room {untold[0]}. Set its webhook to "
            "<SUPABASE_URL>/functions/v1/livekit-webhook, signed with LIVEKIT_API_KEY"
        )
    if last is None:
        return True, "warning: no webhook of LiveKit's has ever come; ask again while a room is open"
    return True, f"webhooks: the last one came {last}"


def _realtime(heard: frozenset[str]) -> Sequence[Finding]:
    ways = {"database": "from the database (wake-ups, hints)", "client": "from a worker (levels)"}
    lost = [
        (False, f"Realtime delivers nothing {way}: is it switched on?")
        for sender, way in ways.items()
        if sender not in heard
    ]
    return lost or [(True, "Realtime: delivers from the database and from a worker")]


def _outgoing(token: str) -> dict[str, Any]:
    return {"topic": f"live:doctor:{token}", "event": "echo", "payload": {"from": "client"}, "private": True}


class _Echo:
    """One private topic of the doctor's own, joined for as long as the context lasts."""

    def __init__(self, supabase: Supabase, token: str) -> None:
        self._client, self._topic = supabase.realtime(), f"live:doctor:{token}"
        self._heard: set[str] = set()
        self._joined, self._news = asyncio.Event(), asyncio.Event()

    async def __aenter__(self) -> Self:
        channel = self._client.channel(self._topic, OPTIONS)
        channel.on_broadcast("echo", self._on_echo)
        await channel.subscribe(lambda *_: self._joined.set())
        await self._joined.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._client.close(), SECONDS)

    async def heard(self) -> frozenset[str]:
        """From whom something came, when both have been heard or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                while len(self._heard) < 2:
                    await self._news.wait()
                    self._news.clear()
        return frozenset(self._heard)

    def _on_echo(self, message: Any) -> None:
        sender = message.get("payload", {}).get("from") if isinstance(message, dict) else None
        if isinstance(sender, str):
            self._heard.add(sender)
            self._news.set()
