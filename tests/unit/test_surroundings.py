"""What the doctor looks at beside LiveKit and the schema."""

from agent.process.surroundings import FUNCTIONS, _realtime, _webhooks
from local.functions import FUNCTIONS as FOLDER


def test_every_function_of_ours_is_asked() -> None:
    there = {path.parent.name for path in FOLDER.glob("*/index.ts")}
    assert set(FUNCTIONS) == there


def test_a_room_that_no_webhook_told_about_is_a_fault_and_silence_alone_a_warning() -> None:
    assert _webhooks({"untold_rooms": ["room-1"], "last_webhook": None})[0] is False
    assert _webhooks({"untold_rooms": [], "last_webhook": None}) == (
        True,
        "warning: no webhook of LiveKit's has ever come; ask again while a room is open",
    )


def test_each_direction_of_realtime_is_told_by_itself() -> None:
    assert [well for well, _ in _realtime(frozenset({"database", "client"}))] == [True]
    ((well, said),) = _realtime(frozenset({"client"}))
    assert not well
    assert "from the database" in said
