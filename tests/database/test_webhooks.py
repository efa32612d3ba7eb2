"""LiveKit's webhooks: each counts once, and no order of arrival changes what is recorded."""

import json
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.livekit.translation import identity_of
from moderation.identity import PERSON_ATTRIBUTE, person_of
from tests.database.world import Json, Scene, World

START = 1_790_000_000
RECORD = "select public.record_webhook($1, $2, $3, $4)"

Webhook = tuple[str, str, Json]


def person(user: str, sid: str, joined_ms: int, **more: Any) -> Json:
    return {"sid": sid, "identity": user, "joinedAtMs": str(joined_ms), "kind": "STANDARD", **more}


def webhook(event: str, at: int, participant: Json | None = None) -> Webhook:
    return f"EV_{uuid.uuid4()}", event, {"event": event, "createdAt": str(at), "participant": participant}


async def deliver(world: World, room: str, hook: Webhook) -> str:
    name, event, payload = hook
    return str((await world.service(RECORD, name, event, room, payload))["outcome"])


OBS = {"kind": "INGRESS", "identity": "{}:obs"}
PHONE = {"kind": "SIP", "identity": "sip_+905551112233", "attributes": {"ipelya.person": "{}"}}


def beside(user: str, carrier: Json, sid: str, joined_ms: int, **more: Any) -> Json:
    """What LiveKit says about an ingress or a telephone that carries somebody beside their app."""
    told = json.loads(json.dumps(carrier).replace("{}", user))
    return person(user, sid, joined_ms, **told, **more)


def sid(scene: Scene, name: str) -> str:
    return f"PA_{name}_{scene.id}"


async def rows_of(world: World, session: str) -> list[Json]:
    visits = await world.rows(
        "select participant_sid, user_id, joined_at, left_at, leave_reason from live_visits"
        " where session_id = $1 order by participant_sid", session,
    )  # fmt: skip
    people = await world.rows(
        "select user_id, is_online, first_joined_at, last_joined_at, left_at, watch_seconds"
        " from live_participants where session_id = $1 and first_joined_at is not null"
        " order by user_id", session,
    )  # fmt: skip
    counts = await world.row(
        "select viewer_count, peak_viewers, total_viewers from live_sessions where id = $1", session
    )
    return [*visits, *people, counts]


async def test_a_join_and_a_leave_are_recorded_once(world: World) -> None:
    scene, user = await world.live(), await world.user()
    joined = webhook("participant_joined", START, person(user, "PA_once", START * 1000 + 123))
    left = webhook(
        "participant_left", START + 10,
        person(user, "PA_once", START * 1000 + 123, disconnectReason="CLIENT_INITIATED"),
    )  # fmt: skip
    assert [await deliver(world, scene.room, hook) for hook in (joined, joined)] == ["recorded", "duplicate"]
    assert await world.value("select viewer_count from live_sessions where id = $1", scene.id) == 1
    assert [await deliver(world, scene.room, hook) for hook in (left, left)] == ["recorded", "duplicate"]
    visit = await world.row(
        "select extract(epoch from joined_at)::float8, extract(epoch from left_at)::float8 as l, leave_reason"
        " from live_visits where participant_sid = 'PA_once'"
    )
    assert tuple(visit.values()) == (START + 0.123, START + 10, "client_initiated")


async def test_machines_and_strangers_are_nobodys_presence(world: World) -> None:
    scene, user = await world.live(), await world.user()
    for more in ({"kind": "AGENT"}, {"kind": 4}, {"kind": "EGRESS"}, {"permission": {"hidden": True}}):
        hook = webhook("participant_joined", START, person(user, f"PA_{uuid.uuid4()}", START * 1000, **more))
        assert await deliver(world, scene.room, hook) == "ignored"
    for identity in (str(uuid.uuid4()), "not-a-uuid", user.upper(), "sip_+905551112233"):
        hook = webhook("participant_joined", START, person(identity, "PA_x", START * 1000))
        assert await deliver(world, scene.room, hook) == "ignored"
    hook = webhook("participant_joined", START, person(user, "PA_y", START * 1000))
    assert await deliver(world, "a-room-of-someone-else", hook) == "ignored"
    assert not await world.rows("select from live_visits where session_id = $1", scene.id)


