"""Three viewers report a speaker: ops get a case, one hears the clip, mutes by a reason's code and decides; the speaker
reads why and appeals, another lifts, and the case has all of it."""

import hashlib
from datetime import datetime

import aiohttp

from demo.stage import Hosted, Stage, StageWatch
from local.people.api import Json, RequestRefused
from local.people.person import Person
from local.people.sound import speech_like
from local.people.waiting import until

CLIP_ENDS_AFTER = 1
"""Seconds; the setting is ten."""


async def by_three(stage: Stage) -> None:
    """Checks `case.*`. Evidence ends `CLIP_ENDS_AFTER` s after the cause, so that the evening goes on."""
    async with stage.setting("evidence.after_seconds", CLIP_ENDS_AFTER):
        await evening_of_a_case(stage)


async def evening_of_a_case(stage: Stage) -> None:
    """From the reports to the appeal: two of ops, of whom one decides and the other hears the appeal."""
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
    watch = StageWatch()
    seconds = await heard(first, case["id"])
    stage.tell(first, f"hears the clip: {seconds:.0f} s, and its hash is the worker's", watch.seconds)
    mute = await first.ask("mute", room.session.id, asli, reason_code="harassment")
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
    file = await first.api.rpc("case_file", id=case["id"])
    acts = [act["action"] for act in file["actions"]]
    seen = (
        [access["user_id"] for access in file["clips"][0]["access"]],
        [appeal["decision"] for appeal in file["appeals"]],
        [note["body"] for note in file["notes"]],
    )
    stage.tell(
        "ops",
        f"have it in one view: {len(file['reports'])} reports, a clip, {', '.join(acts)}, a note, the appeal",
    )
    stage.checks.holds(
        "case.one_view", acts[0] == "mute" and seen == ([first.id], ["lifted"], ["heard it twice"])
    )
    unseen = [await asli.api.rows("user_reports"), await asli.api.rows("moderation_cases")]
    stage.checks.holds("case.reporters_unseen", unseen == [[], []])


async def heard(ops: Person, case: str) -> float:
    """Listens to the first clip of a case, as the worker made it; how long it is, in seconds.

    Raises `ValueError`: it is not the file that the worker made.
    """

    async def ready() -> Json | None:
        clips = (await ops.api.rpc("case_file", id=case))["clips"]
        return next((clip for clip in clips if clip["stored_at"]), None)

    clip = await until("a clip can be listened to", ready, within=20)
    link = await ops.api.call("evidence-open", clip_id=clip["id"], reason="three reports")
    async with aiohttp.ClientSession() as http, http.get(link["url"]) as answer:
        file = await answer.read()
    if hashlib.sha256(file).hexdigest() != clip["sha256"]:
        raise ValueError("the clip is not the file that the worker made")
    return (datetime.fromisoformat(clip["to_at"]) - datetime.fromisoformat(clip["from_at"])).total_seconds()


async def viewer(stage: Stage, room: Hosted, name: str) -> Person:
    """Somebody new who is on record as in the room."""
    person = await stage.people.arrive(name)
    await person.enter(room.session.id)
    await person.until_on_record(room.session.id)
    return person


async def inbox(ops: Person, about: Person) -> Json:
    """The row of `case_inbox` about this person, once it is there."""

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
    """Check `case.appeal_lifted`. `first` has decided, and so may not decide about the appeal; `second` lifts it."""
    appeal = await person.api.rpc("appeal", action_id=action, text="I was quoting a film.")
    own = await refusal(first, "decide_appeal", id=appeal["appeal_id"], decision="upheld")
    decided = await second.api.rpc("decide_appeal", id=appeal["appeal_id"], decision="lifted")
    stage.tell(second, f"decides the appeal, since {first.name} may not ({own}): lifted")
    stage.through_assistant.append(decided["undone_by"])
    stage.checks.holds("case.appeal_lifted", own == "own_decision" and decided["decision"] == "lifted")
