"""Presence: the same reports, in any order and however often, end in the same rows."""

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.database.world import Scene, World

Report = tuple[str, str, str, int, str | None]  # source, event, connection, second, reason


def visit(connection: str, start: int, end: int | None, seen_late: int) -> list[Report]:
    """Return what both sources say of one connection: the same join, the agent's leave later than the webhook's."""
    reports: list[Report] = [(source, "joined", connection, start, None) for source in ("agent", "webhook")]
    if end is not None:
        reports += [
            ("webhook", "left", connection, end, "client"),
            ("agent", "left", connection, end + seen_late, "gone"),
        ]
    return reports


@st.composite
def evenings(draw: st.DrawFn) -> list[Report]:
    """Draw the visits of three people, some on two devices at once, with some reports lost."""
    reports: list[Report] = []
    for n in range(draw(st.integers(1, 7))):
        start = draw(st.integers(0, 50))
        end = draw(st.one_of(st.none(), st.integers(-2, 30).map(lambda length, start=start: start + length)))
        owner = draw(st.sampled_from("abc"))
        kept = visit(f"{owner}{n}", start, end, draw(st.integers(0, 3)))
        lost = draw(st.sets(st.integers(0, len(kept) - 1), max_size=len(kept) - 1))
        reports += [report for i, report in enumerate(kept) if i not in lost]
    return reports


