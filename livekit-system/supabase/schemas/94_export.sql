-- Owns: the export of what the live platform holds of the caller, and the indexes by which exports and retention find rows.

create index live_media_of_person on public.live_media (user_id, started_at desc);
create index moderation_cases_of_person on public.moderation_cases (user_id, opened_at desc);
-- Rows come in the order of time, so that a few pages tell where the old ones are, and writing costs nothing.
create index live_messages_by_age on public.live_messages using brin (created_at) with (pages_per_range = 32);
create index live_events_by_age on public.live_events using brin (created_at) with (pages_per_range = 32);
create index live_visits_by_age on public.live_visits using brin (left_at) with (pages_per_range = 32);
create index live_audio_stats_by_age on public.live_audio_stats using brin (minute) with (pages_per_range = 32);
create index moderation_incidents_by_age on public.moderation_incidents using brin (created_at) with (pages_per_range = 32);
create index moderation_actions_by_age on public.moderation_actions using brin (created_at) with (pages_per_range = 32);
-- These come in another order, or are few.
create index live_media_by_age on public.live_media (ended_at) where ended_at is not null;
create index live_participants_by_age on public.live_participants (coalesce(left_at, last_joined_at, created_at));
create index moderation_cases_by_age on public.moderation_cases (resolved_at) where resolved_at is not null;
create index live_bans_by_age on public.live_bans (coalesce(lifted_at, expires_at));
create index calls_by_age on public.calls (ended_at) where ended_at is not null;
-- A deleted row is looked for in all that refer to it.
create index moderation_actions_of_call on public.moderation_actions (call_id) where call_id is not null;
create index moderation_actions_superseded_by on public.moderation_actions (superseded_by) where superseded_by is not null;
create index moderation_incidents_of_action on public.moderation_incidents (action_id) where action_id is not null;

create function live.rows_of(p_user uuid, p_table text) returns text
language plpgsql stable set search_path = '' as $$
begin
  return (select string_agg(format('t.%I = $1', c), ' or ') from live.personal_data d, unnest(d.whose) as c where d.table_name = p_table);
end;
$$;
comment on function live.rows_of(uuid, text) is 'Condition (alias t, $1 = the person) for a row to be of a person; null for a table that has none.';

create function live.key_of(p_table text) returns text
language plpgsql stable set search_path = '' as $$
begin
  return (
    select string_agg(format('t.%I', a.attname), ', ' order by k.n)
      from pg_catalog.pg_index i, unnest(i.indkey::int[]) with ordinality as k (attnum, n), pg_catalog.pg_attribute a
     where i.indrelid = p_table::regclass and i.indisprimary and a.attrelid = i.indrelid and a.attnum = k.attnum);
end;
$$;
comment on function live.key_of(text) is 'The columns of a table''s primary key (alias t), by which its rows have an order that stays.';

create function live.export_rows(p_user uuid, p_table text, p_skip int, p_most int) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  line live.personal_data;
  rows jsonb;
begin
  select * into line from live.personal_data d where d.table_name = p_table;
  execute format('select coalesce(jsonb_agg(x.row), ''[]'') from (select to_jsonb(t) - $2 as row from %s t '
                 'where (%s) and (%s) order by %s offset $3 limit $4) x',
                 p_table, live.rows_of(p_user, p_table), line.exported_when, live.key_of(p_table))
     into rows using p_user, line.others || array['join_permission', 'desired_xid', 'idempotency_key'], p_skip, p_most;
  if p_table = 'public.moderation_actions' then
    -- Who acted against a person is somebody else's data, and might be made to pay for it.
    rows := (select coalesce(jsonb_agg(
               case when r ->> 'requested_by' = p_user::text then r else r - 'requested_by' end
               order by n), '[]') from jsonb_array_elements(rows) with ordinality as e (r, n));
  end if;
  return rows;
end;
$$;
comment on function live.export_rows(uuid, text, int, int) is 'Rows of a person in a table, without the ids of others who acted.';

create function public.export_my_data(p_table text default null, p_skip int default 0) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  most constant int := 1000;
  me constant uuid := auth.uid();
  tables jsonb := '{}';
  further jsonb := '{}';
  rows jsonb;
  name text;
begin
  if me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  perform live.refuse_deleted(me);
  -- Before anything that waits: a second one would wait for the first, holding a connection.
  if not live.take_place('export', me::text, 1) then
    perform live.refuse(429, 'too_many_reads', 'Your data is being exported already: wait for the answer.');
  end if;
  perform live.spend(me, 'exports_per_minute');
  if p_skip is null or p_skip < 0 or p_skip > 10000000 or (p_table is not null and not exists (
       select from live.personal_data d where d.table_name = p_table and d.whose <> '{}')) then
    perform live.refuse(400, 'bad_request', 'Name a table of the export (p_table) and a number of rows (p_skip).');
  end if;
  for name in
    select d.table_name from live.personal_data d
     where d.whose <> '{}' and (p_table is null or d.table_name = p_table) order by d.table_name
  loop
    rows := live.export_rows(me, name, p_skip, most + 1);
    if jsonb_array_length(rows) > most then
      rows := rows - most;
      further := further || jsonb_build_object(name, p_skip + most);
    end if;
    tables := tables || jsonb_build_object(name, rows);
  end loop;
  return jsonb_build_object('user_id', me, 'made_at', clock_timestamp(), 'tables', tables, 'further', further,
    'kept', (select jsonb_object_agg(d.table_name, jsonb_build_object('why', d.why, 'days', live.setting(d.setting)))
               from live.personal_data d where tables ? d.table_name));
end;
$$;
comment on function public.export_my_data(text, int) is
  'Everything that the live platform holds of the caller: {user_id, made_at, tables: {name: [row]}, further: {name: skip}, '
  'kept: {name: {why, days}}}; 1000 rows a table at most: for each name in further ask again with p_table and p_skip. One at a time for one person.';
grant execute on function public.export_my_data(text, int) to authenticated;
update public.app_settings set value = value || '{"exports_per_minute": 12}' where key = 'limits';
