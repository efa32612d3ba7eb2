"""No page of the console is left out of what looks at all of them."""

import re

from local.console import CONSOLE
from tests.browser.test_looks import PAGES, TO_CREATORS

ROUTE = re.compile(r'^  \| \{ page: "(\w+)"', re.MULTILINE)


def test_each_route_is_a_page_that_axe_looks_at() -> None:
    routes = ROUTE.findall((CONSOLE / "src" / "route.ts").read_text())
    assert len(routes) > len(TO_CREATORS)
    assert set(routes) == set(PAGES)


def test_each_page_that_creators_are_offered_is_looked_at_as_theirs() -> None:
    app = (CONSOLE / "src" / "App.tsx").read_text()
    [offered] = re.findall(r"const TO_CREATORS = \[(.*?)\]", app, re.DOTALL)
    assert set(re.findall(r'"(\w+)"', offered)) == set(TO_CREATORS)
