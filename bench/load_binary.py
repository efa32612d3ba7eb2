"""The program that fills rooms with people, `bench/load/`: found in the machine's cache, or built into it."""

import hashlib
from pathlib import Path

from local import go
from local.paths import REPOSITORY, machine_cache

SOURCE = REPOSITORY / "bench" / "load"


async def find_binary() -> Path:
    """Of these very sources, whose digest is in its folder's name."""
    cached = machine_cache() / f"bench-load-{digest(SOURCE)}" / "load"
    if not cached.exists():
        await go.build(
            "the benchmarks' load",
            cached,
            ["-trimpath", "-mod=readonly", "-buildvcs=false", "."],
            takes="about 90 s",
            remedy="install Go",
            folder=SOURCE,
        )
    return cached


def digest(module: Path) -> str:
    """Of all that the module's program is made of: what its tests say changes nothing."""
    made_of = hashlib.sha256()
    for path in sorted(module.iterdir()):
        if path.name in {"go.mod", "go.sum"} or (path.suffix == ".go" and not path.stem.endswith("_test")):
            made_of.update(f"{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return made_of.hexdigest()[:16]
