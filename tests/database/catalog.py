"""Reads all that a database has been told to be, as one fact a line: for comparing two that should be the same.

Numbers that Postgres gives by order of creation (oids, places of columns) are left out, so that a column which a
migration added at the end equals one that stands in the middle of its table's file.
"""

import json

import asyncpg

OBJECTS = """
    with ours as (select oid, nspname, nspacl from pg_namespace where nspname in ('public', 'live')),
    told as (
      select 'schema' as kind, n.nspname as name,
             concat_ws(' ', n.nspacl, obj_description(n.oid, 'pg_namespace')) as said from ours n
      union all
      select 'relation ' || c.relkind::text, c.oid::regclass::text,
             concat_ws(' ', c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.reloptions,
               c.relowner::regrole,
               (select array_agg(a order by a::text) from unnest(c.relacl) a), obj_description(c.oid, 'pg_class'),
               case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end)
        from pg_class c join ours on ours.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'S')
      union all
      select 'column', c.oid::regclass || '.' || a.attname,
             concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
               a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid),
               (select array_agg(g order by g::text) from unnest(a.attacl) g), col_description(c.oid, a.attnum))
        from pg_class c join ours on ours.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum where c.relkind in ('r', 'p', 'v', 'm')
      union all
      select 'constraint', t.conrelid::regclass || ': ' || t.conname,
             concat_ws(' ', pg_get_constraintdef(t.oid), t.convalidated, obj_description(t.oid, 'pg_constraint'))
        from pg_constraint t join ours on ours.oid = t.connamespace where t.contype <> 'n'
      union all
      select 'index', i.indexrelid::regclass::text, concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid)
        from pg_index i join pg_class c on c.oid = i.indrelid join ours on ours.oid = c.relnamespace
      union all
      select 'function', p.oid::regprocedure::text,
             concat_ws(' ', pg_get_functiondef(p.oid), p.proowner::regrole,
               (select array_agg(a order by a::text) from unnest(p.proacl) a), obj_description(p.oid, 'pg_proc'))
        from pg_proc p join ours on ours.oid = p.pronamespace where p.prokind in ('f', 'p')
      union all
      select 'type', t.oid::regtype::text,
             concat_ws(' ', t.typtype, format_type(t.typbasetype, t.typtypmod),
               (select array_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
               obj_description(t.oid, 'pg_type'))
        from pg_type t join ours on ours.oid = t.typnamespace where t.typtype in ('e', 'd')
      union all
      select 'policy', p.polrelid::regclass || ': ' || p.polname,
             concat_ws(' ', p.polcmd, p.polpermissive,
               array(select r::regrole::text from unnest(p.polroles) r order by 1),
               pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid),
               obj_description(p.oid, 'pg_policy'))
        from pg_policy p
      union all
      select 'trigger', t.tgrelid::regclass || ': ' || t.tgname,
             concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
        from pg_trigger t where not t.tgisinternal
      union all
      select 'default privileges', concat_ws(' ', d.defaclrole::regrole, n.nspname, d.defaclobjtype), d.defaclacl::text
        from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
      union all
      select 'setting', coalesce(nullif(s.setrole, 0)::regrole::text, 'every role'), s.setconfig::text
        from pg_db_role_setting s
       where s.setrole <> 0
         and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
    )
    select kind, name, said from told
"""
TABLES = """
    select c.oid::regclass::text as name,
           array_agg(a.attname) filter (where a.atttypid = any ('{timestamptz,uuid,xid8}'::regtype[])
                                           or a.attidentity <> '') as given
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'live'::regnamespace) group by c.oid
"""


async def catalog(connection: asyncpg.Connection) -> dict[tuple[str, str], str]:
    """By kind and name, what the catalogs say of every object, and the rows that came with each table."""
    await connection.execute("set search_path = ''")
    found = {(row["kind"], row["name"]): row["said"] for row in await connection.fetch(OBJECTS)}
    for table in await connection.fetch(TABLES):
        rows = await connection.fetch(f"select to_jsonb(t) as row from {table['name']} t")  # noqa: S608
        given = set(table["given"] or ())
        lines = ({k: v for k, v in json.loads(row["row"]).items() if k not in given} for row in rows)
        found["rows", table["name"]] = "\n".join(sorted(json.dumps(line) for line in lines))
    return found
