"""The tools: one module per subject, and `TOOLS`, the list that the server offers."""

from orchestrator.tools import (
    access,
    actions,
    calls,
    cases,
    history,
    schema,
    sessions,
    sound,
    switches,
    usage,
    workers,
)
from orchestrator.tools.tool import Tool

TOOLS: tuple[Tool, ...] = (
    schema.INTROSPECT_SCHEMA,
    sessions.LIST_SESSIONS,
    sessions.SESSION_OVERVIEW,
    access.PARTICIPANT_OVERVIEW,
    access.EXPLAIN_ACCESS,
    calls.LIST_CALLS,
    history.ACTION_HISTORY,
    history.INCIDENTS,
    sound.LOUDNESS_REPORT,
    usage.USAGE_AGAINST_PLAN,
    workers.WORKER_STATUS,
    actions.REQUEST_ACTION,
    actions.ACTION_STATUS,
    switches.SET_SWITCH,
    cases.LIST_CASES,
    cases.SHOW_CASE,
    cases.DECIDE_CASE,
)
