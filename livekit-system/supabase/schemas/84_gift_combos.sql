-- Owns: equal gifts of one sender in quick succession, told to the room once more as one (`gift_combo`). For display
-- only: the gifts themselves were told when they were given.

create table live.gift_runs (
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  sender_id uuid not null,
  gift_code text not null,
  gifts int not null,
  quantity bigint not null,
  coins bigint not null,
  first_seq bigint not null,
  last_seq bigint not null,
  began_at timestamptz not null,
  latest_at timestamptz not null,
  primary key (session_id, sender_id, gift_code)
) with (fillfactor = 50);
comment on table live.gift_runs is 'Runs of equal gifts that may still go on. Written under the session''s lock, like the gifts.';
comment on column live.gift_runs.session_id is 'Where.';
comment on column live.gift_runs.sender_id is 'Who gives.';
comment on column live.gift_runs.gift_code is 'What.';
comment on column live.gift_runs.gifts is 'How many gifts so far.';
comment on column live.gift_runs.quantity is 'Sum of their quantities.';
comment on column live.gift_runs.coins is 'Sum of their coins.';
comment on column live.gift_runs.first_seq is 'seq of the first.';
comment on column live.gift_runs.last_seq is 'seq of the latest.';
comment on column live.gift_runs.began_at is 'Time of the first.';
comment on column live.gift_runs.latest_at is 'Time of the latest.';
alter table live.gift_runs enable row level security;

create function live.run_is_over(p_run live.gift_runs) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return p_run.latest_at < clock_timestamp() - interval '3 seconds'
      or p_run.began_at < clock_timestamp() - interval '10 seconds';
end;
$$;
comment on function live.run_is_over is 'Whether a run has paused, or gone on for so long that it is told in parts.';

create function live.end_gift_runs(p_session uuid) returns int
language plpgsql set search_path = '' as $$
declare
  combos jsonb[];
begin
  with over as (
    delete from live.gift_runs r where r.session_id = p_session and live.run_is_over(r) returning r.*)
  select array_agg(to_jsonb(o) - '{session_id,began_at,latest_at}'::text[] order by o.last_seq) into combos
    from over o where o.gifts > 1;
  if combos is null then
    return 0;
  end if;
  perform live.append_events(p_session, 'gift_combo', combos);
  return cardinality(combos);
end;
$$;
comment on function live.end_gift_runs is
  'Tells the runs of a session that are over, those of more than one gift, in one go; how many. The caller holds the session.';

create function live.extend_gift_run() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  loop
    insert into live.gift_runs as r values (
      new.session_id, new.sender_id, new.gift_code, 1, new.quantity, new.coins, new.seq, new.seq,
      new.created_at, new.created_at)
    on conflict (session_id, sender_id, gift_code) do update set
      gifts = r.gifts + 1, quantity = r.quantity + excluded.quantity, coins = r.coins + excluded.coins,
      last_seq = excluded.last_seq, latest_at = excluded.latest_at
      where not live.run_is_over(r);
    exit when found;
    perform live.end_gift_runs(new.session_id);
  end loop;
  return null;
end;
$$;
comment on function live.extend_gift_run is 'Trigger: a gift begins a run or lengthens it.';
create trigger extend_gift_run after insert on public.live_gifts
  for each row execute function live.extend_gift_run();

create function live.forget_gift_runs() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from live.gift_runs r where r.session_id = new.id;
  return null;
end;
$$;
comment on function live.forget_gift_runs is 'Trigger: after the end of a session nobody looks at combos any more.';
create trigger forget_gift_runs after update on public.live_sessions
  for each row when (old.status = 'live' and new.status = 'ended') execute function live.forget_gift_runs();

create function live.tell_gift_combos() returns int
language plpgsql set search_path = '' as $$
declare
  session uuid;
  told int := 0;
begin
  for session in
    select s.id from public.live_sessions s
     where s.id in (select r.session_id from live.gift_runs r where live.run_is_over(r))
     order by s.id for no key update skip locked
  loop
    told := told + live.end_gift_runs(session);
  end loop;
  return told;
end;
$$;
comment on function live.tell_gift_combos is 'Tells every session''s runs that are over; how many combos.';
