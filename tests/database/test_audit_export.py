"""Who takes rows of the audit out stands in the audit."""

import uuid

import pytest

from tests.database.world import Refused, World

EXPORT = "insert into moderation_actions (id, action, params) values ($1, 'export_audit', $2)"
TAKEN = {"form": "csv", "rows": 12, "filters": "action=ban&by=Can", "sha256": "0" * 64}


async def test_an_export_is_an_action_with_its_filters_and_how_many_rows(world: World) -> None:
    ops = await world.user(ops=True)
    export = str(uuid.uuid4())
    await world.as_user(ops, EXPORT, export, TAKEN)
    kept = await world.row(
        "select action, params, requested_by::text, requested_via, status, session_id from moderation_audit"
        " where action_id = $1", export,
    )  # fmt: skip
    assert kept == {
        "action": "export_audit", "params": TAKEN, "requested_by": ops, "requested_via": "ops",
        "status": "applied", "session_id": None,
    }  # fmt: skip


async def test_nobody_but_ops_exports_and_an_export_says_what_it_holds(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    with pytest.raises(Refused):
        await world.as_user(scene.creator, EXPORT, str(uuid.uuid4()), TAKEN)
    for params in ({"form": "csv"}, {"rows": 1}, TAKEN | {"rows": -1}, TAKEN | {"scope": "creator"}):
        with pytest.raises(Refused) as refused:
            await world.as_user(ops, EXPORT, str(uuid.uuid4()), params)
        assert refused.value.hint == "bad_params", params


async def test_exports_are_no_acts_on_people_in_the_teams_figures(world: World) -> None:
    ops = await world.user(ops=True)
    await world.as_user(ops, EXPORT, str(uuid.uuid4()), TAKEN)
    measures = "select public.operator_measures(now() - interval '1 day', now() + interval '1 hour')"
    assert await world.as_user(ops, measures) == []