@pytest.mark.parametrize("kind", ["INGRESS", 1, "SIP", 3])
async def test_an_ingress_or_a_telephone_is_the_person_whose_id_it_bears(
    world: World, kind: str | int
) -> None:
    scene = await world.live()
    host = person(scene.creator, f"PA_{uuid.uuid4()}", START * 1000, kind=kind)
    assert await deliver(world, scene.room, webhook("participant_joined", START, host)) == "recorded"
    away = "select host_left_at from live_sessions where id = $1"
    assert await world.value(away, scene.id) is None
    await deliver(world, scene.room, webhook("participant_left", START + 5, host))
    assert await world.value(away, scene.id) is not None, "the grace begins when it leaves"


async def test_a_leave_alone_tells_about_the_whole_visit(world: World) -> None:
    scene, user = await world.live(), await world.user()
    await deliver(
        world, scene.room, webhook("participant_left", START + 5, person(user, "PA_alone", START * 1000))
    )
    assert await world.value("select watch_seconds from live_participants where user_id = $1", user) == 5


async def test_room_finished_closes_who_was_in_it_and_nobody_newer(world: World) -> None:
    scene, old, new = await world.live(), await world.user(), await world.user()
    await deliver(
        world, scene.room, webhook("participant_joined", START, person(old, "PA_old", START * 1000))
    )
    await deliver(
        world,
        scene.room,
        webhook("participant_joined", START + 60, person(new, "PA_new", (START + 60) * 1000)),
    )
    assert await deliver(world, scene.room, webhook("room_finished", START + 30)) == "recorded"
    online = await world.rows(
        "select user_id from live_participants where session_id = $1 and is_online", scene.id
    )
    assert [str(row["user_id"]) for row in online] == [new]
    assert (
        await world.value("select leave_reason from live_visits where participant_sid = 'PA_old'")
        == "room_closed"
    )


async def test_room_finished_closes_nobody_while_a_worker_is_in_the_room(world: World) -> None:
    """It is the end of another server's room of that name: the worker sees who is in its own."""
    scene, user = await world.live(), await world.user()
    hook = webhook("participant_joined", START, person(user, "PA_held", START * 1000))
    await deliver(world, scene.room, hook)
    claim = await world.claim(scene.room)
    assert await deliver(world, scene.room, webhook("room_finished", START + 30)) == "ignored"
    assert await world.value("select left_at from live_visits where participant_sid = 'PA_held'") is None
    await world.value("update agent_rooms set lease_expires_at = now() where room = $1", scene.room)
    assert claim["epoch"]
    assert await deliver(world, scene.room, webhook("room_finished", START + 31)) == "recorded"


async def test_a_call_counts_its_parties_only(world: World) -> None:
    caller, callee, stranger = await world.user(), await world.user(), await world.user()
    call = (await world.service("select public.call_start($1, $2, 'audio')", caller, callee))["call"]
    for user, outcome in ((caller, "recorded"), (stranger, "ignored")):
        hook = webhook("participant_joined", START, person(user, f"PA_{user}", START * 1000))
        assert await deliver(world, call["livekit_room"], hook) == outcome


@st.composite
def evenings(draw: st.DrawFn) -> tuple[list[tuple[int, int, int]], list[int], int]:
    """Draw visits (person, join second, stay), an order with repeats of the webhooks, and the room's end."""
    visits = draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 50), st.integers(0, 20)), min_size=1, max_size=5)
    )
    webhooks = len(visits) * 2 + 1
    order = draw(st.permutations(range(webhooks)))
    repeats = draw(st.lists(st.integers(0, webhooks - 1), max_size=4))
    return visits, [*order, *repeats], draw(st.integers(70, 80))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(evening=evenings())
