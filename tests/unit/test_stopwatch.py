"""The stopwatch of the console's list counts what a person waits for."""

from tests.browser.stopwatch import took

LIST, ACCOUNT = "console_rooms", "live_ops"


def test_a_refresh_lasts_until_the_page_shows_it() -> None:
    assert took([(LIST, 0.0, 50.0)], [10.0, 51.0, 60.0]) == [51.0]


def test_who_is_signed_in_is_no_part_of_the_list() -> None:
    assert took([(LIST, 0.0, 32.0), (ACCOUNT, 5.0, 900.0)], [33.0, 1000.0]) == [33.0]


def test_what_was_never_shown_is_no_refresh() -> None:
    assert took([(LIST, 0.0, 30.0)], [25.0]) == []


def test_each_refresh_counts_for_itself_also_when_they_arrive_unordered() -> None:
    assert took([(LIST, 100.0, 120.0), (LIST, 0.0, 20.0)], [21.0, 125.0]) == [21.0, 25.0]
