-- Owns: what reading may cost. PostgREST calls live.before_request in each request's transaction, after the role is set and
-- before the query: reads of our tables and functions by app users get a short statement_timeout and a place among few, so
-- that they leave connections and processors to moderation. Other paths and the service role pass untouched.

update public.app_settings
   set value = value || '{"reads_at_once": 6, "reads_per_person": 4, "staff_reads_at_once": 3, "read_ms": 1000,
                     "connections_per_minute": 60}'
 where key = 'limits';

create table live.api_paths (
  path text primary key,
  kind text not null check (kind in ('table', 'reader', 'writer')),
  by_hand boolean not null default true
);
comment on table live.api_paths is 'Paths of the data API whose reads are bounded: our tables, views and functions, and what an operator adds.';
comment on column live.api_paths.path is 'As PostgREST has it in request.path: /table or /rpc/function.';
comment on column live.api_paths.kind is 'table; reader, a function that only reads; writer, a function that is not bounded.';
comment on column live.api_paths.by_hand is 'Whether an operator added it: it stays when migrations run.';
alter table live.api_paths enable row level security;

create table live.app_pre_request (
  only_one boolean primary key default true check (only_one),
  function text not null
);
comment on table live.app_pre_request is 'The app''s own db_pre_request function, where there is one: it is called first.';
comment on column live.app_pre_request.only_one is 'Keeps it to one row.';
comment on column live.app_pre_request.function is 'Qualified name of a function without arguments.';
alter table live.app_pre_request enable row level security;

create function live.remember_paths() returns void
language plpgsql set search_path = '' as $$
begin
  delete from live.api_paths p where not p.by_hand;
  insert into live.api_paths (path, kind, by_hand)
  select '/' || split_part(o.name, '.', 2), 'table', false
    from live.schema_objects o where o.kind = 'table' and o.name ~ '^public\.'
  union
  select '/rpc/' || p.proname, case when bool_or(p.provolatile = 'v') then 'writer' else 'reader' end, false
    from live.schema_objects o join pg_catalog.pg_proc p on p.oid = to_regprocedure(o.name)
   where o.kind = 'function' and o.name ~ '^public\.'
   group by p.proname
  union
  select '/', 'reader', false
  on conflict do nothing;
end;
$$;
comment on function live.remember_paths is
  'Lists the paths of everything that the migrations built, and the data API''s description of itself. Called when the schema is remembered.';

