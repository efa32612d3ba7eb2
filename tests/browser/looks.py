"""What every page is held to: accessible by axe-core's rules, nothing wider than the screen; and a picture of it below
`.local/screenshots/` for people to look at."""

from playwright.async_api import Page

from local.console import CONSOLE
from local.paths import STATE

AXE = CONSOLE / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCREENSHOTS = STATE / "screenshots"
VIOLATIONS = """rules => axe.run(document, {runOnly: rules, resultTypes: ["violations"]}).then(
  result => result.violations.map(
    one => [one.id, ...one.nodes.map(node => node.html + ' ' + node.failureSummary)]))"""
TOO_WIDE = """Math.max(...[document.documentElement, ...document.querySelectorAll("dialog[open]")].map(
  one => one.scrollWidth - one.clientWidth))"""


async def faults(page: Page, look: str, name: str) -> list[object]:
    """Takes the picture; what there is against the page by its rules."""
    folder = SCREENSHOTS / look
    folder.mkdir(parents=True, exist_ok=True)
    covered = (
        await page.get_by_role("dialog").count() > 0
    )  # by what covers the screen, and no more of the page
    await page.screenshot(path=folder / f"{name}.png", full_page=not covered)
    if not await page.evaluate("'axe' in globalThis"):
        await page.evaluate(AXE.read_text())
    found: list[object] = await page.evaluate(VIOLATIONS, RULES)
    wide = await page.evaluate(TOO_WIDE)
    return found + ([f"{wide} px wider than the screen or its form"] if wide > 0 else [])
