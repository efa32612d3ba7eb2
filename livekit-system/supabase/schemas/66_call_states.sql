-- Owns: a call's life: which status may follow which, its times and duration, and that nobody speaks in two calls at once.
--
--   initiated ─► ringing ─► accepted ─► ended        initiated, ringing ─► cancelled
--                   ├─► declined                     initiated, ringing, accepted ─► failed
--                   └─► missed

create table public.call_transitions (
  from_status text not null,
  to_status text not null,
  primary key (from_status, to_status)
);
comment on table public.call_transitions is 'The only steps a call may take. A status that no row starts from is final.';
comment on column public.call_transitions.from_status is 'Status now.';
comment on column public.call_transitions.to_status is 'Status that may follow.';
alter table public.call_transitions enable row level security;
grant select on public.call_transitions to service_role;

insert into public.call_transitions (from_status, to_status) values
  ('initiated', 'ringing'), ('initiated', 'cancelled'), ('initiated', 'failed'),
  ('ringing', 'accepted'), ('ringing', 'declined'), ('ringing', 'missed'), ('ringing', 'cancelled'), ('ringing', 'failed'),
  ('accepted', 'ended'), ('accepted', 'failed');

create table public.call_engagements (
  user_id uuid primary key,
  call_id uuid not null references public.calls (id) on delete cascade,
  answered_in text
);
comment on table public.call_engagements is
  'Who is in which accepted call. The primary key makes a second one impossible, from either side and in any race. A call that '
  'rings occupies nobody''s line.';
comment on column public.call_engagements.user_id is 'Caller or callee.';
comment on column public.call_engagements.call_id is 'The call that occupies them.';
comment on column public.call_engagements.answered_in is
  'Of the callee: the sign-in (session_id of the access token) that answered, so that another device of theirs is refused.';
create index call_engagements_by_call on public.call_engagements (call_id);
alter table public.call_engagements enable row level security;
grant select on public.call_engagements to service_role;

create function live.last_seen_in_call(p_call uuid) returns timestamptz
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select max(v.left_at) from public.live_visits v
     where v.call_id = p_call having bool_and(v.left_at is not null));
end;
$$;
comment on function live.last_seen_in_call(uuid) is
  'When the last of the two left; null while someone is in the room, and when nobody ever was.';

create function live.last_together_in_call(p_call public.calls) returns timestamptz
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select coalesce(min(x.seen), p_call.accepted_at) from (
      select case when bool_or(v.left_at is null) then 'infinity' else max(v.left_at) end as seen
        from unnest(array[p_call.caller_id, p_call.callee_id]) as party (id)
        left join public.live_visits v on v.call_id = p_call.id and v.user_id = party.id
       group by party.id having count(v.participant_sid) > 0) x
     -- Who never came was never there.
     having count(*) = 2);
end;
$$;
comment on function live.last_together_in_call(public.calls) is
  'Until when both sides of a call were in its room: when the first of them left for good, infinity while both are there; null '
  'when one of them never came.';

create function live.begin_call() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.status <> 'initiated' then
    perform live.refuse(409, 'illegal_transition', format('A call begins as initiated, not as %s.', new.status));
  end if;
  new.created_at := clock_timestamp();
  new.ringing_at := null;
  new.accepted_at := null;
  new.ended_at := null;
  new.duration_seconds := null;
  return new;
end;
$$;
comment on function live.begin_call() is 'Trigger: a call begins as initiated, at the database''s time.';
create trigger calls_begin before insert on public.calls for each row execute function live.begin_call();

-- A call that both sides left without a word ended when the second one left, and one that a side is alone in when the other
-- left: not when that was noticed.
create function live.step_call() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if (new.id, new.caller_id, new.callee_id, new.livekit_room)
     is distinct from (old.id, old.caller_id, old.callee_id, old.livekit_room)
     or (new.type <> old.type and (old.type, new.type, new.status) <> ('audio', 'video', 'accepted')) then
    perform live.refuse(409, 'immutable', 'Who calls whom and the room of a call never change, and its type only from audio to video.');
  elsif new.type <> old.type then
    new.desired_xid := pg_current_xact_id();
  end if;
  if new.status <> 'accepted' or new.type = 'video' then
    new.video_wanted_by := null;
  end if;
  new.created_at := old.created_at;
  new.ringing_at := old.ringing_at;
  new.accepted_at := old.accepted_at;
  new.ended_at := old.ended_at;
  new.duration_seconds := old.duration_seconds;
  if new.status = old.status then
    return new;
  end if;
  if not exists (select from public.call_transitions t where (t.from_status, t.to_status) = (old.status, new.status)) then
    perform live.refuse(409, 'illegal_transition', format('A call that is %s cannot become %s.', old.status, new.status));
  end if;
  new.desired_xid := pg_current_xact_id();
  if new.status = 'ringing' then
    new.ringing_at := clock_timestamp();
  elsif new.status = 'accepted' then
    new.accepted_at := clock_timestamp();
  else
    new.ended_at := case new.end_reason
      when 'both_left' then greatest(new.accepted_at, live.last_seen_in_call(new.id))
      when 'alone' then greatest(new.accepted_at, live.last_together_in_call(new)) end;
    new.ended_at := case when isfinite(new.ended_at) then new.ended_at else clock_timestamp() end;
    new.duration_seconds := floor(extract(epoch from new.ended_at - new.accepted_at));
  end if;
  return new;
end;
$$;
comment on function live.step_call() is 'Trigger: refuses illegal steps, no matter who asks, and sets the times and the duration. A wish for video ends with the audio call.';
create trigger calls_step before update on public.calls for each row execute function live.step_call();

-- One call that rings for each caller, and one that runs for each pair: a second request of either is refused before it
-- comes to this, by call_start; the indexes hold it in any race.
create unique index calls_one_ringing_per_caller on public.calls (caller_id) where status in ('initiated', 'ringing');
create unique index calls_one_per_pair on public.calls (least(caller_id, callee_id), greatest(caller_id, callee_id))
  where status in ('initiated', 'ringing', 'accepted');

create function live.engage_parties() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.call_engagements (user_id, call_id)
    select p.id, new.id from unnest(array[new.caller_id, new.callee_id]) as p (id) order by p.id
    on conflict (user_id) do nothing;
  if (select count(*) from public.call_engagements e where e.call_id = new.id) < 2 then
    if exists (select from public.call_engagements e where e.user_id = new.callee_id and e.call_id <> new.id) then
      perform live.refuse(409, 'already_in_call', 'You are in another call. End it first.');
    end if;
    perform live.refuse(409, 'call_not_ringing', 'This call is not ringing any more.');
  end if;
  return null;
end;
$$;
comment on function live.engage_parties() is 'Trigger: an accepted call occupies both parties, or is refused because one of them is in another.';
create trigger calls_engage after update of status on public.calls
  for each row when (old.status <> 'accepted' and new.status = 'accepted') execute function live.engage_parties();

create function live.release_parties() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if not live.call_is_running(new.status) then
    delete from public.call_engagements e where e.call_id = new.id;
  end if;
  return null;
end;
$$;
comment on function live.release_parties() is 'Trigger: a call that is over occupies nobody.';
create trigger calls_release after update of status on public.calls for each row execute function live.release_parties();
