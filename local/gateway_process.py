"""The gateway as a part of the stack: what it is told about the parts behind it."""

import sys
from collections.abc import Mapping

from local import postgres
from local.gateway.keys import Keys
from local.paths import REPOSITORY
from local.ports import LOOPBACK, Offset, Ports
from local.readiness import http_ok
from local.supervisor import PYTHON_ENV, Spec


def spec(ports: Ports, keys: Keys, options: Mapping[str, str]) -> Spec:
    """The process; `options`: more of its environment, how it behaves."""
    port, database = ports.of(Offset.GATEWAY), ports.of(Offset.POSTGRES)

    async def ready() -> bool:
        return await http_ok(port, "/_local/ready")

    env = {
        **PYTHON_ENV,
        "GATEWAY_PORT": str(port),
        "GATEWAY_JWT_SECRET": keys.jwt_secret,
        "GATEWAY_AUTH_DATABASE_URL": postgres.url(database, "supabase_auth_admin"),
        "GATEWAY_REALTIME_DATABASE_URL": postgres.url(database, postgres.SUPERUSER),
        "GATEWAY_STORAGE_DATABASE_URL": postgres.url(database, "supabase_storage_admin"),
        "GATEWAY_REST_URL": f"http://{LOOPBACK}:{ports.of(Offset.POSTGREST)}",
        "GATEWAY_FUNCTIONS_URL": f"http://{LOOPBACK}:{ports.of(Offset.FUNCTIONS)}",
        **options,
    }
    return Spec(
        name="gateway", argv=[sys.executable, "-m", "local.gateway"], cwd=REPOSITORY, env=env, ready=ready
    )
