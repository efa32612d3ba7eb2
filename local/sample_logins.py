"""The people who live in a stack that somebody looks at: one of each kind, with a password to sign in with."""

from dataclasses import dataclass

import aiohttp
import asyncpg

from local.stack import Stack

PASSWORD = "local-password"  # noqa: S105 - of a stack that listens on loopback alone
TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True)
class Login:
    """A person to sign in as, by `email` and `PASSWORD`."""

    name: str
    what: str
    creator: bool = False
    ops: bool = False

    @property
    def email(self) -> str:
        """What they sign in with."""
        return f"{self.name}@example.com"


LOGINS = (
    Login("creator", "approved creator: may go live", creator=True),
    Login("viewer", "an ordinary user"),
    Login("friend", "another one, to call or to moderate"),
    Login("ops", "may moderate everything", ops=True),
)


async def create(stack: Stack) -> None:
    """Makes the sample people in a fresh stack."""
    headers = {"apikey": stack.keys.secret, "Authorization": f"Bearer {stack.keys.secret}"}
    database = await asyncpg.connect(stack.database_url, timeout=5, command_timeout=5)
    try:
        async with aiohttp.ClientSession(stack.url, headers=headers, timeout=TIMEOUT) as http:
            for login in LOGINS:
                await _create(http, database, login)
    finally:
        await database.close()


async def _create(http: aiohttp.ClientSession, database: asyncpg.Connection, login: Login) -> None:
    profile = {"username": login.name, "display_name": login.name.capitalize()}
    user = {"email": login.email, "password": PASSWORD, "email_confirm": True, "user_metadata": profile}
    async with http.post("/auth/v1/admin/users", json=user) as answer:
        answer.raise_for_status()
        user_id = (await answer.json())["id"]
    if login.creator:
        await database.execute(
            "update public.profiles set is_creator = true, type = 'creator' where id = $1", user_id
        )
    if login.ops:
        await database.execute("insert into public.live_ops (user_id, lead) values ($1, true)", user_id)