async def test_reordered_and_repeated_webhooks_leave_the_rows_of_the_clean_order(
    world: World, evening: tuple[list[tuple[int, int, int]], list[int], int]
) -> None:
    visits, order, over = evening
    people = [await world.user() for _ in range(3)]

    async def play(shuffled: bool) -> list[Json]:
        scene = await world.live()
        run = uuid.uuid4().hex
        hooks: list[Webhook] = []
        for number, (who, join, stay) in enumerate(visits):
            whom = person(people[who], f"PA_{number}_{run}", (START + join) * 1000 + 250)
            hooks.append(webhook("participant_joined", START + join, whom))
            hooks.append(
                webhook(
                    "participant_left", START + join + stay, {**whom, "disconnectReason": "CLIENT_INITIATED"}
                )
            )
        hooks.sort(key=lambda hook: int(hook[2]["createdAt"]))
        hooks.append(webhook("room_finished", START + over))
        for index in order if shuffled else range(len(hooks)):
            await deliver(world, scene.room, hooks[index])
        rows = await rows_of(world, scene.id)
        return [{k: str(v).replace(run, "") for k, v in row.items()} for row in rows]

    assert await play(shuffled=True) == await play(shuffled=False)


@pytest.mark.parametrize("carrier", [OBS, PHONE], ids=["obs", "telephone"])
async def test_a_person_with_obs_beside_the_app_is_there_once_until_the_last_of_the_two_has_left(
    world: World, carrier: Json
) -> None:
    scene, user = await world.live(), await world.user()
    count = "select viewer_count, peak_viewers, total_viewers from live_sessions where id = $1"
    app = person(user, sid(scene, "app"), START * 1000)
    carried = beside(user, carrier, sid(scene, "beside"), (START + 5) * 1000)
    for told in (app, carried):
        assert await deliver(world, scene.room, webhook("participant_joined", START, told)) == "recorded"
        assert tuple((await world.row(count, scene.id)).values()) == (1, 1, 1)
    opened = await world.row("select is_online, open_visits from live_participants where user_id = $1", user)
    assert opened == {"is_online": True, "open_visits": 2}
    told = await world.value("select live.connection($1, null, $2)", scene.id, user)
    assert told["sid"] == sid(scene, "app")  # of what is beside it an agent believes the room alone
    await deliver(world, scene.room, webhook("participant_left", START + 20, app))
    assert tuple((await world.row(count, scene.id)).values()) == (1, 1, 1)
    assert await world.value("select live.connection($1, null, $2)", scene.id, user) is None
    await deliver(world, scene.room, webhook("participant_left", START + 30, carried))
    assert tuple((await world.row(count, scene.id)).values()) == (0, 1, 1)
    watched = "select watch_seconds from live_participants where user_id = $1"
    assert await world.value(watched, user) == 30  # the two of them overlap


@pytest.mark.parametrize("carrier", [OBS, PHONE], ids=["obs", "telephone"])
async def test_a_host_is_not_gone_while_either_of_theirs_is_there(world: World, carrier: Json) -> None:
    scene = await world.live()
    left = "select host_left_at is not null from live_sessions where id = $1"
    app = person(scene.creator, sid(scene, "app"), START * 1000)
    carried = beside(scene.creator, carrier, sid(scene, "beside"), START * 1000)
    for told in (app, carried):
        await deliver(world, scene.room, webhook("participant_joined", START, told))
    await deliver(world, scene.room, webhook("participant_left", START + 20, app))
    assert await world.value(left, scene.id) is False
    await deliver(
        world, scene.room, webhook("participant_joined", START + 30, {**app, "sid": sid(scene, "again")})
    )
    await deliver(world, scene.room, webhook("participant_left", START + 40, carried))
    assert await world.value(left, scene.id) is False
    await deliver(
        world, scene.room, webhook("participant_left", START + 50, {**app, "sid": sid(scene, "again")})
    )
    assert await world.value(left, scene.id) is True


