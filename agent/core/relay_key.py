"""The key that this process signs its packets with: made, published, kept valid, and replaced once it is revoked."""

import asyncio
import logging

from agent.core.envelope import Signer
from agent.core.ports import PortError, Store

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
LOOK_SECONDS = 15.0
"""How soon a revocation is noticed: until then the room learns what happens from the database."""


class RelayKey:
    """Signs with the present key. A new key is published before anything is signed with it: clients refuse packets
    whose key they cannot look up."""

    def __init__(self, store: Store, seed: str | None) -> None:
        """`seed`: from the environment, see `Signer`; None makes a key for this process."""
        self._store, self._signer = store, Signer(seed)
        self.published = False

    @property
    def kid(self) -> str:
        """The id of the key that signs now."""
        return self._signer.kid

    def sign(self, body: str) -> bytes:
        """The 64 bytes of an Ed25519 signature over the body in UTF-8."""
        return self._signer.sign(body)

    async def publish(self) -> None:
        """Returns when the present key is known and good; replaces it as often as it is revoked."""
        candidate = self._signer
        while not await self._known(candidate):
            log.error("relay key is revoked; a new one takes its place", extra={"kid": candidate.kid})
            candidate = Signer()
        self._signer, self.published = candidate, True

    async def keep_valid(self) -> None:
        """For ever: prolongs the key long before it ends, and notices when it is revoked."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.publish()

    async def _known(self, signer: Signer) -> bool:
        """False: it is revoked."""
        while True:
            try:
                return await self._store.publish_key(signer.kid, signer.public_key)
            except PortError as error:
                log.warning("key not published", extra={"error": str(error)})
                await asyncio.sleep(RETRY_SECONDS)
