"""The key that packets are signed with: known before anything is signed with it, and replaced once it is revoked."""

import asyncio
from typing import cast

import pytest

from agent.core import relay_key
from agent.core.envelope import Signer
from agent.core.ports import Store, Unavailable
from agent.core.relay_key import RelayKey

SEED = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


class Keys:
    """`relay_keys`, as far as a worker sees it."""

    def __init__(self) -> None:
        self.published: list[str] = []
        self.revoked: set[str] = set()
        self.away = 0

    async def publish_key(self, kid: str, _: str) -> bool:
        await asyncio.sleep(0)
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        self.published.append(kid)
        return kid not in self.revoked


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_key, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(relay_key, "RETRY_SECONDS", 0.001)


def made(keys: Keys, seed: str | None = None) -> RelayKey:
    return RelayKey(cast("Store", keys), seed)


async def test_the_key_of_the_environment_is_published_also_when_the_database_is_late() -> None:
    keys = Keys()
    keys.away = 2
    key = made(keys, SEED)
    assert not key.published
    await key.publish()
    assert (key.published, keys.published) == (True, [Signer(SEED).kid])
    assert key.kid == made(keys, SEED).kid != made(keys).kid


async def test_a_revoked_key_is_replaced_by_a_new_one_that_is_known_first() -> None:
    keys = Keys()
    key = made(keys, SEED)
    await key.publish()
    first = key.kid
    keys.revoked.add(first)
    keeping = asyncio.create_task(key.keep_valid())
    try:
        async with asyncio.timeout(2):
            while key.kid == first:  # noqa: ASYNC110 - the key tells nobody
                await asyncio.sleep(0.001)
    finally:
        keeping.cancel()
    assert key.kid in keys.published
    assert key.kid.encode() in key.sign("{}")


async def test_a_worker_that_starts_with_a_revoked_key_never_signs_with_it() -> None:
    keys = Keys()
    key = made(keys, SEED)
    keys.revoked.add(key.kid)
    await key.publish()
    assert key.kid not in keys.revoked
