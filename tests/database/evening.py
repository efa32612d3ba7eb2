"""Owns the evening of the enforcement machine: a plain model of its people and of what they paid, and a worker that
only obeys.
"""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from agent.supabase import rows
from moderation.desired import Permission, effective_permission
from moderation.roles import Role, RoleRights, Source
from tests.database.world import Scene, World

SPEAKS, SILENT = Permission(frozenset({Source.MICROPHONE})), Permission(frozenset())
RIGHTS = {
    Role.LISTENER: RoleRights(10, frozenset()),
    Role.SPEAKER: RoleRights(20, SPEAKS.sources),
    Role.MODERATOR: RoleRights(30, SPEAKS.sources),
}
RANKS = {role.value: rights.rank for role, rights in RIGHTS.items()}
STAFF = 30
PRICE, DELIVERED_AFTER = 10, 300


@dataclass
class Ticket:
    """What a plain model says of one: where its coins are, and how much of the show followed it."""

    id: str
    seen: int = 0
    """Seconds of the host's media since it was bought."""
    owed: bool = False
    refunded: bool = False

    @property
    def held(self) -> bool:
        return not (self.owed or self.refunded)

    @property
    def delivered(self) -> bool:
        return self.seen >= DELIVERED_AFTER


@dataclass
class Guest:
    """One person: what a plain model says of them, and their connection as LiveKit has it."""

    id: str
    role: str = "listener"
    muted: bool = False
    by_all: bool = False
    banned: bool = False
    blocked: bool = False
    gone: bool = False
    """The account is deleted."""
    coins: int = 100
    gifts: list[str] = field(default_factory=list)
    """Those given and not refunded."""
    tickets: list[Ticket] = field(default_factory=list)
    told: int | None = None
    """Seconds since they were told that they have no access any more."""
    put_out: bool = False
    """For want of a ticket, after the grace."""
    disguises: int = 0
    """As the agent remembers them."""
    sid: str | None = None
    permission: Permission = SILENT

    @property
    def allowed(self) -> Permission:
        return SPEAKS if self.role != "listener" and not self.muted else SILENT

    @property
    def removed(self) -> bool:
        return self.banned or self.gone or self.put_out

    @property
    def lacks_a_ticket(self) -> bool:
        return RANKS[self.role] < STAFF and not any(ticket.held for ticket in self.tickets)

    def look_at_access(self, *, online: bool) -> None:
        """First they are told; at a look after the grace they have to be out, unless they have paid meanwhile."""
        if not self.lacks_a_ticket:
            self.told, self.put_out = None, False
        elif self.told is not None:
            self.put_out |= self.told > 0
        elif online:
            self.told = 0

    def is_owed_for_a_removal(self) -> None:
        """The creator's side has removed them: what they have not been shown yet is theirs again."""
        for ticket in self.tickets:
            if ticket.held and not ticket.delivered:
                ticket.owed = True


@dataclass
class Evening:
    """A session, its people, and a worker that obeys."""

    world: World
    scene: Scene
    guests: list[Guest]
    epoch: int = 0
    cursor: str | None = None
    mute_all: bool = False
    asked: list[str] = field(default_factory=list)
    finished: list[tuple[int, str]] = field(default_factory=list)
    by_host: set[str] = field(default_factory=set)
    """Kicks that the host asked for and nobody has carried out yet."""
    on_air: bool = False

    async def ask(
        self, action: str, guest: Guest | None = None, *, by: str | None = None, **params: Any
    ) -> str:
        """By server code, or by somebody who is signed in."""
        target = None if guest is None else guest.id
        self.asked.append(await self.world.ask(by, action, self.scene, target, params=params))
        return self.asked[-1]

    async def ask_automatically(self, action: str, guest: Guest) -> None:
        """As the agent does: with the incident that it follows from, by a row without an end."""
        row = {"id": str(uuid.uuid4()), "action": action, "params": {}, "reason": "false source"}
        at = await self.world.value("select clock_timestamp()::text")
        incident = {
            "room": self.scene.room, "epoch": self.epoch, "id": str(uuid.uuid4()), "user_id": guest.id,
            "participant_sid": guest.sid, "rule": "disguise", "severity": "critical",
            "measured": {"step": "reassert", "times": guest.disguises},
            "started_at": at, "ended_at": at, "strikes": 0.0, "action": row,
        }  # fmt: skip
        [answer] = await self.world.service("select agent_incidents('w1', $1)", [incident])
        assert answer["error"] is None, answer
        self.asked.append(row["id"])

    # -- the agent ------------------------------------------------------------------------------------

    async def take_over(self) -> None:
        claim = await self.world.claim(self.scene.room, ttl_ms=60_000)
        self.epoch, self.cursor = claim["epoch"], claim["snapshot"]["cursor"]
        self.obey(claim["snapshot"]["people"])

    async def beat(self) -> bool:
        """Makes true what is new; whether there was anything to finish."""
        news = await self.world.pull(self.scene.room, self.epoch, self.cursor)
        if news is None:
            return False
        self.cursor = news["cursor"]
        self.obey(news["people"])
        for action in news["actions"]:
            if action["action"] == "kick":
                self.disconnect(action["target_user_id"])
            await self.finish(self.epoch, action["id"])
            if action["id"] in self.by_host:
                self.by_host.remove(action["id"])
                self.guest(action["target_user_id"]).is_owed_for_a_removal()
        return bool(news["actions"])

    async def finish(self, epoch: int, action: str) -> Any:
        self.finished.append((epoch, action))
        return await self.world.finish(self.scene.room, epoch, action)

    def obey(self, people: list[Any]) -> None:
        for row in people:
            person = rows.person(row)
            guest = next((g for g in self.guests if g.id == person.identity), None)
            if guest is None or guest.sid is None:
                continue
            if person.desired.removed(time.time()) is not None:
                guest.sid = None
            else:
                guest.permission = effective_permission(person.desired, RIGHTS, time.time())

    def disconnect(self, user: str) -> None:
        self.guest(user).sid = None

    def guest(self, user: str) -> Guest:
        return next(guest for guest in self.guests if guest.id == user)
