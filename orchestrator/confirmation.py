"""Confirmations: what a rehearsal returns and the act must bring back.

A confirmation is `expiry (8 bytes) ‖ nonce (16 bytes) ‖ HMAC-SHA256 over both and the wish`, in base64url. It is bound
to the acting person and to every argument, lives for minutes, and is good for one use. The key is made at the start of
the process and never leaves it, so that no text from anywhere can hold a valid one.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import struct
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.errors import RefusedError

EXPIRY, NONCE_BYTES, MAC_BYTES = struct.Struct(">d"), 16, 32
HEAD_BYTES = EXPIRY.size + NONCE_BYTES
LENGTH = 4 * -(-(HEAD_BYTES + MAC_BYTES) // 3)
"""Of the base64url text, padding included."""


class NotConfirmedError(RefusedError):
    """The confirmation does not hold; the message says why and what to do."""


class Confirmations:
    """Issues and redeems confirmations. `now`: seconds of a clock that never goes back."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._key = secrets.token_bytes(32)
        self._seconds, self._now = seconds, now
        self._used: dict[bytes, float] = {}
        """Nonces that were redeemed, until they would have expired anyway."""

    @property
    def seconds(self) -> float:
        """For how long a confirmation is good."""
        return self._seconds

    def issue(self, user: str, wish: Mapping[str, Any]) -> str:
        """A confirmation of this wish by this person. `wish` must be JSON."""
        head = EXPIRY.pack(self._now() + self._seconds) + secrets.token_bytes(NONCE_BYTES)
        return base64.urlsafe_b64encode(head + self._mac(head, user, wish)).decode()

    def redeem(self, confirmation: str, user: str, wish: Mapping[str, Any]) -> uuid.UUID:
        """Use a confirmation up; returns an id that belongs to this one act. Raises as `check` does."""
        left = self.check(confirmation, user, wish)
        nonce = _parts(confirmation)[0][EXPIRY.size :]
        self._used[nonce] = self._now() + left
        return uuid.UUID(bytes=nonce, version=4)

    def check(self, confirmation: str, user: str, wish: Mapping[str, Any]) -> float:
        """How many seconds a confirmation is still good for.

        Raises:
            NotConfirmedError: it is malformed, of another wish or person, too old, or used.
        """
        head, mac = _parts(confirmation)
        if not hmac.compare_digest(mac, self._mac(head, user, wish)):
            raise NotConfirmedError(
                "confirmation_mismatch",
                "this confirmation is not for these arguments and this person: rehearse again (dry_run) "
                "and show the outcome before acting",
            )
        expires_at: float = EXPIRY.unpack(head[: EXPIRY.size])[0]
        now = self._now()
        self._forget(now)
        if expires_at <= now:
            raise NotConfirmedError("confirmation_expired", "this confirmation is too old: rehearse again")
        nonce = head[EXPIRY.size :]
        if nonce in self._used:
            raise NotConfirmedError("confirmation_used", "this confirmation was used: rehearse again")
        return expires_at - now

    def _forget(self, now: float) -> None:
        self._used = {nonce: until for nonce, until in self._used.items() if until > now}

    def _mac(self, head: bytes, user: str, wish: Mapping[str, Any]) -> bytes:
        words = json.dumps([user, wish], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hmac.new(self._key, head + words.encode(), hashlib.sha256).digest()


def _parts(confirmation: str) -> tuple[bytes, bytes]:
    try:
        raw = base64.b64decode(confirmation, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != HEAD_BYTES + MAC_BYTES:
        raise NotConfirmedError(
            "confirmation_malformed", "this is not a confirmation: give the value that the dry run returned"
        )
    return raw[:HEAD_BYTES], raw[HEAD_BYTES:]
