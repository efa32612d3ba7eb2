"""A call rings on phones: from the call to stand-ins of the services that deliver pushes, by real edge functions."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from local.people.waiting import until
from local.stack import Stack
from tests.integration.edge import Json, Person, World, world

PRIVATE = "Ayşe Çok Gizli"


async def phone(person: Person, provider: str, token: str = "", language: str = "en") -> str:
    """Register a device as the app does at its start."""
    token = token or f"phone-{uuid.uuid4()}"
    platform = "ios" if provider in ("apns", "pushkit") else "android"
    told = {
        "p_provider": provider,
        "p_token": token,
        "p_installation": f"installation-{token}",
        "p_platform": platform,
        "p_language": language,
    }
    here = person.world
    headers = {"apikey": here.stack.keys.publishable, "Authorization": f"Bearer {person.token}"}
    url = f"{here.stack.url}/rest/v1/rpc/register_push_device"
    async with here.http.post(url, json=told, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
    return token


async def taken(here: World, tokens: Sequence[str]) -> list[Json]:
    """What the services took for these devices."""
    async with here.http.get(f"{here.stack.push_url}/_local/pushes") as answer:
        return [push for push in await answer.json() if push["token"] in tokens]


def gone_out(here: World, tokens: Sequence[str], count: int) -> Callable[[], Awaitable[list[Json] | None]]:
    async def found() -> list[Json] | None:
        pushes = await taken(here, tokens)
        return pushes if len(pushes) >= count else None

    return found


async def push_send(here: World, key: str) -> tuple[int, Any]:
    reply = await here.post("push-send", {}, token=key)
    return reply.status, reply.body


async def test_a_call_reaches_every_kind_of_phone_within_a_second_and_says_nothing_private(
    stack: Stack,
) -> None:
    async with world(stack) as here:
        caller, callee = await here.person(), await here.person()
        await here.database.execute("update profiles set display_name = $2 where id = $1", caller.id, PRIVATE)
        expo, fcm, voip = [await phone(callee, provider) for provider in ("expo", "fcm", "pushkit")]
        alert = await phone(callee, "apns", language="tr")
        tokens = [expo, fcm, voip, alert]
        reply = await caller.call("call-start", callee_id=callee.id, type="video")
        call = reply.body["call"]["id"]
        pushes = await until("pushes", gone_out(here, tokens, 4))
        by = {push["token"]: push["message"] for push in pushes}
        created = await here.database.fetchval(
            "select extract(epoch from ringing_at)::float8 from calls where id = $1", uuid.UUID(call)
        )
        assert (
            max(push["at"] for push in pushes) - created < 5
        )  # the machine may be busy; the bench holds the second
        assert (by[expo]["title"], by[expo]["priority"], by[expo]["data"]["id"]) == (
            "Incoming call",
            "high",
            call,
        )
        assert "notification" not in by[fcm]
        assert (by[fcm]["android"]["priority"], by[fcm]["data"]["kind"]) == ("HIGH", "call_ringing")
        assert by[voip]["headers"]["apns-push-type"] == "voip"
        assert by[alert]["aps"]["alert"]["title"] == "Gelen arama"
        assert not [word for word in (*PRIVATE.split(), caller.id, callee.id) if word in str(pushes)]

        await caller.call("call-end", call_id=call)
        later = await until("pushes", gone_out(here, tokens, 7))
        over = [push for push in later if call in str(push) and "call_over" in str(push)]
        assert sorted(push["token"] for push in over) == sorted([expo, fcm, alert])


async def test_a_gone_device_is_forgotten_and_a_busy_service_is_asked_again(stack: Stack) -> None:
    async with world(stack) as here:
        caller, callee = await here.person(), await here.person()
        gone = [await phone(callee, provider, f"dead-{uuid.uuid4()}") for provider in ("expo", "fcm", "apns")]
        late = await phone(callee, "expo", f"later-dead-{uuid.uuid4()}")
        busy = [await phone(callee, provider, f"busy-{uuid.uuid4()}") for provider in ("expo", "fcm", "apns")]
        await caller.call("call-start", callee_id=callee.id, type="audio")
        await until("pushes", gone_out(here, [late], 1))

        async def answered() -> bool:
            return not await here.database.fetchval(
                "select count(*) from push_outbox where user_id = $1 and status = 'pending' and error is null",
                uuid.UUID(callee.id),
            )

        await until("an answer for each", answered)
        await here.database.execute(
            "update push_outbox set due_at = now(), receipt_due_at = receipt_due_at - interval '1 hour'"
            " where user_id = $1",
            uuid.UUID(callee.id),
        )
        # A worker of this stack may have been quicker with some of them, so what was sent is counted at the services.
        status, _ = await push_send(here, stack.keys.service_role)
        assert status == 200
        pushes = await until("the busy services took theirs", gone_out(here, busy, 3))
        assert sorted(push["token"] for push in pushes) == sorted(busy)

        async def left() -> set[str]:
            rows = await here.database.fetch(
                "select token from push_devices where user_id = $1", uuid.UUID(callee.id)
            )
            return {row["token"] for row in rows}

        async def forgotten() -> bool:
            return late not in await left()

        await until("the receipt of the one that is gone later", forgotten)
        assert await left() == set(busy)
        assert not set(gone) & await left()


async def test_one_broken_service_holds_up_no_other_and_is_tried_later(stack: Stack) -> None:
    async with world(stack) as here:
        caller, callee = await here.person(), await here.person()
        broken, whole = await phone(callee, "expo", f"broken-{uuid.uuid4()}"), await phone(callee, "fcm")
        await caller.call("call-start", callee_id=callee.id, type="audio")
        await until("pushes", gone_out(here, [whole], 1))

        async def noted() -> str | None:
            error: str | None = await here.database.fetchval(
                "select error from push_outbox o join push_devices d on d.id = o.device_id"
                " where d.token = $1 and o.status = 'pending'", broken,
            )  # fmt: skip
            return error

        assert await until("the failure", noted) == "HTTP 500"


async def test_only_a_secret_key_has_pushes_sent(stack: Stack) -> None:
    async with world(stack) as here:
        person = await here.person()
        for key in (person.token, stack.keys.publishable, stack.keys.anon, "x.y.z"):
            status, body = await push_send(here, key)
            assert (status, body["error"]["code"]) == (401, "not_authenticated")
        for key in (stack.keys.secret, stack.keys.service_role):
            assert (await push_send(here, key))[0] == 200


async def test_what_no_request_caused_is_pushed_at_the_workers_word(stack: Stack) -> None:
    async with world(stack) as here:
        caller, callee = await here.person(), await here.person()
        token = await phone(callee, "expo")
        reply = await caller.call("call-start", callee_id=callee.id, type="audio")
        await until("it rings", gone_out(here, [token], 1))
        await stack.start_worker("for-pushes", {"LIVE_WATCH_SECONDS": "0.3"})
        try:
            await here.database.execute(
                "update calls set status = 'missed', end_reason = 'no_answer' where id = $1",
                uuid.UUID(reply.body["call"]["id"]),
            )
            pushes = await until("the missed call", gone_out(here, [token], 2))
        finally:
            await stack.workers.pop("for-pushes").stop()
        assert pushes[-1]["message"]["data"]["kind"] == "call_missed"
