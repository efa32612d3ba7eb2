"""How the refreshes of the console's list are told apart and timed."""

from tests.browser.stopwatch import took


def test_a_refresh_lasts_from_its_first_request_until_the_page_shows_the_last_answer() -> None:
    requests = [("live_sessions", 0.0, 30.0), ("agent_rooms", 1.0, 20.0), ("profiles", 31.0, 50.0)]
    assert took(requests, [10.0, 51.0, 60.0]) == [51.0]


def test_what_the_list_did_not_ask_for_does_not_count() -> None:
    refresh = [("live_sessions", 0.0, 30.0), ("agent_rooms", 1.0, 20.0)]
    account = [("live_ops", 40.0, 900.0), ("live_participants", 40.0, 900.0)]
    assert took(refresh + account, [33.0, 1000.0]) == [33.0]


def test_a_refresh_that_is_not_whole_or_not_shown_yet_is_left_out() -> None:
    half = [("agent_rooms", 0.0, 10.0), ("live_sessions", 3000.0, 3030.0)]
    assert took(half, [11.0, 3040.0]) == []
    whole = [("live_sessions", 0.0, 30.0), ("agent_rooms", 1.0, 20.0)]
    assert took(whole, [25.0]) == []
