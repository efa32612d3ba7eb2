-- Owns: rooms whose session or call the database does not know, and when they are ended.

create table live.orphan_rooms (
  room text primary key,
  first_seen_at timestamptz not null default clock_timestamp(),
  last_seen_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz
);
comment on table live.orphan_rooms is
  'Rooms of LiveKit''s that have a name of ours and belong to no session and no call: left by a row that was deleted, or '
  'by a database that was restored.';
comment on column live.orphan_rooms.room is 'LiveKit room.';
comment on column live.orphan_rooms.first_seen_at is 'Since when it is listed.';
comment on column live.orphan_rooms.last_seen_at is 'When it was listed last.';
comment on column live.orphan_rooms.closed_at is 'When it was last ordered to be closed.';
alter table live.orphan_rooms enable row level security;

create function live.orphan_rooms(p_rooms text[]) returns jsonb
language plpgsql set search_path = '' as $$
declare
  known int;
  closing text[] := '{}';
begin
  if p_rooms is null then
    return '{}';
  end if;
  insert into live.orphan_rooms as o (room)
  select r.room from unnest(p_rooms) as r (room)
   where r.room ~ '^(live|call)_[0-9a-f]{32}$'
     and not exists (select from public.live_sessions s where s.livekit_room = r.room)
     and not exists (select from public.calls c where c.livekit_room = r.room)
  on conflict (room) do update set last_seen_at = clock_timestamp();
  -- Gone, or known after all. One that was closed is remembered for its minute, which it counts in.
  delete from live.orphan_rooms o
   where o.last_seen_at < statement_timestamp() and coalesce(o.closed_at, '-infinity') < clock_timestamp() - interval '1 minute';
  select count(*) into known from live.orphan_rooms o where o.last_seen_at >= statement_timestamp();
  if known <= live.limit_of('orphan_rooms_at_once') then
    with due as (
      select o.room from live.orphan_rooms o
       where o.last_seen_at >= statement_timestamp()
         and o.first_seen_at < clock_timestamp() - interval '1.5 seconds'  -- seen at two looks
         and coalesce(o.closed_at, '-infinity') < clock_timestamp() - interval '10 seconds'
       order by o.first_seen_at, o.room
       limit greatest(0, live.limit_of('orphan_rooms_per_minute')::int - (
         select count(*) from live.orphan_rooms c where c.closed_at > clock_timestamp() - interval '1 minute'))
    ), closed as (
      update live.orphan_rooms o set closed_at = clock_timestamp() from due where o.room = due.room returning o.room)
    select coalesce(array_agg(c.room), '{}') into closing from closed c;
  end if;
  return jsonb_build_object('orphan_rooms', known, 'close_rooms', to_jsonb(closing));
end;
$$;
comment on function live.orphan_rooms(text[]) is
  'Looks for rooms with a name of ours that the database does not know: {"orphan_rooms": how many, "close_rooms": which to '
  'close now}. One is closed at its second look; limits.orphan_rooms_per_minute in a minute at most; and none while there are '
  'more than limits.orphan_rooms_at_once: then it is the database that has lost its memory, and not the rooms their sessions.';
