"""The edge functions on Deno: one process that routes to all of them, as Supabase's edge runtime does."""

from collections.abc import Mapping
from pathlib import Path

from deno import find_deno_bin

from local.paths import SUPABASE
from local.ports import LOOPBACK
from local.readiness import http_ok
from local.supervisor import Spec

FUNCTIONS = SUPABASE / "functions"
ROUTER = Path(__file__).with_name("functions_router.ts")


def spec(port: int, env: Mapping[str, str]) -> Spec:
    """The process that serves every `functions/<name>/index.ts`; ready when all were loaded or refused."""

    async def ready() -> bool:
        return await http_ok(port, "/_ready")

    config = FUNCTIONS / "deno.json"
    resolution = ["--config", config] if config.exists() else ["--no-config"]
    return Spec(
        name="functions",
        argv=[
            *(find_deno_bin(), "run", "--quiet", "--no-prompt", *resolution),
            *("--allow-net", "--allow-env", f"--allow-read={FUNCTIONS}"),
            *(ROUTER, FUNCTIONS, str(port)),
        ],
        env={**env, "DENO_NO_UPDATE_CHECK": "1", "FUNCTIONS_HOST": LOOPBACK},
        ready=ready,
    )
