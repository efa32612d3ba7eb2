"""Every secret is changed as DEPLOYMENT.md says, on a stack of its own, while the platform goes on."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio

from local import livekit
from local.gateway.keys import Algorithm, Keys
from local.people.person import People, Person
from local.ports import Offset
from local.stack import LIVEKIT_KEY, Stack
from local.supervisor import Child
from tests.integration.rooms import hosted, joined
from tests.integration.test_doctor import ask

LOOP = pytest.mark.asyncio(loop_scope="module")
UNAUTHORIZED = 401


@dataclass
class Operator:
    """Who changes the secrets of a stack, part by part."""

    stack: Stack
    env: dict[str, str]
    """What a worker is given."""

    async def again(self, part: Child, **env: str) -> None:
        """A part with other variables."""
        part.spec = replace(part.spec, env={**part.spec.env, **env})
        await part.restart()

    async def gateway(self, **names: Any) -> None:
        """Supabase with these keys."""
        keys = self.stack.keys = Keys.derive(self.stack.keys.jwt_secret, **names)
        await self.again(self.stack.postgrest, PGRST_JWT_SECRET=keys.verifying_jwks())
        await self.again(
            self.stack.gateway,
            GATEWAY_SECRET_KEYS=",".join(keys.secrets),
            GATEWAY_SIGNING_KEYS=",".join(names.get("signing_names", ("first",))),
            GATEWAY_LEGACY_KEYS="1" if keys.legacy else "0",
        )

    async def livekit(self, keys: Mapping[str, str]) -> None:
        """LiveKit with these keys; the first signs webhooks."""
        livekit.write_config(
            self.stack.directory,
            port=self.stack.ports.of(Offset.LIVEKIT),
            udp_port=self.stack.ports.of(Offset.LIVEKIT_UDP),
            keys=dict(keys),
            webhook_url=f"{self.stack.url}/functions/v1/livekit-webhook",
            departure_seconds=2,
        )
        await self.stack.livekit.restart()

    async def roll(self, name: str, **env: str) -> None:
        """A new worker with other variables, then the old one ends."""
        old = dict(self.stack.workers)
        self.env |= env
        await self.stack.start_worker(name, self.env)
        for worker in old.values():
            await worker.stop()

    async def status(self, key: str, token: str | None = None) -> int:
        """The HTTP status of a read with this API key, and this person's token."""
        headers = {"apikey": key, "Authorization": f"Bearer {token or key}"}
        async with httpx.AsyncClient(base_url=self.stack.url) as http:
            return (await http.get("/rest/v1/live_roles?limit=1", headers=headers)).status_code


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def operator(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Operator]:
    async with Stack(Path(tmp_path_factory.mktemp("rotation"))) as stack:
        operator = Operator(stack, {})
        await operator.roll("worker-1")
        yield operator


async def holds(operator: Operator) -> None:
    """People come in with fresh tokens, somebody is kicked, and the doctor finds all well."""
    async with People({**operator.stack.env, **operator.env}) as people:
        room = await hosted(people)
        guest = await people.arrive("Bo")
        at_guest = await joined(room, guest)
        await (await room.host.ask("kick", room.session.id, guest)).applied()
        await at_guest.until_ended()
        await room.host.end_session(room.session.id)
    code, said = await ask("doctor", {**operator.stack.env, **operator.env})
    assert code == 0, said


@LOOP
async def test_livekits_secret_is_changed_for_a_second_key(operator: Operator) -> None:
    first, second = operator.stack.env["LIVEKIT_API_SECRET"], "another secret of at least thirty-two letters"
    await operator.livekit({LIVEKIT_KEY: first, "second": second})
    new = {"LIVEKIT_API_KEY": "second", "LIVEKIT_API_SECRET": second}
    await operator.again(operator.stack.functions, **new)
    await operator.roll("worker-2", **new)
    await operator.livekit({"second": second})
    await holds(operator)
    code, said = await ask("doctor", operator.stack.env)  # with the key that is gone
    assert code != 0
    assert "LIVEKIT_API_KEY" in said
    assert first not in said


@LOOP
async def test_supabases_secret_key_is_changed_for_one_of_another_name(operator: Operator) -> None:
    old = operator.stack.keys.secret
    await operator.gateway(secret_names=("default", "rotated"))
    rotated = operator.stack.keys.secrets["rotated"]
    assert [await operator.status(key) for key in (old, rotated)] == [200, 200]
    # Supabase gives its functions every named key, as of their start; the legacy key keeps its name.
    named = json.dumps({"default": old, "rotated": rotated})
    await operator.again(operator.stack.functions, SUPABASE_SECRET_KEYS=named)
    await operator.roll("worker-3", SUPABASE_SERVICE_ROLE_KEY=rotated)
    await operator.gateway(secret_names=("rotated",), legacy=False)
    assert await operator.status(old) == UNAUTHORIZED
    assert await operator.status(operator.stack.keys.service_role) == UNAUTHORIZED
    await holds(operator)


@LOOP
async def test_the_key_that_signs_peoples_tokens_is_changed_and_nobody_is_signed_out(
    operator: Operator,
) -> None:
    names: dict[str, Any] = {"secret_names": tuple(operator.stack.keys.secrets), "legacy": False}
    async with People({**operator.stack.env, **operator.env}) as people:
        before = await people.arrive("Ada")
        await operator.gateway(**names, signing_names=("second", "first"))
        after = await people.arrive("Bo")
        kids = {jwt.get_unverified_header(one.api.access_token)["kid"] for one in (before, after)}
        assert len(kids) == 2
        assert [await token_status(operator, one) for one in (before, after)] == [200, 200]
        await operator.gateway(**names, signing_names=("second",))  # the old key is revoked
        assert [await token_status(operator, one) for one in (before, after)] == [UNAUTHORIZED, 200]
    await holds(operator)


async def token_status(operator: Operator, person: Person) -> int:
    return await operator.status(operator.stack.keys.publishable, person.api.access_token)


@LOOP
@pytest.mark.parametrize("algorithm", ["ES256", "HS256"])
async def test_a_token_of_either_signature_is_taken_everywhere(
    operator: Operator, algorithm: Algorithm
) -> None:
    keys = operator.stack.keys
    async with People({**operator.stack.env, **operator.env}) as people:
        person = await people.arrive("Ada")
        token = keys.mint(keys.verify(person.api.access_token), 60, algorithm)
        headers = {"apikey": keys.publishable, "Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=operator.stack.url, headers=headers) as http:
            assert (await http.get("/auth/v1/user")).json()["id"] == person.id
            mine = await http.get("/rest/v1/profiles", params={"id": f"eq.{person.id}", "select": "id"})
            assert mine.json() == [{"id": person.id}]
            refused = await http.post("/functions/v1/session-create", json={"type": "audio_room"})
            assert refused.status_code in {400, 403}, refused.text  # known, and no creator: not 401
        assert (await published(operator, "/auth/v1/.well-known/jwks.json")) == keys.public_jwks()


async def published(operator: Operator, path: str) -> Any:
    async with httpx.AsyncClient(base_url=operator.stack.url) as http:
        return (await http.get(path)).json()
