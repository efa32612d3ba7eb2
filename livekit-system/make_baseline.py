"""Makes the baseline migration from the SQL of each subject, supabase/schemas/NN_subject.sql, in order of name.

    python livekit-system/make_baseline.py            # or `make baseline`: after every change below schemas/
    python livekit-system/make_baseline.py --check    # was it forgotten? Tests and stack ask this

It also makes the last subject but one, the rights: a project's default privileges may give anything to anyone when an
object is made. So everything is revoked from every table, view, sequence and function that these files create, and then
each of their grants is made again. Only a grant is written by hand, beside its object. The app's objects are not named.

Nothing is released yet, so migrations/ holds this one file and it may change. With the first release set RELEASED: the
baseline is frozen then, a change is a new migration beside the same change in schemas/, and the comparison of the two
catalogs (tests/database/test_schemas.py) holds that they agree. Needs Python alone.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

RELEASED = False
SUPABASE = Path(__file__).parent / "supabase"
RIGHTS = "98_rights.sql"
BASELINE = "20261123000000_live_baseline.sql"
COMMAND = "make baseline"
HEAD = f"-- Made from schemas/ by `{COMMAND}`: edit there. After a conflict here, run it again.\n"
RIGHTS_HEAD = f"""-- Owns: that no right rests on default privileges. Made from the files beside it by `{COMMAND}`.
-- Write a `grant` there, and no `revoke`: all of ours is taken from everyone first, then every grant is made again.
"""
NOBODY = "public, anon, authenticated, service_role"

# What may hold a semicolon or a keyword that is none: comments, texts, names in quotes, bodies.
TOKEN = re.compile(r"""--[^\n]*|'(?:[^']|'')*'|"[^"]*"|\$(\w*)\$.*?\$\1\$|;|[^-'"$;]+|.""", re.DOTALL)
CREATED = re.compile(
    r"create (?:or replace )?(table|view|sequence|function|procedure) ([\w.]+)\s*(.*)", re.DOTALL
)
IDENTITY = re.compile(r"[(,]\s*(\w+)\s[^,(]*generated (?:always|by default) as identity")
DEFAULT = re.compile(r"\s+default\s.*|\s*=.*", re.DOTALL)


def statements(sql: str) -> Iterator[str]:
    """The statements of a file without comments; texts and bodies are left as an empty text."""
    parts: list[str] = []
    for token in TOKEN.finditer(sql):
        text = token[0]
        if text == ";":
            yield "".join(parts).strip()
            parts = []
        elif text.startswith(("'", "$")) and len(text) > 1:
            parts.append("''")
        elif not text.startswith("--"):
            parts.append(text)


def created(statement: str) -> Iterator[tuple[str, str]]:
    """The kinds and names of what it creates: as `revoke` wants them."""
    found = CREATED.match(statement)
    if found is None:
        return
    kind, name, rest = found.groups()
    if kind in ("function", "procedure"):
        yield "routine", f"{name}({', '.join(arguments(rest))})"
        return
    yield ("sequence" if kind == "sequence" else "table"), name
    if kind == "table":
        for column in IDENTITY.findall(rest):
            yield "sequence", f"{name}_{column}_seq"


def arguments(rest: str) -> list[str]:
    """The arguments of a function, without names and defaults, from its text after the name."""
    depth, written = 0, [""]
    for letter in rest:
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            break
        if depth == 1 and letter in "(,":
            written += [""] if letter == "," else []
        else:
            written[-1] += letter
    stripped = (" ".join(DEFAULT.sub("", argument).split()) for argument in written)
    return [argument for argument in stripped if argument]


def rights(schemas: Path) -> str:
    """The text of the file of rights."""
    objects: dict[str, list[str]] = {"table": [], "sequence": [], "routine": []}
    grants: list[str] = []
    for file in sorted(schemas.glob("*.sql")):
        if file.name == RIGHTS:
            continue
        for statement in statements(file.read_text(encoding="utf-8")):
            for kind, name in created(statement):
                if name not in objects[kind]:
                    objects[kind].append(name)
            if statement.startswith("grant "):
                grants.append(" ".join(statement.split()))
    revokes = (
        f"revoke all on {kind}\n  {f',{chr(10)}  '.join(names)}\n  from {NOBODY};\n"
        for kind, names in objects.items()
        if names
    )
    return "\n".join([RIGHTS_HEAD, *revokes, *(f"{grant};" for grant in grants), ""])


def baseline(schemas: Path) -> str:
    """The text of the baseline: every file of `schemas` under a line that names it."""
    texts = {file.name: file.read_text(encoding="utf-8") for file in schemas.glob("*.sql")}
    texts[RIGHTS] = rights(schemas)
    return HEAD + "".join(f"\n-- schemas/{name}\n{texts[name]}" for name in sorted(texts))


def faults(supabase: Path) -> Sequence[str]:
    """What is wrong with what was made, in words that say what to do."""
    schemas, migrations = supabase / "schemas", supabase / "migrations"
    made = [(schemas / RIGHTS, rights(schemas))]
    strays = []
    if not RELEASED:
        made.append((migrations / BASELINE, baseline(schemas)))
        strays = sorted(file.name for file in migrations.glob("*.sql") if file.name != BASELINE)
    return [
        *(f"nothing is released yet: move {name} to schemas/NN_subject.sql" for name in strays),
        *(
            f"{file.relative_to(supabase)} is not what schemas/ says: run `{COMMAND}`"
            for file, text in made
            if not file.exists() or file.read_text(encoding="utf-8") != text
        ),
    ]


def make(supabase: Path) -> Sequence[str]:
    """Writes what is made, and says what an engineer has to do by hand."""
    schemas, migrations = supabase / "schemas", supabase / "migrations"
    (schemas / RIGHTS).write_text(rights(schemas), encoding="utf-8")
    if RELEASED:
        return ["the baseline is released and frozen: add a migration with this change and its rights\n"]
    migrations.mkdir(exist_ok=True)
    (migrations / BASELINE).write_text(baseline(schemas), encoding="utf-8")
    return []


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 when it is out of date"
    )
    if not parser.parse_args().check:
        print("\n".join(make(SUPABASE)), end="")
        return 0
    found = faults(SUPABASE)
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
