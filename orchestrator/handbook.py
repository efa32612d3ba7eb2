"""The handbook's pages as resources: `handbook:///DATABASE.md` and its neighbours."""

from pathlib import Path

from mcp_types import Resource

PAGES = Path(__file__).resolve().parents[1] / "livekit-system"
SCHEME = "handbook:///"


def pages() -> list[Resource]:
    """Every page that there is."""
    return [
        Resource(uri=f"{SCHEME}{page.name}", name=page.name, title=title_of(page), mime_type="text/markdown")
        for page in sorted(PAGES.glob("*.md"))
    ]


def page(uri: str) -> str | None:
    """The text of a page; None when there is no such page. Nothing but the pages listed can be read."""
    names = {f"{SCHEME}{page.name}": page for page in PAGES.glob("*.md")}
    return names[uri].read_text(encoding="utf-8") if uri in names else None


def title_of(page: Path) -> str:
    """Its first heading."""
    with page.open(encoding="utf-8") as lines:
        return next((line.lstrip("# ").strip() for line in lines if line.startswith("# ")), page.stem)
