"""What a tool may touch: the database as one person sees it, LiveKit's lists, the workers' pages, confirmations."""

from dataclasses import dataclass

import aiohttp

from orchestrator.confirmation import Confirmations
from orchestrator.database import Database
from orchestrator.identity import Caller
from orchestrator.livekit_view import LiveKitView
from orchestrator.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    settings: Settings
    http: aiohttp.ClientSession
    caller: Caller
    database: Database
    livekit: LiveKitView
    confirmations: Confirmations