async def test_a_host_on_obs_is_on_air_by_its_tracks(world: World) -> None:
    scene = await world.live()
    told = beside(scene.creator, OBS, sid(scene, "beside"), START * 1000)
    name, event, payload = webhook("track_published", START, told)
    payload["track"] = {"source": "CAMERA"}
    assert await deliver(world, scene.room, (name, event, payload)) == "recorded"
    row = await world.row("select user_id, source from live_media where session_id = $1", scene.id)
    assert (str(row["user_id"]), row["source"]) == (scene.creator, "camera")


async def test_a_kick_is_meant_for_all_that_carries_the_person(world: World) -> None:
    scene, user = await world.live(), await world.user()
    for told in (
        person(user, sid(scene, "app"), START * 1000),
        beside(user, OBS, sid(scene, "beside"), START * 1000),
    ):
        await deliver(world, scene.room, webhook("participant_joined", START, told))
    row = await world.row(
        "insert into moderation_actions (session_id, target_user_id, action) values ($1, $2, 'kick')"
        " returning connections", scene.id, user,
    )  # fmt: skip
    assert sorted(row["connections"]) == [sid(scene, "app"), sid(scene, "beside")]


async def test_an_attribute_or_a_label_of_an_app_makes_it_nobody_else(world: World) -> None:
    scene, victim, attacker = await world.live(), await world.user(), await world.user()
    attribute = {"attributes": {"ipelya.person": victim}}
    for sid, told in {
        "PA_attribute": person(attacker, "PA_attribute", START * 1000, **attribute),
        "PA_label": person(f"{victim}:obs", "PA_label", START * 1000),
        "PA_nobody": person("lk-load-0", "PA_nobody", START * 1000, **attribute),
    }.items():
        outcome = await deliver(world, scene.room, webhook("participant_joined", START, told))
        assert outcome == ("recorded" if sid == "PA_attribute" else "ignored")
    here = await world.rows("select user_id from live_visits where session_id = $1", scene.id)
    assert [str(row["user_id"]) for row in here] == [attacker]


KINDS = {"STANDARD": 0, "INGRESS": 1, "SIP": 3, "CONNECTOR": 5, "BRIDGE": 6}
NAMES = [str(uuid.UUID(int=n)) for n in (1, 2)]
SAID = st.one_of(
    st.sampled_from([*NAMES, NAMES[0].upper(), "", ":", "/", "sip_+90"]), st.text("ab01:/-", max_size=12)
)


@given(st.sampled_from([*KINDS]), SAID, SAID, SAID, st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_webhooks_and_agents_agree_who_somebody_is(
    world: World, kind: str, name: str, label: str, attribute: str, labelled: bool
) -> None:
    named = f"{name}:{label}" if labelled else name
    attributes = {PERSON_ATTRIBUTE: attribute} if attribute else {}
    seen = identity_of(SimpleNamespace(identity=named, kind=KINDS[kind], attributes=attributes))  # type: ignore[arg-type]
    told = {"identity": named, "kind": kind, "attributes": attributes}
    said = str(await world.value("select live.webhook_person($1)", told))
    known = {*NAMES}
    assert (said if said in known else None) == (person_of(seen) if person_of(seen) in known else None)


async def test_a_connection_that_is_somebody_else_s_by_now_is_refused_and_breaks_nothing(
    world: World,
) -> None:
    """The holder of LiveKit's key may change the attribute of a telephone in mid-call."""
    scene, one, other = await world.live(), await world.user(), await world.user()
    before = beside(one, PHONE, sid(scene, "phone"), START * 1000)
    await deliver(world, scene.room, webhook("participant_joined", START, before))
    after = beside(other, PHONE, sid(scene, "phone"), START * 1000)
    assert await deliver(world, scene.room, webhook("participant_left", START + 5, after)) == "ignored"
    assert (
        await world.value("select left_at from live_visits where participant_sid = $1", before["sid"]) is None
    )
    assert await world.value("select count(*) from live_visits where session_id = $1", scene.id) == 1