@given(data=st.data(), reports=evenings())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_order_and_repetition_make_no_difference(
    world: World, data: st.DataObject, reports: list[Report]
) -> None:
    shuffled = data.draw(st.permutations(reports + reports[: len(reports) // 2]))
    people = {name: await world.user() for name in "abc"}
    clean = sorted(reports, key=lambda r: (r[3], r[1] == "left"))
    assert await outcome(world, clean, people) == await outcome(world, shuffled, people)


async def outcome(world: World, reports: list[Report], people: dict[str, str]) -> Any:
    """File reports in a new session and return every row of presence that they leave, without ids of the session."""
    scene = await world.live()
    await world.value("update live_sessions set started_at = started_at where id = $1", scene.id)
    owner = await world.owner()
    for source, event, connection, second, reason in reports:
        await owner.fetchval(
            "select live.record_presence($1, $2, $3, $4, $5, to_timestamp($6::int), $7)",
            source, scene.room, event, f"PA_{connection}_{scene.id[:8]}", people[connection[0]], second, reason,
        )  # fmt: skip
    visits = await world.rows(
        "select split_part(participant_sid, '_', 2) as sid, joined_at, left_at, leave_reason from live_visits"
        " where session_id = $1 order by 1", scene.id,
    )  # fmt: skip
    persons = await world.rows(
        "select user_id, role, is_online, first_joined_at, last_joined_at, left_at, watch_seconds"
        " from live_participants where session_id = $1 and user_id <> $2 order by user_id", scene.id, scene.creator,
    )  # fmt: skip
    counts = await world.row(
        "select viewer_count, peak_viewers, total_viewers from live_sessions where id = $1", scene.id
    )
    assert await world.rows("select * from live_faults() where id like $1", f"{scene.id}%") == []
    assert counts["viewer_count"] == sum(p["is_online"] for p in persons)
    assert all(v["left_at"] is None or v["left_at"] >= v["joined_at"] for v in visits)
    return visits, persons, counts


async def report(
    world: World, room: str, event: str, sid: str, user: str, second: int, source: str = "agent"
) -> Any:
    """File one report."""
    return await world.value(
        "select live.record_presence($1, $2, $3, $4, $5, to_timestamp($6::int), 'why')",
        source, room, event, sid, user, second,
    )  # fmt: skip


async def test_two_devices_are_two_visits_and_one_viewer(world: World) -> None:
    scene, user = await world.live(), await world.user()
    sids = [f"PA_{user[:8]}{n}" for n in range(2)]
    for sid in sids:
        await report(world, scene.room, "joined", sid, user, 100)
    await report(world, scene.room, "left", sids[0], user, 160)
    session = await world.row("select * from live_sessions where id = $1", scene.id)
    assert (session["viewer_count"], session["total_viewers"], session["peak_viewers"]) == (1, 1, 1)
    await report(world, scene.room, "left", sids[1], user, 180)
    person = await world.row("select * from live_participants where user_id = $1", user)
    assert (person["is_online"], person["watch_seconds"]) == (False, 80)


async def test_a_late_word_that_lengthens_a_stay_counts_the_peak_anew(world: World) -> None:
    scene, first, second = await world.live(), await world.user(), await world.user()
    hasty = f"PA_hasty{first[:8]}"
    await report(world, scene.room, "left", hasty, first, 99, source="webhook")
    await report(world, scene.room, "joined", hasty, first, 100)
    await report(world, scene.room, "joined", f"PA_other{second[:8]}", second, 100)
    await report(world, scene.room, "left", hasty, first, 101)
    session = await world.row("select * from live_sessions where id = $1", scene.id)
    assert (session["viewer_count"], session["peak_viewers"]) == (1, 2)


async def test_the_creator_is_no_viewer_and_the_grace_starts_when_they_leave(world: World) -> None:
    scene = await world.live()
    sid = f"PA_{scene.id[:8]}"
    assert await world.value("select host_left_at is not null from live_sessions where id = $1", scene.id)
    await report(world, scene.room, "joined", sid, scene.creator, 100)
    session = await world.row("select * from live_sessions where id = $1", scene.id)
    assert (session["viewer_count"], session["total_viewers"], session["host_left_at"]) == (0, 0, None)
    told_at = await world.value("select clock_timestamp()")
    await report(world, scene.room, "left", sid, scene.creator, 160)
    left_at = await world.value("select host_left_at from live_sessions where id = $1", scene.id)
    assert left_at >= told_at, (
        "the grace ends by the database's clock, so it begins by it: LiveKit's may be another"
    )


async def test_a_late_leave_never_closes_a_newer_visit(world: World) -> None:
    scene, user = await world.live(), await world.user()
    old, new = f"PA_old{user[:8]}", f"PA_new{user[:8]}"
    await report(world, scene.room, "joined", old, user, 100)
    await report(world, scene.room, "joined", new, user, 110)
    answer = await report(world, scene.room, "left", old, user, 111)
    assert answer["person"]["connection"] is not None


async def test_a_webhook_first_join_is_news_to_the_agent(world: World) -> None:
    scene, user = await world.live(), await world.user()
    claimed = await world.claim(scene.room)
    await report(world, scene.room, "joined", f"PA_{user[:8]}", user, 100, source="webhook")
    entry = await world.pull(scene.room, 1, claimed["snapshot"]["cursor"])
    assert [p["user_id"] for p in entry["people"] if p["user_id"] != scene.creator] == [user]


@pytest.mark.parametrize("user", ["agent-7", "not-a-uuid", "00000000-0000-4000-8000-000000000000"])
async def test_nobody_unknown_is_written(world: World, user: str) -> None:
    scene = await world.live()
    assert (await report(world, scene.room, "joined", "PA_1", user, 1)) == {
        "ok": False,
        "error": "unknown_user",
    }


async def test_the_agents_batch_is_answered_in_order_across_rooms(world: World) -> None:
    scenes = [await world.live() for _ in range(3)]
    users = [await world.user() for _ in range(3)]
    for scene in scenes:
        await world.claim(scene.room)
    reports = [
        {
            "room": s.room,
            "epoch": 1,
            "event": e,
            "participant_sid": f"PA_{u[:8]}",
            "user_id": u,
            "at_ms": 5000 + n,
        }
        for n, e in enumerate(("joined", "left"))
        for s, u in zip(scenes, users, strict=True)
    ]
    answers = await world.service("select agent_presence('w1', $1)", reports)
    assert [a["person"]["user_id"] for a in answers] == users * 2
    assert [a["person"]["connection"] is not None for a in answers] == [True] * 3 + [False] * 3


async def test_a_room_that_closes_closes_its_visits(world: World) -> None:
    scene, user = await world.live(), await world.user()
    await world.claim(scene.room)
    await report(world, scene.room, "joined", f"PA_{user[:8]}", user, 100)
    rooms = [{"room": scene.room, "epoch": 1, "closed": True, "at_ms": 130_000}]
    assert await world.service("select agent_release('w1', $1)", rooms) == [{"room": scene.room, "ok": True}]
    visit = await world.row("select * from live_visits where user_id = $1", user)
    assert (visit["left_at"].timestamp(), visit["leave_reason"]) == (130, "room_closed")
    # The webhook knew better, and says so late.
    await report(world, scene.room, "left", f"PA_{user[:8]}", user, 120, source="webhook")
    person = await world.row("select * from live_participants where user_id = $1", user)
    assert (person["left_at"].timestamp(), person["watch_seconds"]) == (120, 20)


async def test_concurrent_reports_from_both_sources_never_count_below_zero(world: World) -> None:
    scene = await world.live()
    users = [await world.user() for _ in range(4)]
    connections = [await world.connect() for _ in range(6)]
    reports = [
        (source, event, f"PA_{user[:12]}", user, second)
        for user, (event, second), source in itertools.product(
            users, (("joined", 1), ("left", 9)), ("agent", "webhook")
        )
    ]

    async def file(connection: Any, share: list[tuple[str, str, str, str, int]]) -> None:
        for source, event, sid, user, second in share:
            await connection.fetchval(
                "select live.record_presence($1, $2, $3, $4, $5, to_timestamp($6::int), null)",
                source, scene.room, event, sid, user, second,
            )  # fmt: skip

    await asyncio.gather(*(file(c, reports[n::6]) for n, c in enumerate(connections)))
    session = await world.row("select * from live_sessions where id = $1", scene.id)
    assert (session["viewer_count"], session["peak_viewers"], session["total_viewers"]) == (0, 4, 4)


async def test_a_second_host_who_is_there_stops_the_grace(world: World) -> None:
    scene = await world.live()
    deputy = await world.seat(scene, "co_host")
    await report(world, scene.room, "joined", f"PA_{deputy[:12]}", deputy, 100)
    gone = "select host_left_at is not null from live_sessions where id = $1"
    assert await world.value(gone, scene.id)
    await world.service("update live_participants set role = 'host' where user_id = $1", deputy)
    assert not await world.value(gone, scene.id)
    await world.service("update live_participants set role = 'co_host' where user_id = $1", deputy)
    assert await world.value(gone, scene.id)


CROWD = """
    select count(live.record_presence('webhook', $1, 'joined', 'PA_' || replace(u.id::text, '-', ''), u.id::text,
                                      to_timestamp(1000 + u.n), null))
      from (select id, row_number() over () as n from auth.users where raw_user_meta_data ->> 'crowd' = $2) u
"""
READ = "select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_user_tables"


async def crowded(world: World, people: int) -> Scene:
    """Open a session with so many people in it, who came a second apart."""
    scene = await world.live()
    owner = await world.owner()
    await owner.execute(
        "insert into auth.users (id, is_anonymous, raw_user_meta_data)"
        " select gen_random_uuid(), true, jsonb_build_object('crowd', $1::text) from generate_series(1, $2::int)",
        scene.id, people,
    )  # fmt: skip
    await owner.fetchval(CROWD, scene.room, scene.id)
    return scene


async def rows_read(world: World, report: str, *args: object) -> int:
    """Return how many rows of all tables a report reads, with plans made for the tables as they are."""
    connection = await world.connect()
    await connection.execute("analyze")
    await connection.execute("set enable_seqscan = off")  # small tables would be read whole
    async with connection.transaction():
        # Every five seconds a transaction counts the sessions that share the budget of hints: not what is asked here.
        await connection.execute("update live.hint_budget set counted_at = clock_timestamp()")
        before = await connection.fetchval(READ)
        await connection.fetchval(report, *args)
        return int(await connection.fetchval(READ) - before)


async def test_who_comes_and_goes_costs_the_same_in_every_room(world: World) -> None:
    report = "select live.record_presence($1, $2, $3, $4, $5, to_timestamp($6::float8), null)"
    costs = []
    for people in (50, 500):
        scene = await crowded(world, people)
        member = await world.row(
            "select participant_sid as sid, user_id::text from live_visits"
            " where session_id = $1 order by joined_at limit 1", scene.id,
        )  # fmt: skip
        come = (f"PA_new{scene.id[:8]}", await world.user())
        gone = (member["sid"], member["user_id"])
        # A whole second, long before the last that was told about; then the agent's own word, a little later.
        costs.append(
            [
                await rows_read(world, report, "webhook", scene.room, "joined", *come, 1010.4),
                await rows_read(world, report, "webhook", scene.room, "left", *gone, 1015),
                await rows_read(world, report, "agent", scene.room, "left", *gone, 1014.9),
            ]
        )
    assert all(large <= 2 * small for small, large in zip(*costs, strict=True)), costs


async def test_who_comes_and_goes_costs_the_same_however_often_they_did(world: World) -> None:
    report = "select live.record_presence('agent', $1, $2, $3, $4, to_timestamp($5::float8), null)"
    costs = []
    for visits in (50, 500):
        scene, user = await world.live(), await world.user()
        owner = await world.owner()
        for second, event in ((10, "joined"), (15, "left")):
            await owner.fetchval(
                "select count(live.record_presence('agent', $1, $2, 'PA_' || n || left($3, 8), $3,"
                " to_timestamp(10 * n + $4::int), null)) from generate_series(1, $5::int) n",
                scene.room, event, user, second, visits,
            )  # fmt: skip
        last = (f"PA_last{scene.id[:8]}", user)
        costs.append(
            [
                await rows_read(world, report, scene.room, event, *last, 10 * visits + at)
                for event, at in (("joined", 21), ("left", 22))
            ]
        )
    assert all(large <= 2 * small for small, large in zip(*costs, strict=True)), costs


async def test_who_connects_again_and_again_gets_no_further_token_for_a_minute(world: World) -> None:
    scene, user, other = await world.live(), await world.user(), await world.user()
    owner = await world.owner()
    join = (
        "select count(live.record_presence('webhook', $1, 'joined', 'PA_' || n || left($2, 8), $2,"
        " clock_timestamp() - make_interval(secs => $3::int), null)) from generate_series($4::int, $5::int) n"
    )
    may_join = "select can_join_as($1, $2) ->> 'reason'"
    await owner.fetchval(join, scene.room, user, 90, 1, 60)
    await owner.fetchval(join, scene.room, user, 1, 61, 119)
    assert await world.service(may_join, scene.id, user) is None
    await owner.fetchval(join, scene.room, user, 1, 120, 120)
    assert await world.service(may_join, scene.id, user) == "too_many_connections"
    assert await world.service(may_join, scene.id, other) is None


CONNECTS = """
    select count(live.record_presence($3, $1, $4, 'PA_' || n || left($2, 8), $2,
                                      to_timestamp($5::float8 + n * $6::float8), 'gone'))
      from generate_series($7::int, $8::int) n
"""
KEPT = """update app_settings set value = value || '{"visits_kept": 100}' where key = 'limits'"""
NOW = "select extract(epoch from clock_timestamp())::float8"


async def reconnects(world: World, room: str, user: str, since: float, visits: int) -> None:
    """Report so many visits of a second each, two seconds apart, as agents and webhooks tell about them."""
    owner = await world.owner()
    for first in range(1, visits, 50):
        last = min(visits, first + 49)
        for source, event, at in (
            ("webhook", "joined", 0.0),
            ("agent", "joined", 0.0),
            ("webhook", "left", 1.0),
            ("agent", "left", 1.2),
        ):
            await owner.fetchval(CONNECTS, room, user, source, event, since + at, 2.0, first, last)


async def trail(world: World, scene: Scene, user: str) -> Any:
    """Return what is on record of one person's presence, and how many visits of theirs are."""
    return await world.row(
        "select p.watch_seconds, p.is_online, p.first_joined_at, p.last_joined_at, p.folded_visits, p.visits,"
        " (select count(*) from live_visits v where v.session_id = p.session_id and v.user_id = p.user_id) as listed,"
        " s.total_viewers, s.peak_viewers, s.viewer_count"
        " from live_participants p join live_sessions s on s.id = p.session_id"
        " where p.session_id = $1 and p.user_id = $2", scene.id, user,
    )  # fmt: skip


async def test_who_connects_again_and_again_leaves_a_short_trail_and_loses_no_time(world: World) -> None:
    await (await world.owner()).execute(KEPT)
    scene, user = await world.live(), await world.user()
    await reconnects(world, scene.room, user, 10_000, 300)
    seen = await trail(world, scene, user)
    assert seen["listed"] == seen["visits"] <= 100 + 50
    assert seen["visits"] + seen["folded_visits"] == 300
    assert seen["watch_seconds"] == 300
    assert (seen["total_viewers"], seen["peak_viewers"], seen["viewer_count"]) == (1, 1, 0)
    assert [seen[at].timestamp() for at in ("first_joined_at", "last_joined_at")] == [10_002, 10_600]
    assert not await world.rows("select * from live_faults() where id like '%' || $1 || '%'", scene.id)

    owner = await world.owner()  # what was told before, told again
    for source, event, since in (("webhook", "left", 10_001), ("agent", "left", 10_001.2)):
        await owner.fetchval(CONNECTS, scene.room, user, source, event, since, 2.0, 1, 300)
    assert await trail(world, scene, user) == seen


async def test_a_long_visit_and_those_of_a_moment_ago_stay_on_record(world: World) -> None:
    owner, now = await world.owner(), float(await world.value(NOW))
    await owner.execute(KEPT)
    scene, user, other = await world.live(), await world.user(), await world.user()
    for event, at in (("joined", 20_000.0), ("left", 20_061.0)):
        await owner.fetchval(CONNECTS, scene.room, user, "agent", event, at, 0.0, 0, 0)
    await reconnects(world, scene.room, user, 30_000, 200)
    assert await world.value("select count(*) from live_visits where participant_sid = $1", f"PA_0{user[:8]}")
    assert (await trail(world, scene, user))["watch_seconds"] == 261

    for event, at in (("joined", now - 100), ("left", now - 99.9)):
        await owner.fetchval(CONNECTS, scene.room, other, "agent", event, at, 0.2, 1, 200)
    seen = await trail(world, scene, other)
    assert (seen["listed"], seen["folded_visits"]) == (200, 0)


async def test_both_sides_of_a_call_are_bound_alike(world: World) -> None:
    owner, now = await world.owner(), float(await world.value(NOW))
    await owner.execute(KEPT)
    caller, callee = await world.user(), await world.user()
    call, room = (await owner.fetchrow(
        "insert into calls (caller_id, callee_id, type) values ($1, $2, 'audio') returning id, livekit_room",
        caller, callee,
    ))  # fmt: skip
    for status in ("ringing", "accepted"):
        await owner.execute("update calls set status = $2 where id = $1", call, status)
    may_enter = "select live.token_fault($1, null, c) from calls c where id = $2"
    await owner.fetchval(CONNECTS, room, caller, "webhook", "joined", now - 50, 0.5, 1, 59)
    assert await world.value(may_enter, caller, call) is None
    await owner.fetchval(CONNECTS, room, caller, "webhook", "joined", now - 50, 0.5, 60, 60)
    assert await world.value(may_enter, caller, call) == "too_many_connections"
    assert await world.value(may_enter, callee, call) is None

    await reconnects(world, room, callee, 40_000, 200)
    assert await world.value("select count(*) from live_visits where user_id = $1", callee) <= 100 + 50


async def test_the_steps_of_what_is_over_are_forgotten_however_long_ago(world: World) -> None:
    old, young = await world.live(), await world.live()
    for scene in (old, young):
        await report(world, scene.room, "joined", f"PA_{scene.id[:12]}", await world.user(), 100)
    owner = await world.owner()
    async with owner.transaction():
        await owner.execute("alter table live_sessions disable trigger guard_session")
        await owner.execute(
            "update live_sessions set status = 'ended', ended_at = now() - interval '90 days' where id = $1",
            old.id,
        )
        await owner.execute("alter table live_sessions enable trigger guard_session")
    await owner.execute("update live.wake_marks set woken_at = '-infinity' where room = 'steps'")
    await owner.fetchval("select live.forget_steps()")
    left = "select count(*) from live.presence_steps where session_id = $1"
    assert await world.value(left, old.id) == 0
    assert await world.value(left, young.id) > 0


async def test_an_act_in_one_session_costs_the_same_however_many_there_are(world: World) -> None:
    """Each insert once asked of every session that had ever been whether the act was about it."""
    ask = (
        "insert into moderation_actions (session_id, target_user_id, action, requested_via)"
        " values ($1, $2, 'mute', 'ops') returning 1"
    )
    costs = []
    for sessions in (0, 500):
        await (await world.owner()).execute(
            "with hosts as (insert into auth.users (id)"
            " select gen_random_uuid() from generate_series(1, $1::int) returning id)"
            " insert into live_sessions (creator_id, type, title, status, access_type)"
            " select id, 'audio_room', 'Another', 'live', 'public' from hosts",
            sessions,
        )  # fmt: skip
        scene = await world.live()
        costs.append(await rows_read(world, ask, scene.id, await world.seat(scene, "speaker")))
    # Their hosts never came: left live, they would keep the sweeps of other tests busy.
    await world.value(
        "update live_sessions set status = 'ended', end_reason = 'host' where title = 'Another' and status = 'live'"
    )
    few, many = costs
    assert many <= few + 50, costs
