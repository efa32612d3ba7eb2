-- Owns: the hints on live:session:<id>, ids of changed rows for console and app, and how many of them Realtime's budget allows.
-- Hosted Supabase counts each delivery of a message against one budget for the whole project, and drops everything past it in
-- silence. So a session sends one hint per interval, which grows with its audience, and what happens in between is in the next.

create table live.session_hints (
  session_id uuid primary key references public.live_sessions (id) on delete cascade,
  told_at timestamptz not null default '-infinity',
  n bigint not null default 0
) with (fillfactor = 50);
comment on table live.session_hints is 'When each session''s topic was last told what changed.';
comment on column live.session_hints.session_id is 'The session.';
comment on column live.session_hints.told_at is 'When the last hint was sent.';
comment on column live.session_hints.n is 'The number of the last hint: who misses one sees it by the next.';
alter table live.session_hints enable row level security;

create table live.held_hints (
  id bigint generated always as identity primary key,
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  table_name text not null,
  ids jsonb not null
);
comment on table live.held_hints is 'Changes that the next hint of a session will tell. Only ever added to and deleted, so that no writer waits for another.';
comment on column live.held_hints.id is 'In order.';
comment on column live.held_hints.session_id is 'The session.';
comment on column live.held_hints.table_name is 'The table whose rows changed.';
comment on column live.held_hints.ids is 'Ids of the rows.';
create index held_hints_of_session on live.held_hints (session_id);
alter table live.held_hints enable row level security;

create table live.hint_budget (
  one boolean primary key default true check (one),
  sessions int not null default 1 check (sessions > 0),
  counted_at timestamptz not null default '-infinity'
);
comment on table live.hint_budget is 'Among how many sessions the budget of hints is shared; counted anew every five seconds.';
comment on column live.hint_budget.one is 'There is one row.';
comment on column live.hint_budget.sessions is 'Sessions that sent a hint within a minute.';
comment on column live.hint_budget.counted_at is 'When they were counted.';
alter table live.hint_budget enable row level security;
insert into live.hint_budget default values;

create function live.is_watched(p_session public.live_sessions) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  -- A session that has not begun or is over has no room: its few changes are told to those who wait or have just left.
  return p_session.status <> 'live' or p_session.viewer_count > 0 or p_session.host_left_at is null
      or exists (select from public.live_level_watches w
                  where w.session_id = p_session.id and w.expires_at > clock_timestamp());
end;
$$;
comment on function live.is_watched is 'Whether anybody is in a live session''s room, or a moderator looks at its levels.';

create function live.count_hint_sessions() returns int
language plpgsql set search_path = '' as $$
declare
  budget live.hint_budget;
begin
  -- Never waits: while another transaction counts, the number of five seconds ago will do.
  select * into budget from live.hint_budget b where b.counted_at < clock_timestamp() - interval '5 seconds' for update skip locked;
  if found then
    update live.hint_budget b set counted_at = clock_timestamp(), sessions = greatest(1,
      (select count(*) from live.session_hints h where h.told_at > clock_timestamp() - interval '1 minute'));
  end if;
  return (select b.sessions from live.hint_budget b);
end;
$$;
comment on function live.count_hint_sessions is 'Among how many sessions the budget is shared.';

create function live.hint_interval(p_audience int, p_sessions int) returns interval
language plpgsql stable set search_path = '' as $$
declare
  -- The rest of the budget is for wake-ups, people''s own topics and levels.
  share constant double precision := 0.6 * live.setting('realtime.messages_per_second')::double precision / p_sessions;
begin
  -- A hint counts once as it is sent, and once for each who listens: the audience, the host, and somebody of the staff.
  return greatest(interval '250 milliseconds', make_interval(secs => (p_audience + 3) / share));
end;
$$;
comment on function live.hint_interval is 'The time between two hints of a session with so many viewers, when so many sessions share the budget.';

