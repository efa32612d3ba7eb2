-- Owns: how many viewers a session had at each moment, so that its peak is known without counting its visits. Each coming and
-- going is a step at its microsecond; a tree over time holds, for each stretch, the sum of its steps and the most that they
-- reach. A step changes one node of each level, whatever the room's size, and whatever order the reports come in.

create table live.presence_steps (
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  level int not null check (level between 0 and 4),
  node bigint not null,
  sum int not null,
  peak int not null,
  primary key (session_id, level, node)
) with (fillfactor = 70);
comment on table live.presence_steps is 'Comings and goings of a session''s viewers by time, and what they add up to.';
comment on column live.presence_steps.session_id is 'The session.';
comment on column live.presence_steps.level is '0: the steps of one microsecond. Each level above is a stretch of 256 nodes of the one below; 4: 71 minutes.';
comment on column live.presence_steps.node is 'Microseconds since 1970, without the last 8 bits for each level.';
comment on column live.presence_steps.sum is 'Viewers who came less viewers who went.';
comment on column live.presence_steps.peak is 'The most that the sum reaches after any step of the stretch, counted from its start.';
alter table live.presence_steps enable row level security;

create function live.top_of_steps(p_session uuid, p_level int, p_first bigint, p_last bigint, out sum int, out peak int)
language plpgsql stable set search_path = '' as $$
begin
  select sum(x.sum), max(x.before + x.peak) into sum, peak
    from (select n.sum, n.peak, sum(n.sum) over (order by n.node) - n.sum as before
            from live.presence_steps n
           where n.session_id = p_session and n.level = p_level and n.node between p_first and p_last) x;
end;
$$;
comment on function live.top_of_steps is 'Sum and peak of a row of neighbouring nodes; nulls when there are none.';

create function live.set_steps(p_session uuid, p_level int, p_node bigint, p_sum int, p_peak int) returns void
language plpgsql set search_path = '' as $$
begin
  if p_sum is null then
    delete from live.presence_steps n where n.session_id = p_session and n.level = p_level and n.node = p_node;
  else
    insert into live.presence_steps as n (session_id, level, node, sum, peak)
    values (p_session, p_level, p_node, p_sum, p_peak)
    on conflict (session_id, level, node) do update set sum = excluded.sum, peak = excluded.peak;
  end if;
end;
$$;
comment on function live.set_steps is 'Writes one node; without a sum there is nothing in its stretch, and it goes.';

create function live.add_step(p_session uuid, p_at timestamptz, p_step int) returns void
language plpgsql set search_path = '' as $$
declare
  moment bigint := (extract(epoch from p_at) * 1000000)::bigint;
  here int;
  top record;
begin
  here := p_step + coalesce((select n.sum from live.presence_steps n
                              where n.session_id = p_session and n.level = 0 and n.node = moment), 0);
  perform live.set_steps(p_session, 0, moment, nullif(here, 0), here);
  for above in 1..4 loop
    moment := moment >> 8;
    top := live.top_of_steps(p_session, above - 1, moment << 8, (moment << 8) + 255);
    perform live.set_steps(p_session, above, moment, top.sum, top.peak);
  end loop;
end;
$$;
comment on function live.add_step is 'So many viewers more (or less) from a moment on. The caller holds the session''s lock.';

create function live.peak_viewers(p_session uuid) returns int
language plpgsql stable set search_path = '' as $$
begin
  return greatest(0, (select t.peak from live.top_of_steps(p_session, 4, 0, 9223372036854775807) t));
end;
$$;
comment on function live.peak_viewers is 'Most viewers of a session at one time.';

insert into live.wake_marks (room) values ('steps');

create function live.forget_steps() returns int
language plpgsql set search_path = '' as $$
declare
  forgotten int;
begin
  if not live.take_mark('steps', interval '30 seconds') then
    return 0;
  end if;
  with recursive counted as (
    (select n.session_id from live.presence_steps n order by n.session_id limit 1)
    union all
    select (select n.session_id from live.presence_steps n where n.session_id > c.session_id order by n.session_id limit 1)
      from counted c where c.session_id is not null
  )
  delete from live.presence_steps n
   where n.session_id in (
     select s.id from counted c join public.live_sessions s on s.id = c.session_id
      where s.status = 'ended' and s.ended_at < clock_timestamp() - interval '1 day' limit 100);
  get diagnostics forgotten = row_count;
  return forgotten;
end;
$$;
comment on function live.forget_steps is
  'Deletes the steps of sessions that ended more than a day ago: their peak stays as it is. Twice a minute, at most 100 '
  'sessions at a time.';
