-- Owns: the memory of what the migrations built, so that a doctor can say exactly what is missing. A migration that adds
-- objects ends with select live.remember_schema(), as the last file here does.

create function live.schema_now() returns table (kind text, name text)
language sql stable set search_path = '' as $$
  with ours as (
    select c.oid, n.nspname || '.' || c.relname as name
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('public', 'live') and c.relkind in ('r', 'v', 'p'))
  select 'table', o.name from ours o
  union all
  select 'column', o.name || '.' || a.attname
    from ours o join pg_catalog.pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
  union all
  select 'row level security', o.name
    from ours o join pg_catalog.pg_class c on c.oid = o.oid and c.relrowsecurity
  union all
  select 'function', p.oid::regprocedure::text
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
   where n.nspname in ('public', 'live') and p.prokind = 'f'
  union all
  select 'policy', p.schemaname || '.' || p.tablename || ': ' || p.policyname
    from pg_catalog.pg_policies p where p.schemaname in ('public', 'live', 'realtime')
  union all
  select 'trigger', o.name || ': ' || t.tgname
    from ours o join pg_catalog.pg_trigger t on t.tgrelid = o.oid and not t.tgisinternal and t.tgenabled <> 'D'
  union all
  select 'trigger', 'auth.users: ' || t.tgname
    from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where n.nspname = 'auth' and c.relname = 'users' and t.tgname like 'live\_%' and t.tgenabled <> 'D'
$$;
comment on function live.schema_now is
  'Every table, column, function, policy and trigger that exists now in our schemas, and our triggers on auth.users.';

create table live.schema_objects (
  kind text not null,
  name text not null,
  primary key (kind, name)
);
comment on table live.schema_objects is 'What existed when the migrations had run: what the platform relies on.';
comment on column live.schema_objects.kind is 'table, column, row level security, function, policy or trigger.';
comment on column live.schema_objects.name is 'Name of the object.';
alter table live.schema_objects enable row level security;

create function live.remember_schema() returns void
language sql set search_path = '' as $$
  select live.guard_reads();
  delete from live.schema_objects;
  -- The existing app's tables may change as the app likes: only the columns that we read are ours to miss.
  insert into live.schema_objects (kind, name)
  select s.kind, s.name from live.schema_now() s
   where split_part(s.name, ':', 1) !~ '^(public\.)?(profiles|creator_subscriptions|subscriptions)(\.|$)'
     and (s.name !~ '^realtime\.' or s.name = 'realtime.messages: live topics')
     and (s.kind <> 'function' or s.name ~ '^live\.' or exists (
           select from pg_catalog.pg_description d where d.objoid = s.name::regprocedure and d.classoid = 'pg_proc'::regclass))
  union
  select 'column', 'public.' || need from unnest(array[
    'profiles.id', 'profiles.username', 'profiles.display_name', 'profiles.type', 'profiles.is_creator',
    'creator_subscriptions.user_id', 'creator_subscriptions.creator_id', 'creator_subscriptions.status',
    'creator_subscriptions.expires_at', 'subscriptions.user_id', 'subscriptions.plan', 'subscriptions.status',
    'subscriptions.expires_at']) need;
  select live.remember_paths();
$$;
comment on function live.remember_schema is 'Takes what exists now as what must exist. Called at the end of a migration.';

create function public.live_schema_contract() returns jsonb
language sql stable security definer set search_path = '' as $$
  with missing as (
    select o.kind, o.name from live.schema_objects o
    except
    select n.kind, n.name from live.schema_now() n
  ), writable as (
    select a.attname as name from pg_catalog.pg_attribute a
     where a.attrelid = to_regclass('public.profiles') and a.attname in ('type', 'is_creator') and not a.attisdropped
       and has_column_privilege('authenticated', a.attrelid, a.attnum, 'UPDATE')
  ), warnings as (
    select 'profile_column_writable' as code, 'public.profiles.' || w.name as name,
           format('signed-in users can write profiles.%s: revoke update on that column', w.name) as message
      from writable w
    union all
    -- Asked through PostgREST, this very request tells whether its requests are bounded.
    select 'reads_not_bounded', 'pgrst.db_pre_request',
           'PostgREST does not call live.before_request, so reads by app users can stop moderation: run select live.hook_requests()'
     where current_setting('request.path', true) <> '' and current_setting('live.bounded', true) is distinct from 'on'
  )
  select jsonb_build_object(
    'ok', not exists (select from missing),
    'missing', (select coalesce(jsonb_agg(jsonb_build_object('kind', m.kind, 'name', m.name) order by m.kind, m.name), '[]')
                  from missing m),
    'warnings', (select coalesce(jsonb_agg(to_jsonb(w) order by w.code, w.name), '[]') from warnings w),
    'tables', (select coalesce(jsonb_agg(o.name order by o.name), '[]')
                 from live.schema_now() o where o.kind = 'table' and o.name ~ '^public\.'),
    'functions', (select coalesce(jsonb_agg(o.name order by o.name), '[]')
                    from live.schema_now() o where o.kind = 'function' and o.name !~ '^live\.'))
$$;
comment on function public.live_schema_contract is
  'For the doctor: {ok, missing: [{kind, name}], warnings: [{code, name, message}], tables, functions}. missing = built by '
  'the migrations and gone now, or a column of the existing app that we read.';
grant execute on function public.live_schema_contract() to service_role;
