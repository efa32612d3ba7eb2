"""What an operator asks from a shell: `doctor`, `status`, `verify`. Each answers in words and by its exit code."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
from livekit import api

from agent.core.ports import PortError
from agent.livekit import server_version
from agent.postgres import check as own_lane
from agent.process.readiness import REASONS
from agent.process.settings import Settings
from agent.supabase.client import BadAnswer, Supabase, supabase_client

SECONDS = 5.0
BOOKS_SECONDS = 60.0
STALE_ACTION_SECONDS = 5.0
"""A row that is open for longer is worth a look."""
PUSH = (
    "copy them into the app's repository (`python livekit-system/copy_migrations.py <repository>`), "
    "then `supabase db push --include-all` there"
)
Finding = tuple[bool, str]
"""Whether it is well, and what to read about it."""


async def doctor(settings: Settings) -> Sequence[Finding]:
    """Everything that must hold before a worker can start, each with its remedy."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as http,
        _database(settings, SECONDS) as supabase,
    ):
        livekit, database, lane = await asyncio.gather(
            _check_livekit(settings, http), _check_database(supabase), _check_lane(settings)
        )
    return [(True, "environment: complete"), *livekit, *database, *lane]


async def verify(settings: Settings) -> Sequence[Finding]:
    """Balance the books: coins, presence, streams and actions against each other, to the row."""
    async with _database(settings, BOOKS_SECONDS) as supabase:
        faults = [row for name in ("live_faults", "book_faults") for row in await supabase.rpc(name, {})]
    if not faults:
        return [(True, "the books agree")]
    return [(False, f"{f['book']} {f['id']}: expected {f['expected']}, found {f['found']}") for f in faults]


async def status(settings: Settings) -> Sequence[Finding]:
    """What the worker on this machine does now, from its own health port."""
    url = f"http://{settings.live_health_host}:{settings.live_health_port}/status"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as http,
            http.get(url) as response,
        ):
            seen = await response.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        return [
            (False, f"no worker answers on LIVE_HEALTH_PORT {settings.live_health_port}: {_words(error)}")
        ]
    return [
        (True, f"worker {seen['worker']}, up since {seen['since']}, signs with {seen['kid']}"),
        *[(well, name if well else f"{name}: {REASONS[name]}") for name, well in seen["conditions"].items()],
        *[(False, f"room {room}: no agent for {s} s") for room, s in seen["unmoderated"].items()],
        *[(True, f"{rows} rows wait in outbox {kind}") for kind, rows in seen["outboxes"].items() if rows],
        (True, f"rooms: {len(seen['rooms'])}, hearing {len(seen['hearing'])} of them"),
        *[finding for room in seen["rooms"] for finding in _told(room)],
    ]


def _told(room: Mapping[str, Any]) -> Sequence[Finding]:
    subject = next(f"{kind} {room[kind]}" for kind in ("session_id", "call_id") if kind in room)
    words = [
        f"room {room['room']} ({subject})",
        f"epoch {room['epoch']}",
        f"{room['people']} people",
        f"since {room['since']}",
        f"lease {room['lease_left_s']} s",
        f"relayed to {room['relayed_seq']}",
    ]
    late = [
        (
            open_["age_s"] < STALE_ACTION_SECONDS,
            f"  {open_['action']} {open_['id']} open for {open_['age_s']} s",
        )
        for open_ in room["open_actions"]
    ]
    return [(room["lease_left_s"] > 0, ", ".join(words)), *late]


async def _check_livekit(settings: Settings, http: aiohttp.ClientSession) -> Sequence[Finding]:
    secret = settings.livekit_api_secret.get_secret_value()
    livekit = api.LiveKitAPI(settings.livekit_url, settings.livekit_api_key, secret, session=http)
    try:
        answer = await livekit.room.list_rooms(api.ListRoomsRequest())
    except api.ServerError as error:
        return [
            (False, f"LiveKit refuses the key ({error.code}): check LIVEKIT_API_KEY and LIVEKIT_API_SECRET")
        ]
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return [(False, f"LiveKit does not answer ({_words(error)}): check LIVEKIT_URL")]
    server = await server_version.ask(settings.livekit_url, settings.livekit_api_key, secret)
    return [(True, f"LiveKit: answers, {len(answer.rooms)} rooms open"), _version(server)]


def _version(server: server_version.Server | None) -> Finding:
    if server is None:
        return False, "LiveKit takes no worker: it does not answer on /agent"
    if server.is_old:
        oldest = ".".join(map(str, server_version.OLDEST))
        return False, f"LiveKit server {server.version} is too old: upgrade to {oldest} or newer"
    return True, f"LiveKit: {'Cloud' if server.cloud else 'server'} {server.version}"


async def _check_lane(settings: Settings) -> Sequence[Finding]:
    if settings.live_database_url is None:
        return [(True, "lane: Supabase's API (LIVE_DATABASE_URL is not set)")]
    return await own_lane.check(settings.live_database_url.get_secret_value())


async def _check_database(supabase: Supabase) -> Sequence[Finding]:
    try:
        contract = await supabase.rpc("live_schema_contract", {})
    except PortError as error:
        return [(False, _refused(error))]
    missing = [(False, _missing(item)) for item in contract["missing"]]
    warnings = [(True, f"warning: {item['message']}") for item in contract["warnings"]]
    return [*(missing or [(True, "database: every table, column, function and policy is there")]), *warnings]


def _words(error: BaseException) -> str:
    return str(error) or "timed out"


def _refused(error: PortError) -> str:
    match error.__cause__:
        case BadAnswer(status=401 | 403):
            return "Supabase refuses the key: check SUPABASE_SERVICE_ROLE_KEY"
        case BadAnswer(status=404):
            return f"database: the migrations are not applied: {PUSH}"
        case BadAnswer(status=status):
            return f"Supabase answers HTTP {status}: see its logs"
        case _:
            return f"Supabase does not answer ({error}): check SUPABASE_URL"


def _missing(item: dict[str, Any]) -> str:
    return f"database: {item['kind']} {item['name']} is missing: {PUSH}"


def _database(settings: Settings, seconds: float) -> AbstractAsyncContextManager[Supabase]:
    key = settings.supabase_service_role_key.get_secret_value()
    return supabase_client(settings.supabase_url, key, seconds)
