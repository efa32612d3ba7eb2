"""Where things lie on this machine: the clone, its own state, and the cache that all clones share."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
STATE = REPOSITORY / ".local"
SUPABASE = REPOSITORY / "livekit-system" / "supabase"


def machine_cache() -> Path:
    """The folder for downloads and builds; safe to delete, filled again on demand."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ipelya-live"