create function live.decoded_path(p_path text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  if position('%' in p_path) = 0 then
    return p_path;
  end if;
  return (
    select convert_from(string_agg(
             case when m.part[1] ~ '^%..' then decode(substr(m.part[1], 2), 'hex') else convert_to(m.part[1], 'utf8') end,
             ''::bytea order by m.n), 'utf8')
      from regexp_matches(p_path, '(%[0-9A-Fa-f]{2}|.)', 'g') with ordinality as m (part, n));
end;
$$;
comment on function live.decoded_path is 'A path without percent-encoding: PostgREST takes both for the same, and tells about it as it came.';

-- ── what kind of request it is ─────────────────────────────────────────────────────────────────────────────────
create function live.request_reads(p_path text, p_method text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
  kind constant text := (select p.kind from live.api_paths p where p.path = live.decoded_path(p_path));
begin
  return coalesce(kind = 'reader' or (kind = 'table' and p_method <> 'POST'), false);
end;
$$;
comment on function live.request_reads is
  'Whether a request reads what is ours: a GET, a PATCH or DELETE (they look for rows), or a function that only reads. An insert does not: it waits for nobody.';

-- ── circles ────────────────────────────────────────────────────────────────────────────────────────────────────
-- Foreign keys lead from each table of ours to most others and back, and PostgREST embeds along them as deep as it is asked.
-- Only the query itself tells, so a restrictive policy of every table looks at it, once per statement and before any row.
create function live.embeds_too_much(p_query text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  if position('JOIN LATERAL' in p_query) = 0 then
    return false;
  end if;
  return (
    with tokens as (
      -- Quoted names are taken as a whole, so that nothing within one passes for a part of the query.
      select m.token[1] as token, m.n
        from regexp_matches(p_query, '(FROM "(?:[^"]|"")*"\."(?:[^"]|"")*"|"(?:[^"]|"")*"|pgrst_source_count AS|FROM pgrst_source_count)', 'g')
             with ordinality as m (token, n)
    ), named as (
      select t.token, count(*) as times from tokens t
       where t.token like 'FROM "%'
         -- Between these two the rows are only counted.
         and t.n not between (select coalesce(min(c.n), 0) from tokens c where c.token = 'pgrst_source_count AS')
                         and (select coalesce(min(c.n), 0) from tokens c where c.token = 'FROM pgrst_source_count')
       group by t.token
    )
    select coalesce(max(d.times) > 1 or sum(d.times) > 6, false) from named d);
end;
$$;
comment on function live.embeds_too_much is
  'Whether a query of PostgREST''s names a table twice, as all do that walk in circles, or more than six in all.';

create function live.may_embed() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  if current_setting('request.path', true) <> '' and live.embeds_too_much(current_query()) then
    perform live.refuse(400, 'read_too_wide', 'This embeds a table in itself, or too many tables: ask for them one by one.');
  end if;
  return true;
end;
$$;
comment on function live.may_embed is 'True, or a refusal of a data API query that embeds too much. For policies.';
grant execute on function live.may_embed() to anon, authenticated;

create function live.guard_reads() returns void
language plpgsql set search_path = '' as $$
declare
  name text;
begin
  for name in
    select o.name from live.schema_now() o
     where o.kind = 'row level security' and o.name ~ '^public\.'
       and o.name !~ '^public\.(profiles|creator_subscriptions|subscriptions)$'
       and not exists (select from pg_catalog.pg_policy p where p.polrelid = o.name::regclass and p.polname = 'nobody reads in circles')
  loop
    execute format('create policy "nobody reads in circles" on %s as restrictive for select to anon, authenticated '
                   'using ((select live.may_embed()))', name);
  end loop;
end;
$$;
comment on function live.guard_reads is 'Gives every table of ours the policy that refuses circles. Called when the schema is remembered.';

-- ── places ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.take_place(p_kind text, p_whose text, p_places int) returns boolean
language plpgsql set search_path = '' as $$
begin
  for place in 1..p_places loop
    if pg_try_advisory_xact_lock(hashtext('live.reads.' || p_kind), hashtext(p_whose || '/' || place)) then
      return true;
    end if;
  end loop;
  return false;
end;
$$;
comment on function live.take_place is 'Takes one of so many places until the end of the transaction; false when all are taken.';

create function live.slow_reads() returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select count(*)
      from pg_catalog.pg_stat_activity a
     where a.usename = session_user and a.datname = current_database() and a.state = 'active'
       and a.xact_start < clock_timestamp() - interval '20 milliseconds');
end;
$$;
comment on function live.slow_reads is 'How many of the data API''s queries have been running for longer than a cheap read takes.';

create function live.is_present_staff(p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return live.is_ops(p_user) or exists (
    select from public.live_participants p
     where p.user_id = p_user and p.is_online and p.staff);
end;
$$;
comment on function live.is_present_staff is 'Whether a person is ops, or moderates a room that they are in: places are kept for them.';

create function live.bound_read(p_user uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  limits constant jsonb := live.setting('limits');
  places constant int := coalesce((limits ->> 'reads_at_once')::int, 6);
  staff_places constant int := coalesce((limits ->> 'staff_reads_at_once')::int, 3);
  person constant text := coalesce(p_user::text, 'anon');
  may_wait boolean;
  have_own boolean := false;
begin
  perform set_config('statement_timeout', coalesce((limits ->> 'read_ms')::int, 1000)::text, true);
  for attempt in 1..25 loop
    have_own := have_own or live.take_place('person', person, coalesce((limits ->> 'reads_per_person')::int, 4));
    if have_own and live.take_place('any', 'any', places) then
      return;
    elsif attempt = 1 then
      -- A crowd of cheap reads waits for its turn. Behind slow ones only ops wait, because waiting holds a connection.
      may_wait := live.is_ops(p_user) or live.slow_reads() * 2 < places;
    end if;
    -- The last of these places is for ops alone.
    exit when live.is_present_staff(p_user)
      and live.take_place('staff', 'any', case when live.is_ops(p_user) then staff_places else greatest(1, staff_places - 1) end);
    if (not may_wait or attempt = 25) and have_own then
      perform live.refuse(429, 'busy', 'Too much is being read just now: try again in a second.');
    elsif not may_wait or attempt = 25 then
      perform live.refuse(429, 'too_many_reads', 'You are reading too much at the same time: wait for the answers.');
    end if;
    perform pg_sleep(0.002);
  end loop;
end;
$$;
comment on function live.bound_read is
  'Gives the read that follows limits.read_ms, and a place among limits.reads_at_once (of them limits.reads_per_person for one person, all who are '
  'not signed in counting as one); without a place it is refused with 429 busy or too_many_reads. limits.staff_reads_at_once places more are for '
  'ops and for who moderates a room they are in, the last of them for ops alone.';

create function live.bound_request() returns void
language plpgsql security definer set search_path = '' as $$
begin
  perform set_config('live.bounded', 'on', true);
  if current_setting('role') = 'authenticated' and exists (
      select from live.api_paths p where p.path = live.decoded_path(current_setting('request.path', true))) then
    perform live.refuse_deleted(auth.uid());
  end if;
  if current_setting('role') in ('anon', 'authenticated') and live.request_reads(
       current_setting('request.path', true), current_setting('request.method', true)) then
    perform live.bound_read(auth.uid());
  end if;
end;
$$;
comment on function live.bound_request is
  'Refuses a deleted account at every path of ours, and bounds the request under way if it is an app user''s read of ours.';

create function live.app_pre_request_name() returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select a.function from live.app_pre_request a);
end;
$$;
comment on function live.app_pre_request_name is 'Name of the app''s own pre-request function; null when it has none.';

-- The app's own function runs as it would alone: as the caller, with PostgREST's search path.
create function live.before_request() returns void
language plpgsql set search_path = public, extensions as $$
declare
  app constant text := live.app_pre_request_name();
begin
  if app is not null then
    execute 'select ' || app || '()';
  end if;
  perform live.bound_request();
end;
$$;
comment on function live.before_request is 'PostgREST''s db_pre_request: the app''s own first, where it has one, then the bound on reads.';

-- A role that may not execute it could not use the data API at all, so every role that PostgREST may take gets it.
create function live.hook_requests() returns void
language plpgsql set search_path = '' as $$
declare
  hooked text;
  whole_cluster boolean;
  api_role regrole;
begin
  select split_part(c.setting, '=', 2), s.setdatabase = 0 into hooked, whole_cluster
    from pg_catalog.pg_db_role_setting s
    join pg_catalog.pg_roles r on r.oid = s.setrole and r.rolname = 'authenticator'
    left join pg_catalog.pg_database d on d.oid = s.setdatabase,
    unnest(s.setconfig) as c (setting)
   where c.setting like 'pgrst.db\_pre\_request=%' and (s.setdatabase = 0 or d.datname = current_database())
   order by s.setdatabase desc limit 1;
  if hooked is not null and hooked not in ('', 'live.before_request') then
    insert into live.app_pre_request (function) values (hooked)
      on conflict (only_one) do update set function = excluded.function;
  end if;
  for api_role in
    select m.roleid::regrole from pg_catalog.pg_auth_members m join pg_catalog.pg_roles r on r.oid = m.member
     where r.rolname = 'authenticator'
  loop
    execute format('grant usage on schema live to %s', api_role);
    execute format('grant execute on function live.before_request(), live.bound_request(), live.app_pre_request_name() to %s',
                   api_role);
  end loop;
  execute format('alter role authenticator %s set pgrst.db_pre_request = %L',
                 case when whole_cluster is false then format('in database %I', current_database()) else '' end,
                 'live.before_request');
exception when insufficient_privilege or undefined_object then
  raise warning 'reads are not bounded: % may not set pgrst.db_pre_request (%). See DEPLOYMENT.md.', current_user, sqlerrm;
end;
$$;
comment on function live.hook_requests is
  'Makes PostgREST call live.before_request, keeping the app''s own function as the first that is called. Safe to repeat.';
