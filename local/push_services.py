"""Stand-ins for the services that deliver pushes: Expo's, Google's (FCM HTTP v1 and its token endpoint) and Apple's.

They check what the real ones check first (who sends, the form of a message), keep what they took, and fail as the
token says: `dead-…` is a device that is gone, `later-dead-…` one of which only Expo's receipt says so, `busy-…` is
refused once and taken the second time, `broken-…` answers 500. `GET /_local/pushes` lists what was taken, `DELETE`
forgets it. The operators' pager answers in the same process: see `local/pager.py`.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from local.pager import PagerService
from local.paths import REPOSITORY
from local.ports import LOOPBACK
from local.readiness import http_ok
from local.supervisor import Spec

PROJECT, ACCOUNT = "ipelya-local", "push@ipelya-local.iam.gserviceaccount.com"
TEAM, KEY_ID, TOPIC = "LOCALTEAM1", "LOCALKEY01", "com.ipelya.app"
GOOGLE_TOKEN = "ya29.local"  # noqa: S105 - a stand-in's
EXPO_BATCH = 100
Json = dict[str, Any]


class Services:
    """What was taken, in order: `{service, token, at, message}`, with Apple's headers among the message."""

    def __init__(self, keys: Json) -> None:
        self._google, self._apple = (
            serialization.load_pem_private_key(keys[name].encode(), None).public_key()
            for name in ("google", "apple")
        )
        self._taken: list[Json] = []
        self._seen: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        """The senders' endpoints, and where a test reads and breaks them."""
        return [
            web.post("/--/api/v2/push/send", self._expo),
            web.post("/--/api/v2/push/getReceipts", self._expo_receipts),
            web.post("/token", self._token),
            web.post("/v1/projects/{project}/{send:messages:send}", self._fcm),
            web.post("/3/device/{token}", self._apns),
            web.get("/_local/pushes", self._list),
            web.delete("/_local/pushes", self._forget),
        ]

    def _take(self, service: str, token: str, message: Json) -> None:
        self._taken.append({"service": service, "token": token, "at": time.time(), "message": message})

    def _busy(self, token: str) -> bool:
        """Whether this is the first try of a token that is refused once."""
        first = token not in self._seen
        self._seen.add(token)
        return first and "busy-" in token

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response(self._taken)

    async def _forget(self, _request: web.Request) -> web.Response:
        self._taken.clear()
        return web.Response(status=204)

    async def _expo(self, request: web.Request) -> web.Response:
        messages = await request.json()
        if not isinstance(messages, list) or len(messages) > EXPO_BATCH:
            return web.json_response({"errors": [{"code": "PUSH_TOO_MANY_NOTIFICATIONS"}]}, status=400)
        if any("broken-" in message["to"] for message in messages):
            return web.Response(status=500, text="<html>Internal Server Error</html>")
        return web.json_response({"data": [self._ticket(message) for message in messages]})

    def _ticket(self, message: Json) -> Json:
        token = message["to"]
        if token.startswith("dead-"):
            return expo_error("DeviceNotRegistered")
        if self._busy(token):
            return expo_error("MessageRateExceeded")
        self._take("expo", token, message)
        return {"status": "ok", "id": f"ticket-{token}"}

    async def _expo_receipts(self, request: web.Request) -> web.Response:
        asked = (await request.json())["ids"]
        told = {
            ticket: expo_error("DeviceNotRegistered") if "later-dead-" in ticket else {"status": "ok"}
            for ticket in asked
        }
        return web.json_response({"data": told})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        try:
            audience = f"http://{request.host}/token"
            claims = jwt.decode(str(form["assertion"]), self._google, ["RS256"], audience=audience)  # type: ignore[arg-type]
        except (KeyError, jwt.InvalidTokenError) as error:
            return web.json_response({"error": "invalid_grant", "error_description": str(error)}, status=400)
        if claims["iss"] != ACCOUNT:
            return web.json_response({"error": "invalid_client"}, status=401)
        return web.json_response({"access_token": GOOGLE_TOKEN, "expires_in": 3599, "token_type": "Bearer"})

    async def _fcm(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {GOOGLE_TOKEN}":
            return google_error(401, "UNAUTHENTICATED", None)
        message = (await request.json())["message"]
        token, data = message["token"], message["data"]
        if not all(isinstance(value, str) for value in data.values()):
            return google_error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
        if token.startswith("dead-"):
            return google_error(404, "NOT_FOUND", "UNREGISTERED")
        if "broken-" in token:
            return google_error(500, "INTERNAL", "INTERNAL")
        if self._busy(token):
            return google_error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", {"Retry-After": "1"})
        self._take("fcm", token, message)
        return web.json_response({"name": f"projects/{PROJECT}/messages/{len(self._taken)}"})

    async def _apns(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        try:
            bearer = request.headers["Authorization"].removeprefix("bearer ")
            claims = jwt.decode(bearer, self._apple, ["ES256"], options={"verify_iat": False})  # type: ignore[arg-type]
        except (KeyError, jwt.InvalidTokenError):
            return web.json_response({"reason": "InvalidProviderToken"}, status=403)
        headers = {name: value for name, value in request.headers.items() if name.startswith("apns-")}
        voip = headers.get("apns-push-type") == "voip"
        if claims["iss"] != TEAM or headers.get("apns-topic") != (f"{TOPIC}.voip" if voip else TOPIC):
            return web.json_response({"reason": "BadTopic"}, status=400)
        if headers["apns-push-type"] == "background" and headers["apns-priority"] != "5":
            return web.json_response({"reason": "BadPriority"}, status=400)
        if token.startswith("dead-"):
            return web.json_response({"reason": "Unregistered"}, status=410)
        if self._busy(token):
            return web.json_response({"reason": "TooManyRequests"}, status=429, headers={"Retry-After": "1"})
        self._take("apns", token, {**await request.json(), "headers": headers})
        return web.Response(status=200)


def expo_error(error: str) -> Json:
    """A ticket or receipt that failed, as Expo answers it."""
    return {"status": "error", "message": error, "details": {"error": error}}


def google_error(
    status: int, name: str, code: str | None, headers: dict[str, str] | None = None
) -> web.Response:
    """An error as Google answers it. `code`: FCM's own, where it has one."""
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    details = [] if code is None else [{"@type": kind, "errorCode": code}]
    error = {"code": status, "status": name, "details": details}
    return web.json_response({"error": error}, status=status, headers=headers)


# ------------------------------------------------------------ as a part of the stack


def keys_in(directory: Path) -> Json:
    """Google's and Apple's signing keys: made at the first start in this directory, kept for the next ones."""
    file = directory / "push_keys.json"
    if not file.exists():
        google, apple = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
        file.touch(mode=0o600)
        file.write_text(json.dumps({"google": pem(google), "apple": pem(apple)}))
    found: Json = json.loads(file.read_text())
    return found


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """A private key in PKCS #8, without a password."""
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def environment(port: int, keys: Json) -> dict[str, str]:
    """What the edge functions are told, so that they send to the stand-ins."""
    url = f"http://{LOOPBACK}:{port}"
    account = {
        "type": "service_account",
        "project_id": PROJECT,
        "client_email": ACCOUNT,
        "private_key": keys["google"],
        "token_uri": f"{url}/token",
    }
    return {
        "PUSH_EXPO_URL": url,
        "PUSH_FCM_URL": url,
        "PUSH_FCM_SERVICE_ACCOUNT": json.dumps(account),
        "PUSH_APNS_URL": url,
        "PUSH_APNS_KEY": keys["apple"],
        "PUSH_APNS_KEY_ID": KEY_ID,
        "PUSH_APNS_TEAM_ID": TEAM,
        "PUSH_APNS_TOPIC": TOPIC,
    }


def spec(port: int, keys: Json) -> Spec:
    """The process that serves them on this port with these keys."""

    async def ready() -> bool:
        return await http_ok(port, "/_local/pushes")

    return Spec(
        name="push",
        argv=[sys.executable, "-m", "local.push_services", str(port)],
        cwd=REPOSITORY,
        env={"PUSH_KEYS": json.dumps(keys), "PYTHONDONTWRITEBYTECODE": ""},
        ready=ready,
    )


async def main() -> None:
    """Serve until stopped."""
    app = web.Application()
    app.add_routes(Services(json.loads(os.environ["PUSH_KEYS"])).routes())
    app.add_routes(PagerService().routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, int(sys.argv[1])).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
