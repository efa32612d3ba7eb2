"""Whether what the console and the app's client read is there, by the types that Supabase's CLI writes of the database.

Each interface that stands for rows is held against its table: every column exists, is of that type, and is null only
where the interface says so. Each function that is called by `rpc` takes the arguments that it is given.
"""

import re
from pathlib import Path

from local.paths import REPOSITORY

CONSOLE = REPOSITORY / "livekit-system" / "console"
CLIENT = REPOSITORY / "livekit-system" / "clients" / "typescript"
ROWS = {
    "Profile": "profiles",
    "Session": "live_sessions",
    "Participant": "live_participants",
    "AgentRoom": "agent_rooms",
    "Incident": "moderation_incidents",
    "AudioMinute": "live_audio_stats",
    "LiveEvent": "live_events",
    "Ban": "live_bans",
    "Setting": "app_settings",
}
"""Of the console's `model/rows.ts`."""
VIEWS = {"AuditRow": "moderation_audit", "RevenueDay": "creator_revenue", "WatchTime": "watch_time"}
"""Every column of a view may be null, as far as the catalog knows."""
CALL = re.compile(r"\brpc(?:<[^(]*>)?\(\s*\"(\w+)\"(?:,\s*\{([^}]*)\})?")
HELPERS = """
type Tables = Database["public"]["Tables"];
type Views = Database["public"]["Views"];
type Functions = Database["public"]["Functions"];

type Base<T> = Exclude<T, null>;
/** The columns of `X` that `R` has not, or has with another type; a column of JSON may be anything. */
type Wrong<X, R, Nullable extends boolean> = {
  [K in keyof X]-?: K extends keyof R
    ? Base<Json> extends Base<R[K]> ? never
      : Base<X[K]> extends Base<R[K]> ? MissingNull<X[K], R[K], Nullable> extends true ? K : never
      : K
    : K
}[keyof X];
type MissingNull<X, R, Nullable> = Nullable extends true ? null extends R ? null extends X ? false : true : false
  : false;
function none<T extends never>(): T | undefined { return undefined; }
"""


def calls() -> list[tuple[str, list[str]]]:
    """Every function that is called by its name, with the names of its arguments."""
    found = []
    for folder in (CONSOLE / "src", CLIENT / "src"):
        for file in sorted([*folder.rglob("*.ts"), *folder.rglob("*.tsx")]):
            for name, arguments in CALL.findall(file.read_text()):
                given = re.sub(r"\([^)]*\)", "", arguments or "")
                names = (part.split(":")[0].strip() for part in given.split(","))
                found.append((name, [each for each in names if each.isidentifier()]))
    return found


def check(types: Path) -> str:
    """The program that compiles only when everything fits; `types` is what the CLI wrote."""
    imported = ", ".join([*ROWS, *VIEWS])
    lines = [
        f'import type {{ Database, Json }} from "{types}";',
        f'import type {{ {imported} }} from "{CONSOLE}/src/model/rows.ts";',
        f'import type {{ ChatLine }} from "{CLIENT}/src/chat.ts";',
        HELPERS,
        'none<Wrong<ChatLine, Tables["live_messages"]["Row"], true>>();',
    ]
    lines += [f'none<Wrong<{row}, Tables["{table}"]["Row"], true>>();' for row, table in ROWS.items()]
    lines += [f'none<Wrong<{row}, Views["{view}"]["Row"], false>>();' for row, view in VIEWS.items()]
    for name, arguments in calls():
        lines.append(f'none<Exclude<"{name}", keyof Functions>>();')
        for argument in arguments:
            lines.append(f'none<Exclude<"{argument}", keyof Functions["{name}"]["Args"]>>();')
    return "\n".join(lines) + "\n"
