"""Owns how the schema is written as supabase-js' type `Database`: what a signed-in person may read, write and call.

The words are those of `supabase gen types`, so that the type goes wherever such a type goes. The app's own tables are
left out.
"""

from collections.abc import Sequence
from typing import Any

from tests.database.world import World

Row = dict[str, Any]
HOW = "Written from the schema by tests/database/test_database_doc.py."
WHO = "authenticated"

RELATIONS = """
    select c.oid, c.relname as name, c.relkind = 'v' as is_view from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') and c.relname <> all ($1)
       and has_any_column_privilege($2, c.oid, 'select') order by c.relname
"""
COLUMNS = """
    select a.attname as name, format_type(a.atttypid, null) as type, a.attnotnull as needed,
           a.atthasdef or a.attidentity <> '' as has_default,
           has_column_privilege($2, a.attrelid, a.attnum, 'select') as reads,
           has_column_privilege($2, a.attrelid, a.attnum, 'insert') as inserts,
           has_column_privilege($2, a.attrelid, a.attnum, 'update') as updates
      from pg_attribute a where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attname
"""
RELATIONSHIPS = """
    select k.conname as name, k.confrelid::regclass::text as target,
           array(select attname::text from pg_attribute
                  where attrelid = k.conrelid and attnum = any (k.conkey)) as columns,
           array(select attname::text from pg_attribute
                  where attrelid = k.confrelid and attnum = any (k.confkey)) as targets,
           exists (select from pg_index i where i.indrelid = k.conrelid and i.indisunique
                    and i.indkey::int2[] = k.conkey) as is_one_to_one
      from pg_constraint k where k.conrelid = $1 and k.contype = 'f'
       and k.connamespace = 'public'::regnamespace order by k.conname
"""
FUNCTIONS = """
    select p.proname as name, format_type(p.prorettype, null) as returns, p.proretset as is_set,
           p.pronargs - p.pronargdefaults as needed, p.proargnames[1:p.pronargs] as names,
           array(select format_type(t, null) from unnest(p.proargtypes) with ordinality x (t, n) order by n) as types,
           coalesce(array(select jsonb_build_array(p.proargnames[n], format_type(t, null))
                            from unnest(p.proallargtypes, p.proargmodes) with ordinality x (t, m, n)
                           where m = 't' order by n),
                    '{}') as returned
      from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'
       and p.prorettype <> 'trigger'::regtype and has_function_privilege($1, p.oid, 'execute')
       and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e') order by p.proname
"""
NUMBERS = {"smallint", "integer", "bigint", "numeric", "real", "double precision"}
HEAD = f"""// {HOW}

/** Any JSON. */
export type Json = string | number | boolean | null | {{ [key: string]: Json | undefined }} | Json[];

/** What a signed-in person may read, write and call: `createClient<Database>(…)`. Join it with the app's own. */
export type Database = {{
  public: {{
"""


def typed(name: str) -> str:
    """A Postgres type as PostgREST answers it."""
    if name.endswith("[]"):
        return f"{typed(name[:-2])}[]"
    if name in NUMBERS:
        return "number"
    return {"boolean": "boolean", "json": "Json", "jsonb": "Json", "void": "undefined"}.get(name, "string")


def shape(fields: Sequence[str]) -> str:
    return "{ " + "; ".join(fields) + " }" if fields else "Record<never, never>"


def row(columns: Sequence[Row], *, is_view: bool) -> str:
    return shape(
        [
            f"{c['name']}: {typed(c['type'])}{'' if c['needed'] and not is_view else ' | null'}"
            for c in columns
            if c["reads"]
        ]
    )


def written(columns: Sequence[Row], right: str) -> str:
    """What may be inserted or updated; `never` where nothing may."""
    fields = [
        f"{c['name']}{'' if right == 'inserts' and c['needed'] and not c['has_default'] else '?'}: "
        f"{typed(c['type'])}{'' if c['needed'] else ' | null'}"
        for c in columns
        if c[right]
    ]
    return shape(fields) if fields else "never"


async def relation(world: World, found: Row, known: set[str]) -> str:
    columns = await world.rows(COLUMNS, found["oid"], WHO)
    links = [
        f'{{ foreignKeyName: "{k["name"]}"; columns: {listed(k["columns"])}; '
        f"isOneToOne: {str(k['is_one_to_one']).lower()}; "
        f'referencedRelation: "{k["target"]}"; referencedColumns: {listed(k["targets"])} }}'
        for k in await world.rows(RELATIONSHIPS, found["oid"])
        if k["target"] in known
    ]
    parts = [f"Row: {row(columns, is_view=found['is_view'])}"]
    if not found["is_view"]:
        parts += [f"Insert: {written(columns, 'inserts')}", f"Update: {written(columns, 'updates')}"]
    relationships = "Relationships: [" + ", ".join(links) + "]"
    return f"{found['name']}: {shape([*parts, relationships])};"


def listed(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def function(found: Row, known: set[str]) -> str:
    args = [
        f"{name}{'' if at < found['needed'] else '?'}: {typed(kind)}{'' if at < found['needed'] else ' | null'}"
        for at, (name, kind) in enumerate(zip(found["names"] or [], found["types"], strict=True))
    ]
    if found["returned"]:
        answer = shape([f"{name}: {typed(kind)}" for name, kind in found["returned"]])
    elif found["returns"] in known:
        answer = f'Database["public"]["Tables"]["{found["returns"]}"]["Row"]'
    else:
        answer = typed(found["returns"])
    return f"{found['name']}: {{ Args: {shape(args)}; Returns: {answer}{'[]' if found['is_set'] else ''} }};"


async def database_types(world: World, foreign: set[str]) -> str:
    """The whole file, in no particular shape."""
    relations = await world.rows(RELATIONS, list(foreign), WHO)
    known = {found["name"] for found in relations}
    tables = [await relation(world, found, known) for found in relations if not found["is_view"]]
    views = [await relation(world, found, known) for found in relations if found["is_view"]]
    functions = [function(found, known) for found in await world.rows(FUNCTIONS, WHO)]
    return "\n".join(
        [
            HEAD,
            "Tables: {", *tables, "};",
            "Views: {", *views, "};",
            "Functions: {", *functions, "};",
            "Enums: Record<never, never>;",
            "CompositeTypes: Record<never, never>;",
            "};",
            "};",
            "",
        ]
    )  # fmt: skip
