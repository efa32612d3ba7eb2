"""Every secret is changed as DEPLOYMENT.md says, on a stack of its own, while the platform goes on."""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import jwt
import pytest
import pytest_asyncio

from local import livekit, s3_store
from local.gateway.keys import Algorithm, Keys
from local.lane import PASSWORD, lane_url
from local.people.person import PASSWORD as PEOPLES_PASSWORD
from local.people.person import People, Person
from local.people.waiting import until
from local.ports import Offset
from local.stack import LIVEKIT_KEY, Stack
from local.supervisor import Child, Supervisor
from orchestrator.errors import SignInError
from orchestrator.identity import Auth
from speech.token import minted
from tests.integration.edge import world
from tests.integration.rooms import hosted, joined
from tests.integration.test_doctor import ask
from tests.integration.test_pager import case

LOOP = pytest.mark.asyncio(loop_scope="module")
NO_CONTENT, UNAUTHORIZED = 204, 401


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

    async def speech_status(self, token: str) -> int:
        """The HTTP status of what the speech process asks with this token."""
        headers = {"apikey": self.stack.keys.publishable, "Authorization": f"Bearer {token}"}
        asked = {"p_worker": "rotated"}
        async with httpx.AsyncClient(base_url=self.stack.url) as http:
            return (await http.post("/rest/v1/rpc/speech_pull", json=asked, headers=headers)).status_code

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


@LOOP
async def test_the_password_of_a_workers_own_lane_is_changed(operator: Operator) -> None:
    old = await lane_url(operator.stack.database_url)
    await operator.roll("worker-4", LIVE_DATABASE_URL=old)
    await holds(operator)
    database = await asyncpg.connect(operator.stack.database_url)
    await database.execute("alter role live_agent password 'another'")
    await database.close()
    await operator.roll("worker-5", LIVE_DATABASE_URL=old.replace(PASSWORD, "another"))
    await holds(operator)
    code, said = await ask("doctor", {**operator.stack.env, **operator.env, "LIVE_DATABASE_URL": old})
    assert (code, PASSWORD in said) == (1, False)
    assert "own lane:" in said


@LOOP
async def test_the_pagers_secret_is_changed_and_what_is_refused_meanwhile_is_sent_again(
    operator: Operator,
) -> None:
    secret = f"whsec_{base64.b64encode(b'another secret of the pager').decode()}"
    pager = f"{operator.stack.push_url}/_local/pager"
    async with world(operator.stack) as here, here.http.put(pager, json={"secret": secret}) as answer:
        assert answer.status == NO_CONTENT
        about = await case(here)

        async def statuses() -> list[int]:
            async with here.http.get(pager) as attempts:
                return [
                    a["status"] for a in await attempts.json() if a["body"]["data"]["case_id"] == str(about)
                ]

        await until("the receiver refuses", statuses)
        await operator.roll("worker-6", LIVE_PAGER_SECRET=secret)
        found = await until("it takes the page", lambda: taken(statuses), 60.0)
        assert set(found[:-1]) == {UNAUTHORIZED}


async def taken(statuses: Callable[[], Awaitable[list[int]]]) -> list[int] | None:
    found = await statuses()
    return found if NO_CONTENT in found else None


@LOOP
async def test_the_keys_of_another_store_of_recordings_are_changed(
    operator: Operator, tmp_path: Path
) -> None:
    port, supervisor = operator.stack.ports.of(Offset.S3), Supervisor(tmp_path)
    old = s3_store.environment(port)
    new = old | {"RECORDING_S3_ACCESS_KEY": "second", "RECORDING_S3_SECRET": "another"}

    async def doctors() -> list[int]:
        known = {**operator.stack.env, **operator.env}
        return [(await ask("doctor", {**known, **told}))[0] for told in (old, new)]

    await supervisor.open()
    try:
        server = await supervisor.start(
            s3_store.spec(tmp_path, port, {s3_store.KEY: s3_store.SECRET, "second": "another"})
        )
        assert await doctors() == [0, 0]
        server.spec = s3_store.spec(tmp_path, port, {"second": "another"})
        await server.restart()
        assert await doctors() == [1, 0]
    finally:
        await supervisor.close(("s3",))


@LOOP
async def test_the_token_of_the_speech_process_is_changed_for_another_and_ends(operator: Operator) -> None:
    keys = operator.stack.keys
    tokens = [minted(keys.jwt_secret, seconds) for seconds in (600, 700, -60)]
    found = [await operator.speech_status(token) for token in tokens]
    assert found == [200, 200, UNAUTHORIZED], "two are good at once, one that has ended is not"


@LOOP
async def test_the_sign_in_of_the_assistants_server_is_changed(operator: Operator) -> None:
    stack = operator.stack
    async with People({**stack.env, **operator.env}) as people, httpx.AsyncClient(base_url=stack.url) as http:
        ops = await people.arrive("Ops", ops=True)
        auth = Auth(http, stack.url, stack.keys.publishable, 5.0)
        await auth.sign_in(ops.email, PEOPLES_PASSWORD)
        headers = {"apikey": stack.keys.publishable, "Authorization": f"Bearer {ops.api.access_token}"}
        changed = await http.put("/auth/v1/user", json={"password": "another one"}, headers=headers)
        assert changed.status_code == 200
        with pytest.raises(SignInError):
            await auth.sign_in(ops.email, PEOPLES_PASSWORD)
        session = await auth.sign_in(ops.email, "another one")
        assert await auth.user_of(session.access_token) == ops.id


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
