"""People with accounts: what each can do in the app, and everybody together for one evening."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

import aiohttp

from local.people.api import Api, Json
from local.people.device import Device
from local.people.relay_packet import PacketSubject
from local.people.vanishing import VanishingDevice
from local.people.waiting import DEADLINE_SECONDS, until

PASSWORD = "correct horse battery staple"  # noqa: S105 - of people who do not exist
FINAL = frozenset({"applied", "failed", "expired", "cancelled"})


class Leaving(Protocol):
    async def leave(self) -> None:
        """Leave the room."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What people have done, for anyone who cleans up after them and for anyone who compares it with the records."""

    guests: list[Leaving] = field(default_factory=list)
    requests: list["Request"] = field(default_factory=list)


class Person:
    """One account. What it may not do raises `Refused`."""

    def __init__(self, name: str, email: str, api: Api, trail: Trail) -> None:
        self.name, self.email, self.api = name, email, api
        self._trail = trail

    @property
    def id(self) -> str:
        """The user's id."""
        return self.api.user_id

    # ------------------------------------------------------------ sessions

    async def open_session(
        self, kind: str = "audio_room", access: str = "public", title: str = "An evening", **more: Any
    ) -> "OpenSession":
        """Go live. Raises `RequestRefused`."""
        answer = await self.api.call("session-create", type=kind, access_type=access, title=title, **more)
        return OpenSession(answer["session"], answer["join"])

    async def token(self, session_id: str) -> Json:
        """A fresh `join` for a session."""
        join: Json = (await self.api.call("session-token", session_id=session_id))["join"]
        return join

    async def enter(
        self, session_id: str, join: Json | None = None, *, start_after: int | None = None
    ) -> Device:
        """In the room with this `join`, or with a fresh one.

        `start_after`: the first events wanted are those after this seq; what is on at the moment of joining if None.
        """
        join = join or await self.token(session_id)
        device = Device(join, PacketSubject("session", session_id), self.api, start_after=start_after)
        return await self._enter(device)

    async def until_on_record(self, session_id: str) -> None:
        """Returns when the database has heard that this person is in the room: some ms after LiveKit knows."""
        mine = {"session_id": f"eq.{session_id}", "user_id": f"eq.{self.id}", "is_online": "is.true"}
        await until(f"{self.name} is on record as there", lambda: self.api.rows("live_participants", **mine))

    async def enter_call(self, call_id: str, join: Json) -> Device:
        """Join a call's room with what `call-start` or `call-answer` has given."""
        return await self._enter(Device(join, PacketSubject("call", call_id), self.api))

    async def _enter(self, device: Device) -> Device:
        await device.connect()
        self._trail.guests.append(device)
        return device

    async def enter_to_vanish(self, session_id: str) -> VanishingDevice:
        """Enter with a device that can lose its network without a word."""
        device = VanishingDevice(await self.token(session_id))
        self._trail.guests.append(device)
        return await device.connect()

    async def knock(self, join: Json) -> VanishingDevice:
        """Tries to enter with an old `join`, and goes on trying for seconds, as LiveKit's clients do."""
        device = VanishingDevice(join)
        self._trail.guests.append(device)
        return await device.knock()

    async def end_session(self, session_id: str) -> None:
        """Raises `RequestRefused`."""
        await self.api.call("session-end", session_id=session_id)

    # ------------------------------------------------------------ asking to speak

    async def raise_hand(self, session_id: str) -> Json:
        """Raise the hand, once the database knows that this person is there."""
        await self.until_on_record(session_id)
        answer: Json = await self.api.rpc("raise_hand", session_id=session_id)
        return answer

    async def accept_invite(self, session_id: str) -> Json:
        """Take the stage. Raises `RequestRefused`."""
        answer: Json = await self.api.rpc("accept_invite", session_id=session_id)
        return answer

    # ------------------------------------------------------------ coins

    async def send_gift(
        self, session_id: str, gift_code: str, quantity: int = 1, key: str | None = None
    ) -> Json:
        """Give a gift; the receipt. `key`: the idempotency key, a new one if None."""
        answer: Json = await self.api.rpc(
            "send_gift",
            session_id=session_id,
            gift_code=gift_code,
            quantity=quantity,
            idempotency_key=key or str(uuid.uuid4()),
        )
        return answer

    async def buy_ticket(self, session_id: str) -> Json:
        """Buy a ticket; the receipt."""
        answer: Json = await self.api.rpc(
            "buy_ticket", session_id=session_id, idempotency_key=str(uuid.uuid4())
        )
        return answer

    # ------------------------------------------------------------ calls

    async def call(self, callee: "Person", kind: str = "audio") -> Json:
        """`{call, join}`; it rings."""
        return await self.api.call("call-start", callee_id=callee.id, type=kind)

    async def answer(self, call_id: str, *, accept: bool) -> Json:
        """Take a call, or decline it. Raises `RequestRefused`."""
        return await self.api.call("call-answer", call_id=call_id, accept=accept)

    async def hang_up(self, call_id: str) -> Json:
        """End a call, ringing or running. Raises `RequestRefused`."""
        return await self.api.call("call-end", call_id=call_id)

    # ------------------------------------------------------------ moderation

    async def ask(
        self,
        action: str,
        session_id: str,
        target: "Person | None" = None,
        *,
        params: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> "Request":
        """Inserts a row at moderation's one door; raises Refused when the door does."""
        row = {
            "id": str(uuid.uuid4()),
            "session_id": session_id,
            "action": action,
            "target_user_id": target.id if target else None,
            "params": dict(params or {}),
            **more,
        }
        asked = time.monotonic()
        await self.api.insert("moderation_actions", row)
        request = Request(self.api, row["id"], asked)
        self._trail.requests.append(request)
        return request


class OpenSession:
    """A session as its host has just opened it."""

    def __init__(self, row: Json, join: Json) -> None:
        self.id: str = row["id"]
        self.room: str = row["livekit_room"]
        self.creator_id: str = row["creator_id"]
        self.join = join


class Request:
    """A row in `moderation_actions`, from the asker's side."""

    def __init__(self, api: Api, row_id: str, asked: float) -> None:
        self._api, self.id, self.asked = api, row_id, asked

    async def row(self) -> Json:
        """The action's row as it is now."""
        row = await self._api.row("moderation_actions", id=f"eq.{self.id}")
        assert row is not None, "the row that was just inserted is not visible to who inserted it"
        return row

    async def done(self, within: float = DEADLINE_SECONDS) -> Json:
        """The row once its status is final; raises NotInTimeError."""

        async def final() -> Json | None:
            row = await self.row()
            return row if row["status"] in FINAL else None

        return await until(f"moderation action {self.id} is through", final, within)

    async def applied(self, within: float = DEADLINE_SECONDS) -> Json:
        """The row once it is applied; raises AssertionError when it ended otherwise."""
        row = await self.done(within)
        assert row["status"] == "applied", f"{row['action']} is {row['status']}: {row['error']}"
        return row


class People:
    """Everybody of one evening, and server code. Leaving takes all of them out of their rooms."""

    def __init__(self, env: Mapping[str, str]) -> None:
        """`env`: SUPABASE_URL, SUPABASE_ANON_KEY and SUPABASE_SERVICE_ROLE_KEY."""
        self._env = env
        self.everybody: list[Person] = []
        self._trail = Trail()
        self._http: aiohttp.ClientSession
        self.service: Api
        """Server code with the secret key: passes by row-level security."""

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        url = self._env["SUPABASE_URL"]
        self.service = Api(self._http, url, self._env["SUPABASE_SERVICE_ROLE_KEY"])
        self._public = Api(self._http, url, self._env["SUPABASE_ANON_KEY"])
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            await self.go_home()
        finally:
            await self._http.close()

    async def go_home(self) -> None:
        """Everybody leaves the room they are in."""
        for guest in reversed(self._trail.guests):
            await guest.leave()

    @property
    def requests(self) -> list["Request"]:
        """Every request for moderation that the door let in."""
        return [*self._trail.requests]

    @property
    def devices(self) -> list[Device]:
        """Every connection that anybody had, the ended ones too."""
        return [guest for guest in self._trail.guests if isinstance(guest, Device)]

    async def arrive(self, name: str, *, creator: bool = False, ops: bool = False, coins: int = 0) -> Person:
        """A new account, signed in."""
        unique = uuid.uuid4().hex[:10]
        email = f"{name.lower()}-{unique}@example.com"
        api = await self._public.sign_up(
            email, PASSWORD, {"username": f"{name.lower()}_{unique}", "display_name": name}
        )
        person = Person(name, email, api, self._trail)
        self.everybody.append(person)
        if creator:
            await self.service.update(
                "profiles", {"type": "creator", "is_creator": True}, id=f"eq.{person.id}"
            )
        if ops:
            await self.service.insert("live_ops", {"user_id": person.id})
        if coins:
            await self.top_up(person, coins)
        return person

    async def arrive_anonymously(self, name: str = "Somebody") -> Person:
        """Somebody without an account of their own."""
        return Person(name, "", await self._public.sign_in_anonymously(), self._trail)

    async def top_up(self, person: Person, coins: int) -> None:
        """Credit coins, as the shop's server would."""
        await self.service.rpc(
            "credit_coins", p_user=person.id, p_coins=coins, p_reference=f"receipt-{uuid.uuid4()}"
        )

    async def subscribe(self, fan: Person, creator: Person) -> None:
        """The existing app's business: a running subscription to a creator."""
        row = {"user_id": fan.id, "creator_id": creator.id, "status": "active"}
        await self.service.insert("creator_subscriptions", row)
