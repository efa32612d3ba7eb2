-- Owns: what is wrong between recordings and the files of a store of another S3 provider, which the database cannot look into: who can
-- (`python -m agent verify`) says what lies there, and is answered as live.recording_faults answers of Supabase's Storage. And the looks that
-- workers take at the stores, Supabase's among them: what no row knows is noted, and deleted by the worker when it has been known as such for a day.

create function public.recording_store_faults(p_store text, p_found jsonb) returns table (book text, id text, expected text, found text)
language plpgsql stable security definer set search_path = '' as $$
begin
  return query
    select 'live_recordings: ready without files', r.id::text, r.prefix, 'none' from public.live_recordings r
     where r.state = 'ready' and r.ready_at < clock_timestamp() - interval '1 minute' and not live.is_over(r)
       and exists (select from public.live_recording_parts t where t.recording_id = r.id and t.store = p_store and t.duration_seconds is distinct from 0)
       and not p_found ? r.prefix
    union all
    select p_store || ': file of no recording', f.key, 'none', 'there since ' || f.value from jsonb_each_text(p_found) f
     where f.value::timestamptz < clock_timestamp() - interval '1 day'
       and not exists (select from public.live_recordings r where r.deleted_at is null and r.prefix = f.key);
end;
$$;
comment on function public.recording_store_faults(text, jsonb) is
  'For server code: where recordings and the files of a store disagree. p_found: {"<session>/<recording>": when the newest file below it was written} of all that lies '
  'in the store whose parts say p_store. The columns are those of live_faults.';
grant execute on function public.recording_store_faults(text, jsonb) to service_role;

-- ── looks at the stores ──────────────────────────────────────────────────────────────────────────────────────────
-- A backup of the database that is put back knows nothing of what was recorded after it. So files that no row knows are noted first, and
-- may go a day after that; and where they are more than recording.stray_share of what a look sees, none of them goes.
create table live.recording_looks (
  store text primary key,
  looked_at timestamptz not null,
  upto text not null default '',
  seen int not null default 0,
  strays int not null default 0,
  refused_at timestamptz
);
comment on table live.recording_looks is 'The looks that workers take at the stores of recordings, some sessions at a time.';
comment on column live.recording_looks.store is 'The store, as parts call it.';
comment on column live.recording_looks.looked_at is 'When a worker last set out to look.';
comment on column live.recording_looks.upto is 'The session whose folder was the last that was looked at: the next look begins after it; empty: at the first.';
comment on column live.recording_looks.seen is 'How many recordings the last look saw.';
comment on column live.recording_looks.strays is 'How many of them no row knows.';
comment on column live.recording_looks.refused_at is 'When a look last found too many of them to delete any; null when none has, or none of them is left.';

create table live.recording_strays (
  store text not null,
  prefix text not null,
  noted_at timestamptz not null default clock_timestamp(),
  primary key (store, prefix)
);
comment on table live.recording_strays is 'Folders of recordings in a store that no row knows.';
comment on column live.recording_strays.store is 'The store.';
comment on column live.recording_strays.prefix is 'The folder: <session>/<recording>.';
comment on column live.recording_strays.noted_at is 'When a look first saw it: it is deleted a day later at the earliest.';
alter table live.recording_looks enable row level security;
alter table live.recording_strays enable row level security;
insert into live.personal_data (table_name, why)
select n, 'Holds nothing about a person: which folders of a store were looked at, and which no recording has.'
  from unnest(array['live.recording_looks', 'live.recording_strays']) as n;

create function live.look_is_due() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return not exists (select from live.recording_looks x where x.looked_at > clock_timestamp() - interval '1 hour');
end;
$$;
comment on function live.look_is_due() is 'Whether a worker shall look at a store again: one look an hour, whatever the number of stores.';

create function public.recording_look(p_stores text[]) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  chosen text;
begin
  perform pg_advisory_xact_lock(hashtext('recording_look'));
  if live.look_is_due() then
    select n into chosen from unnest(p_stores) n left join live.recording_looks x on x.store = n order by x.looked_at nulls first, n limit 1;
    insert into live.recording_looks as x (store, looked_at) values (chosen, clock_timestamp())
      on conflict (store) do update set looked_at = clock_timestamp();
  end if;
  return (select jsonb_build_object('store', x.store, 'after', x.upto) from live.recording_looks x where x.store = chosen);
end;
$$;
comment on function public.recording_look(text[]) is
  'For workers: which of the stores that they reach shall be looked at now, and after which session''s folder: {store, after}; null: none, somebody has within the hour.';

create function public.recordings_stored(p_after text, p_sessions int) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    with stored as (
      select distinct split_part(o.name, '/', 1) as session, split_part(o.name, '/', 2) as recording from storage.objects o
       where o.bucket_id = 'recordings' and o.name ~ '^[0-9a-f-]{36}/[0-9a-f-]{36}/' and split_part(o.name, '/', 1) collate "C" > p_after collate "C"
    ), sessions as (
      select distinct x.session collate "C" as session from stored x order by 1 limit p_sessions)
    select jsonb_build_object(
      'prefixes', coalesce(jsonb_agg(x.session || '/' || x.recording), '[]'),
      'upto', case when (select count(*) from sessions) = p_sessions then max(x.session collate "C") else '' end)
      from stored x where x.session in (select s.session from sessions s));