create function live.send_hint(p_session public.live_sessions, p_every interval, p_table text, p_ids jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  changed jsonb;
  place bigint;
begin
  with held as (delete from live.held_hints h where h.session_id = p_session.id returning h.id, h.table_name, h.ids),
       told as (select h.id, h.table_name, h.ids from held h
                union all
                select 9223372036854775807, p_table, p_ids where p_table is not null),
       listed as (select t.table_name, e.row_id, min(array[t.id, e.place]) as place
                    from told t cross join lateral jsonb_array_elements(t.ids) with ordinality as e (row_id, place) group by 1, 2),
       tables as (select l.table_name, case when count(*) <= 50 then jsonb_agg(l.row_id order by l.place) else '[]' end as ids
                    from listed l group by 1)
  select jsonb_object_agg(t.table_name, t.ids) into changed from tables t;
  if changed is null then
    return;
  end if;
  update live.session_hints h set told_at = clock_timestamp(), n = h.n + 1 where h.session_id = p_session.id returning h.n into place;
  perform realtime.send(jsonb_build_object('n', place, 'changed', changed, 'every_ms', round(extract(epoch from p_every) * 1000),
                                           'now', live.instant(clock_timestamp())),
                        'changed', 'live:session:' || p_session.id, true);
end;
$$;
comment on function live.send_hint is
  'Tells a session''s topic what changed, with what was held: {"n", "changed": {table: [ids]}, "every_ms", "now"}. No ids: more than 50, read anew.';

create function live.fold_hint(p_session public.live_sessions, p_table text, p_ids jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  hint live.session_hints;
  every constant interval := live.hint_interval(p_session.viewer_count, live.count_hint_sessions());
begin
  if every > interval '1 minute' then
    -- One hint alone would spend the minute's budget, and wake-ups with it: so large an audience reads by the clock.
    return;
  end if;
  -- Never waits: when another transaction tells, or has just told, this change is held for the next hint.
  select * into hint from live.session_hints h where h.session_id = p_session.id for update skip locked;
  if hint.told_at <= clock_timestamp() - every then
    perform live.send_hint(p_session, every, p_table, p_ids);
  else
    -- The first hint, or of a session that ended long ago. One at a time, and only where there is no row: an insert waits for
    -- anyone who has just added it or is changing it ("do nothing" too), and they may wait for this transaction's session.
    if hint.session_id is null and not exists (select from live.session_hints h where h.session_id = p_session.id)
        and pg_try_advisory_xact_lock(hashtextextended('session_hint ' || p_session.id, 0)) then
      insert into live.session_hints (session_id) values (p_session.id) on conflict do nothing;
    end if;
    insert into live.held_hints (session_id, table_name, ids) values (p_session.id, p_table, p_ids);
  end if;
end;
$$;
comment on function live.fold_hint is 'Tells that rows of a session changed: now, with its next hint, or not at all where a minute would not do for one.';

create function live.tell_session(p_session uuid, p_table text, p_ids jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
begin
  select * into session from public.live_sessions s where s.id = p_session;
  if live.is_watched(session) then
    perform live.fold_hint(session, p_table, p_ids);
  end if;
end;
$$;
comment on function live.tell_session is 'Tells console and app which rows of a session changed, if anybody watches: ids only.';

create function live.send_held_hints() returns int
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  sent int := 0;
  sessions int;
  every interval;
begin
  if not exists (select from live.held_hints) then
    return 0;
  end if;
  sessions := live.count_hint_sessions();
  for session in
    select s.* from public.live_sessions s join live.session_hints h on h.session_id = s.id
     where s.id in (select held.session_id from live.held_hints held)
       and h.told_at <= clock_timestamp() - live.hint_interval(s.viewer_count, sessions)
     order by s.id for update of h skip locked
  loop
    every := live.hint_interval(session.viewer_count, sessions);
    if every > interval '1 minute' then
      -- The audience has outgrown hints meanwhile.
      delete from live.held_hints h where h.session_id = session.id;
    else
      perform live.send_hint(session, every, null, '[]');
      sent := sent + 1;
    end if;
  end loop;
  return sent;
end;
$$;
comment on function live.send_held_hints is 'Sends the hints that were held and are due now: how many. With every beat and sweep.';
