"""Owns how the roles of `live_roles` are written in other languages."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]
HOW = "Written from live_roles by tests/database/test_live_roles.py."
SESSIONS = ("video_live", "audio_room")


def names(rows: Iterable[Row]) -> list[str]:
    """Every role once, the highest first."""
    return list(dict.fromkeys(row["role"] for row in rows))


def python(rows: Sequence[Row], _ops: int) -> str:
    return "\n".join(
        [
            f'"""The names of roles. {HOW}"""',
            "from enum import StrEnum",
            "class Role(StrEnum):",
            *(f"    {role.upper()} = {json.dumps(role)}" for role in names(rows)),
        ]
    )


def union(rows: Iterable[Row]) -> str:
    return "export type Role = " + " | ".join(json.dumps(role) for role in names(rows)) + ";"


def client(rows: Sequence[Row], _ops: int) -> str:
    found = of_sessions(rows)
    ranks = {role: max(row["rank"] for row in found if row["role"] == role) for role in names(found)}
    return f"""// {HOW}

/** A role of somebody in a session. */
{union(found)}

/** Ranks of roles: nobody acts on a higher or equal one. */
export const RANKS: Readonly<Record<Role, number>> = {{
{chr(10).join(f"  {role}: {rank}," for role, rank in ranks.items())}
}};

/** The rank of those who only look and listen. */
export const AUDIENCE_RANK = {min(ranks.values())};
"""


def of_sessions(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["context"] in SESSIONS]


def console(rows: Sequence[Row], ops: int) -> str:
    found = of_sessions(rows)
    tables = [
        f"  {context}: {{\n" + "\n".join(entry(row) for row in found if row["context"] == context) + "\n  },"
        for context in SESSIONS
    ]
    ranks = {role: max(row["rank"] for row in found if row["role"] == role) for role in names(found)}
    texts = [
        f"  {language}: {{ "
        + ", ".join(f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in each.items())
        + " },"
        for language in ("en", "tr")
        if (each := {row["role"]: row[f"name_{language}"] for row in found})
    ]
    return f"""// {HOW}

{union(found)}
export type Source = "camera" | "microphone" | "screen_share" | "screen_share_audio";

export interface RoleFacts {{
  rank: number;
  /** What it may publish. The database decides; this is for display. */
  sources: Source[];
  /** Whether it moderates. */
  staff: boolean;
  /** Whether someone new gets it. */
  arrives: boolean;
  /** It gives roles below this rank only. */
  grantsBelow: number;
}}

/** Every role of a kind of session, the highest first. */
export const ROLES: Record<"video_live" | "audio_room", Record<Role, RoleFacts>> = {{
{chr(10).join(tables)}
}};

/** Ranks of roles: nobody acts on a higher or equal one. */
export const RANKS: Record<Role, number> = {{
{chr(10).join(f"  {role}: {rank}," for role, rank in ranks.items())}
}};
/** Above every role. */
export const OPS_RANK = {ops};
export const HOST_RANK = {max(ranks.values())};
export const AUDIENCE_RANK = {min(ranks.values())};
/** Those that moderate. */
export const STAFF: Role[] = {json.dumps(names(row for row in found if row["staff"]))};

export const ROLE_NAMES: Record<"en" | "tr", Record<Role, string>> = {{
{chr(10).join(texts)}
}};
"""


def entry(row: Row) -> str:
    facts = {
        "rank": row["rank"],
        "sources": list(row["can_publish_sources"]),
        "staff": row["staff"],
        "arrives": row["arrives"],
        "grantsBelow": row["grants_below"],
    }
    return f"    {row['role']}: {{ " + ", ".join(f"{k}: {json.dumps(v)}" for k, v in facts.items()) + " },"


FILES: Mapping[Path, Callable[[Sequence[Row], int], str]] = {
    Path("moderation/role_names.py"): python,
    Path("livekit-system/console/src/model/roles.ts"): console,
    Path("livekit-system/clients/typescript/src/roles.ts"): client,
}
