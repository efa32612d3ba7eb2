"""What a tool may touch: the database as one person sees it, LiveKit's lists, the workers' pages, confirmations; and
what that person may do."""

from dataclasses import dataclass

import aiohttp

from orchestrator.confirmation import Confirmations
from orchestrator.database import Database
from orchestrator.identity import Caller
from orchestrator.livekit_view import LiveKitView
from orchestrator.person import Confirms
from orchestrator.rights import NOBODY, Rights
from orchestrator.settings import AssistantSettings


@dataclass(frozen=True, slots=True)
class Desk:
    settings: AssistantSettings
    http: aiohttp.ClientSession
    caller: Caller
    database: Database
    livekit: LiveKitView
    confirmations: Confirmations
    rights: Rights = NOBODY
    """Looked up anew for each call."""
    confirms: Confirms = Confirms.NOBODY
