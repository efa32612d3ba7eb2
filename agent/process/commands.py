"""What an operator asks from a shell: `doctor`, `status`, `verify`. Each answers in words, ends with a sentence, and
says the same by its exit code: 0 all is well, 1 something is not, 2 it could not look."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple

import aiohttp
from livekit import api

from agent.core.ports import PortError
from agent.livekit import server_version
from agent.postgres import check as own_lane
from agent.process.readiness import REASONS
from agent.process.recording_check import check_recordings, store_faults
from agent.process.settings import Settings
from agent.process.surroundings import check_functions, check_surroundings
from agent.supabase.client import SERVER_FAULT, BadAnswer, Supabase, supabase_client

NO_SUCH_FUNCTION = "PGRST202"
REFUSES_KEYS = (401, 403)
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


class CommandAnswer(NamedTuple):
    findings: Sequence[Finding]
    sentence: str
    """What it comes to."""
    code: int


WELL, NOT_WELL, NOT_SEEN = 0, 1, 2


def _answer(findings: Sequence[Finding], well: str, not_well: str) -> CommandAnswer:
    faults = sum(not is_well for is_well, _ in findings)
    return CommandAnswer(findings, not_well.format(faults) if faults else well, NOT_WELL if faults else WELL)


async def doctor(settings: Settings) -> CommandAnswer:
    """Everything that must hold before a worker can start, each with its remedy."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as http,
        _database(settings, SECONDS) as supabase,
    ):
        (livekit, rooms), database, lane, functions, recordings = await asyncio.gather(
            _check_livekit(settings, http),
            _check_database(supabase),
            _check_lane(settings),
            check_functions(settings.supabase_url, http),
            check_recordings(settings.recording_place, supabase),
        )
        # Without the database nothing can be said of what it would tell.
        whole = all(well for well, _ in database)
        realtime = settings.live_realtime
        beside = await check_surroundings(supabase, rooms, realtime=realtime) if whole else []
    parts = (livekit, database, lane, functions, recordings, beside)
    findings = [(True, "environment: complete"), *(finding for part in parts for finding in part)]
    return _answer(findings, "All is well: a worker can start.", "{} things to mend before a worker starts.")


async def verify(settings: Settings) -> CommandAnswer:
    """Balance the books: coins, presence, streams and actions against each other, to the row."""
    try:
        async with _database(settings, BOOKS_SECONDS) as supabase:
            faults = [row for name in ("live_faults", "book_faults") for row in await supabase.rpc(name, {})]
            faults += await store_faults(settings.recording_place, supabase)
    except PortError as error:
        return CommandAnswer(
            [(False, _refused(error))], "Could not look: whether the books agree is not known.", NOT_SEEN
        )
    findings = [
        (False, f"{f['book']} {f['id']}: expected {f['expected']}, found {f['found']}") for f in faults
    ]
    return _answer(findings, "The books agree.", "The books disagree in {} places.")


async def status(settings: Settings) -> CommandAnswer:
    """What the worker on this machine does now, from its own health port."""
    url = f"http://{settings.live_health_host}:{settings.live_health_port}/status"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as http,
            http.get(url) as response,
        ):
            seen = await response.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        missed = f"no worker answers on LIVE_HEALTH_PORT {settings.live_health_port}: {_words(error)}"
        return CommandAnswer([(False, missed)], "Could not look: there is no worker to ask here.", NOT_SEEN)
    return _answer(_seen(seen), "The worker is well.", "The worker is not well in {} points.")


def _seen(seen: Mapping[str, Any]) -> Sequence[Finding]:
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


async def _check_livekit(
    settings: Settings, http: aiohttp.ClientSession
) -> tuple[Sequence[Finding], Sequence[api.Room]]:
    secret = settings.livekit_api_secret.get_secret_value()
    livekit = api.LiveKitAPI(settings.livekit_url, settings.livekit_api_key, secret, session=http)
    try:
        answer = await livekit.room.list_rooms(api.ListRoomsRequest())
    except api.ServerError as error:
        return [(False, _livekit_refuses(error, settings.livekit_url))], ()
    except ssl.SSLError as error:
        return [(False, f"LIVEKIT_URL asks for TLS, which is not spoken there ({error.reason})")], ()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return [(False, f"LiveKit does not answer ({_words(error)}): check LIVEKIT_URL")], ()
    server = await server_version.ask(settings.livekit_url, settings.livekit_api_key, secret)
    return [(True, f"LiveKit: answers, {len(answer.rooms)} rooms open"), _version(server)], answer.rooms


def _livekit_refuses(error: api.ServerError, url: str) -> str:
    if error.status in REFUSES_KEYS:
        return f"LiveKit refuses the key ({error.code}): check LIVEKIT_API_KEY and LIVEKIT_API_SECRET"
    return f"what answers at LIVEKIT_URL is no LiveKit server (HTTP {error.status}): check {url}"


def _version(server: server_version.Server | None) -> Finding:
    if server is None:
        return False, "LiveKit takes no worker: it does not answer on /agent"
    if server.is_old:
        oldest = ".".join(map(str, server_version.OLDEST))
        return False, f"LiveKit server {server.version} is too old: upgrade to {oldest} or newer"
    return True, f"LiveKit: {'Cloud' if server.cloud else 'server'} {server.version}"


async def _check_lane(settings: Settings) -> Sequence[Finding]:
    if settings.database_url is None:
        return [(True, "lane: Supabase's API (LIVE_DATABASE_URL is not set)")]
    return await own_lane.check(settings.database_url)


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
        case BadAnswer(status=status, body=body) if status < SERVER_FAULT and not body.lstrip().startswith(
            "{"
        ):
            return (
                f"what answers at SUPABASE_URL is not Supabase's API (HTTP {status}): it is the project's "
                "address alone, https://<project>.supabase.co, without a path and not the dashboard's"
            )
        case BadAnswer(status=401 | 403):
            return "Supabase refuses the key: check SUPABASE_SERVICE_ROLE_KEY"
        case BadAnswer(status=404, body=body) if NO_SUCH_FUNCTION in body:
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
