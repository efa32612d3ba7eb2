"""A column that may hold only some words says in its comment which: readers of DATABASE.md see no check constraint."""

import re

from tests.database.world import World

CHECKED = """
    select c.conrelid::regclass::text as "table", a.attname as "column", pg_get_constraintdef(c.oid) as said,
           coalesce(col_description(c.conrelid, a.attnum), '') as comment
      from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
     where c.contype = 'c' and cardinality(c.conkey) = 1
       and c.connamespace in ('public'::regnamespace, 'live'::regnamespace)
       and pg_get_constraintdef(c.oid) !~ 'jsonb_typeof|date_trunc'
       and c.conrelid::regclass::text not in ('profiles', 'creator_subscriptions', 'subscriptions')  -- the app's own
     order by 1, 2
"""
WORDS = re.compile(r"'(\w+)'::text")
LIST = re.compile(r"= ANY \(|<@ |IN \(|=")


async def test_the_comment_of_a_column_names_its_allowed_values(world: World) -> None:
    silent = []
    seen = 0
    for row in await world.rows(CHECKED):
        values = set(WORDS.findall(row["said"])) if LIST.search(row["said"]) else set()
        seen += len(values)
        missing = sorted(v for v in values if not re.search(rf"(?<!\w){v}(?!\w)", row["comment"]))
        if missing:
            silent.append(f"{row['table']}.{row['column']}: {', '.join(missing)} ({row['comment']})")
    assert seen > 50, "constraints are read"
    assert silent == [], "\n".join(silent)