end;
$$;
comment on function public.recordings_stored(text, int) is
  'For workers: the folders of recordings in Storage, of p_sessions sessions after p_after: {prefixes: [<session>/<recording>], upto: the last of the sessions, empty when there are no more}.';

create function public.recording_stored_files(p_prefix text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select coalesce(jsonb_object_agg(o.name, live.instant(coalesce(o.updated_at, o.created_at))), '{}') from storage.objects o
           where o.bucket_id = 'recordings' and starts_with(o.name, p_prefix || '/'));
end;
$$;
comment on function public.recording_stored_files(text) is 'For workers: the files below a folder of Storage and when each was written: {path: time}.';

create function public.recording_looked(p_store text, p_after text, p_upto text, p_found text[]) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  stretch constant text[] := array[p_after collate "C", coalesce(nullif(p_upto, ''), '~') collate "C"];
  named int;
begin
  delete from live.recording_strays x
   where x.store = p_store and split_part(x.prefix, '/', 1) collate "C" > stretch[1] and split_part(x.prefix, '/', 1) collate "C" <= stretch[2]
     and (x.prefix <> all (p_found) or exists (select from public.live_recordings r where r.prefix = x.prefix));
  insert into live.recording_strays (store, prefix)
  select p_store, f from unnest(p_found) f where not exists (select from public.live_recordings r where r.prefix = f) on conflict do nothing;
  -- What is ready and not there is said in its row; it may be a fault of the store, so nothing else becomes of it.
  with looked as (
    select r.id, r.error_code, r.prefix = any (p_found) as is_there from public.live_recordings r
     where r.state = 'ready' and r.ready_at < clock_timestamp() - interval '1 hour' and not live.is_over(r)
       and r.session_id::text collate "C" > stretch[1] and r.session_id::text collate "C" <= stretch[2]
       and exists (select from public.live_recording_parts t where t.recording_id = r.id and t.store = p_store and t.duration_seconds is distinct from 0)
  )
  update public.live_recordings r
     set error_code = case when l.is_there then null else 'files_gone' end,
         error = case when l.is_there then null else left('Its files are not in ' || p_store || ', where they were stored.', 1000) end
    from looked l where l.id = r.id and l.is_there = (r.error_code is not distinct from 'files_gone');
  get diagnostics named = row_count;
  update live.recording_looks x
     set upto = p_upto, seen = cardinality(p_found), strays = (select count(*) from live.recording_strays y where y.store = p_store and y.prefix = any (p_found))
   where x.store = p_store;
  return jsonb_build_object(
    'now', live.instant(clock_timestamp()), 'share', live.setting('recording.stray_share'), 'named', named,
    'strays', (select coalesce(jsonb_object_agg(y.prefix, live.instant(y.noted_at)), '{}') from live.recording_strays y
                where y.store = p_store and y.prefix = any (p_found)),
    'deleted', (select coalesce(jsonb_agg(r.prefix order by r.prefix), '[]') from public.live_recordings r
                 where r.prefix = any (p_found) and r.state = 'deleted' and not r.legal_hold));
end;
$$;
comment on function public.recording_looked(text, text, text, text[]) is
  'For workers: in a store, the folders of sessions after p_after up to p_upto (empty: to the last) hold these recordings, <session>/<recording>, and no others. Notes what no '
  'row knows, and says in the row what is ready and not there (error_code files_gone): {now, share, named, strays: {prefix: since when}, deleted: [prefix]}.';

create function public.recording_look_ended(p_store text, p_refused boolean) returns void
language plpgsql security definer set search_path = '' as $$
begin
  update live.recording_looks x
     set refused_at = case when p_refused then clock_timestamp()
                           when exists (select from live.recording_strays y where y.store = x.store) then x.refused_at end
   where x.store = p_store;
end;
$$;
comment on function public.recording_look_ended(text, boolean) is 'For workers: a look is done, and whether too much was unknown for anything to be deleted.';
grant execute on function public.recordings_stored(text, int), public.recording_stored_files(text), public.recording_look(text[]),
  public.recording_looked(text, text, text, text[]), public.recording_look_ended(text, boolean) to service_role;

create function live.look_faults() returns table (book text, id text, expected text, found text)
language plpgsql stable security definer set search_path = '' as $$
begin
  return query
    select 'recordings: too much of a store is unknown, so none of it is deleted', x.store, 'at most ' || (live.setting('recording.stray_share') #>> '{}') || ' of a look',
           (select count(*) from live.recording_strays y where y.store = x.store)::text from live.recording_looks x where x.refused_at is not null
    union all
    select 'live_recordings: files gone', r.id::text, r.prefix, r.error from public.live_recordings r
     where r.state = 'ready' and r.error_code = 'files_gone' and not live.is_over(r);
end;
$$;
comment on function live.look_faults() is 'What the looks at the stores have found that ops must see; part of live_faults.';
