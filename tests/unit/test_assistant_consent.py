"""What counts as a person's yes, what they are shown, for whom a tool is, and whose turn it is."""

import asyncio
from dataclasses import dataclass

import pytest
from mcp_types import (
    ClientCapabilities,
    ElicitationCapability,
    ElicitResult,
    FormElicitationCapability,
    UrlElicitationCapability,
)

from orchestrator.errors import RefusedError
from orchestrator.person import Confirms, confirms, said_yes, words
from orchestrator.rights import Kind, Reach, Rights, session_in
from orchestrator.turns import EACH, QUEUED_EACH, THINKING, Turns

SESSION = "0b0e7a52-9a5d-4d4e-8f0e-2f3c1d1f6a10"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "yes",
        {"yes": True},
        ElicitResult(action="decline", content={"yes": True}),
        ElicitResult(action="cancel", content={"yes": True}),
        ElicitResult(action="accept"),
        ElicitResult(action="accept", content={}),
        ElicitResult(action="accept", content={"yes": False}),
        ElicitResult(action="accept", content={"yes": "true"}),
        ElicitResult(action="accept", content={"yes": 1}),
    ],
)
def test_only_a_ticked_box_is_a_yes(answer: object) -> None:
    assert not said_yes(answer)
    assert said_yes(ElicitResult(action="accept", content={"yes": True}))


@dataclass
class Talk:
    """A request's context, as far as asking a person goes."""

    client_capabilities: ClientCapabilities | None
    can_send_request: bool = True
    protocol_version: str = "2025-06-18"

    @property
    def session(self) -> "Talk":
        return self


FORM, URL = FormElicitationCapability(), UrlElicitationCapability()


@pytest.mark.parametrize(
    ("capability", "asks"),
    [
        (None, False),
        (ElicitationCapability(), True),  # all there was before there were modes
        (ElicitationCapability(form=FORM), True),
        (ElicitationCapability(form=FORM, url=URL), True),
        (ElicitationCapability(url=URL), False),
    ],
)
def test_who_confirms_is_what_the_client_can_do(
    capability: ElicitationCapability | None, *, asks: bool
) -> None:
    declared = ClientCapabilities(elicitation=capability)
    for version in ("2025-06-18", "2026-07-28"):
        talk = Talk(declared, protocol_version=version)
        assert confirms(talk, model_allowed=False) is (Confirms.PERSON if asks else Confirms.NOBODY)
        # What the operator allows is for clients that cannot ask; one that can is still asked.
        assert confirms(talk, model_allowed=True) is (Confirms.PERSON if asks else Confirms.MODEL)
    assert confirms(Talk(None), model_allowed=False) is Confirms.NOBODY
    unreachable = Talk(declared, can_send_request=False)
    assert confirms(unreachable, model_allowed=False) is Confirms.NOBODY


def test_what_users_wrote_adds_no_line_and_hides_none() -> None:
    lines = words(
        [("whom", "1 \u201cAda\nwhom: 2\u2028\u202eb\u201d"), ("reason", None), ("text", "x" * 1000)]
    ).splitlines()
    assert len(lines) == 4
    assert lines[1] == "whom: 1 \u201cAda whom: 2 b\u201d"
    assert lines[2] == f"text: {'x' * 1000}"  # all that will be said is shown


REFUSALS = {
    Kind.NOBODY: ("account_required",) * 3,
    Kind.ANONYMOUS: ("account_required",) * 3,
    Kind.BANNED: ("banned",) * 3,
    Kind.USER: (None, "not_allowed", "ops_only"),
    Kind.OPS: (None,) * 3,
    Kind.SERVICE: (None,) * 3,
}


@pytest.mark.parametrize("kind", Kind)
def test_for_whom_a_tool_is(kind: Kind) -> None:
    found = []
    for reach in (Reach.OWN, Reach.STAFF, Reach.OPS):
        try:
            Rights(kind).require(reach)
            found.append(None)
        except RefusedError as refused:
            found.append(refused.code)
    assert tuple(found) == REFUSALS[kind]


def test_staff_of_one_session_are_staff_of_no_other() -> None:
    staff = Rights(Kind.USER, "me", SESSION)
    staff.require(Reach.STAFF)
    assert staff.staffs(SESSION.upper())
    assert not staff.staffs(SESSION.replace("0", "1"))
    assert not staff.staffs(None)
    assert not Rights(Kind.USER, "me").staffs(None)
    with pytest.raises(RefusedError):
        staff.require(Reach.OPS)


@pytest.mark.parametrize("named", [None, 3, "", "x", f"{SESSION} or 1=1", [SESSION]])
def test_what_is_no_session_names_none(named: object) -> None:
    assert session_in({"session_id": named}) is None
    assert session_in({"session_id": SESSION.upper()}) == SESSION


async def test_anyone_who_asks_much_keeps_nobody_else_waiting() -> None:
    turns, stay, here = Turns(), asyncio.Event(), asyncio.Semaphore(0)

    async def slow() -> None:
        async with turns.of("busy"):
            here.release()
            await stay.wait()

    tasks = [asyncio.create_task(slow()) for _ in range(QUEUED_EACH)]
    async with asyncio.timeout(5):
        for _ in range(EACH):
            await here.acquire()
        async with turns.of("other"):
            assert here.locked()  # nobody more of the busy one's
        with pytest.raises(RefusedError) as refused:
            async with turns.of("busy"):
                pass
        assert refused.value.code == "rate_limited"
        stay.set()
        await asyncio.gather(*tasks)
        async with turns.of("busy"):
            pass


async def test_open_questions_are_bounded() -> None:
    turns, stay = Turns(), asyncio.Event()

    async def think() -> None:
        async with turns.waiting():
            await stay.wait()

    tasks = [asyncio.create_task(think()) for _ in range(THINKING)]
    await asyncio.sleep(0)
    with pytest.raises(RefusedError):
        async with turns.waiting():
            pass
    stay.set()
    await asyncio.gather(*tasks)
    async with turns.waiting():
        pass
