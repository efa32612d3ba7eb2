"""Three viewers report a speaker: ops get a case, one decides it and mutes, the speaker appeals, another lifts."""

from demo.stage import Hosted, Stage, StageWatch
from local.people.api import Json, RequestRefused
from local.people.person import Person
from local.people.sound import speech_like
from local.people.waiting import until


async def by_three(stage: Stage) -> None:
    room = await stage.host("Nehir", "audio_room", "public", "Open house")
    asli = await stage.people.arrive("Aslı")
    at_asli = await asli.enter(room.session.id)
    await asli.raise_hand(room.session.id)
    await (await room.host.ask("set_role", room.session.id, asli, params={"role": "speaker"})).applied()
    await at_asli.until_may_send()
    await at_asli.speak(speech_like(-20))
    await room.at_host.ear(asli.id).until_heard()
    reporters = [await viewer(stage, room, name) for name in ("Ece", "Kaan", "Lale")]
    for person in reporters:
        await person.api.rpc(
            "report_person", user_id=asli.id, session_id=room.session.id, reason_code="harassment"
        )
    first, second = [await stage.people.arrive(name, ops=True) for name in ("Derin", "Rüya")]
    case = await inbox(first, asli)
    stage.tell("ops", f"see one case of {asli.name}: {case['severity']}, {case['reporters']} reporters")
    stage.checks.holds("case.raised", (case["severity"], case["reporters"]) == ("warning", 3))

    await first.api.rpc("claim_case", id=case["id"])
    taken = await refusal(second, "claim_case", id=case["id"])
    stage.tell(second, f"wants it as well: {taken}")
    mute = await first.ask("mute", room.session.id, asli, reason="insults")
    await mute.applied()
    await at_asli.until_may_not_send()
    await first.api.rpc("add_case_note", case_id=case["id"], body="heard it twice")
    await first.api.rpc("resolve_case", id=case["id"], decision="violation", reason_code="harassment")
    [statement] = await asli.api.rpc("my_decisions")
    stage.tell(asli, f"reads why: {statement['text_en']}")
    told = (statement["action"], statement["reason_code"], statement["decided_by"])
    stage.checks.holds(
        "case.decided", taken == "claimed_by_another" and told == ("mute", "harassment", "platform")
    )

    await appealed(stage, asli, mute.id, first, second)
    watch = StageWatch()
    await at_asli.until_may_send()
    stage.tell(asli, "may speak again", watch.seconds)
    unseen = [await asli.api.rows("user_reports"), await asli.api.rows("moderation_cases")]
    stage.checks.holds("case.reporters_unseen", unseen == [[], []])


async def viewer(stage: Stage, room: Hosted, name: str) -> Person:
    person = await stage.people.arrive(name)
    await person.enter(room.session.id)
    await person.until_on_record(room.session.id)
    return person


async def inbox(ops: Person, about: Person) -> Json:
    async def case() -> Json | None:
        return next((c for c in await ops.api.rpc("case_inbox") if c["user_id"] == about.id), None)

    return await until("the case is in the inbox", case)


async def refusal(person: Person, function: str, **arguments: object) -> str:
    """The code with which a function refuses; empty when it does not."""
    try:
        await person.api.rpc(function, **arguments)
    except RequestRefused as refused:
        return refused.code
    return ""


async def appealed(stage: Stage, person: Person, action: str, first: Person, second: Person) -> None:
    appeal = await person.api.rpc("appeal", action_id=action, text="I was quoting a film.")
    own = await refusal(first, "decide_appeal", id=appeal["appeal_id"], decision="upheld")
    decided = await second.api.rpc("decide_appeal", id=appeal["appeal_id"], decision="lifted")
    stage.tell(second, f"decides the appeal, since {first.name} may not ({own}): lifted")
    stage.through_assistant.append(decided["undone_by"])
    stage.checks.holds("case.appeal_lifted", own == "own_decision" and decided["decision"] == "lifted")
