-- Owns: what else a session's stream tells the room: mutes, removals, hands, milestones, and that it will end by itself.
-- Told at the cost of one event each, no matter who made the change; the payloads are those of schemas/live-event.schema.json.

-- ── mutes and hands ────────────────────────────────────────────────────────────────────────────────────────────
create function live.tell_mic() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions;
begin
  select * into session from public.live_sessions s where s.id = new.session_id;
  if session.status <> 'live' then
    return null;
  elsif new.mic_muted and not new.mic_by_all then
    perform live.append_event(new.session_id, 'muted',
      jsonb_build_object('user_id', new.user_id, 'until', live.instant(new.mic_muted_until)));
  -- Whom mute_all muted, unmute_all frees: both are told once, for everyone.
  elsif old.mic_muted and not new.mic_muted and (not old.mic_by_all or session.mute_all_rank is not null) then
    perform live.append_event(new.session_id, 'unmuted', jsonb_build_object('user_id', new.user_id));
  end if;
  return null;
end;
$$;
comment on function live.tell_mic is 'Trigger: the room is told about a mute by name and its end.';
create trigger tell_mic after update on public.live_participants
  for each row when ((old.mic_muted, old.mic_by_all, old.mic_muted_until)
                     is distinct from (new.mic_muted, new.mic_by_all, new.mic_muted_until))
  execute function live.tell_mic();

create function live.tell_hand() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from public.live_sessions s where s.id = new.session_id and s.status = 'live') then
    perform live.append_event(new.session_id,
      case when new.hand_raised_at is null then 'hand_lowered' else 'hand_raised' end,
      jsonb_build_object('user_id', new.user_id));
  end if;
  return null;
end;
$$;
comment on function live.tell_hand is 'Trigger: the room is told about a hand that goes up or down; a session''s end lowers all of them silently.';
create trigger tell_hand after update on public.live_participants
  for each row when ((old.hand_raised_at is null) <> (new.hand_raised_at is null)) execute function live.tell_hand();

create function live.tell_mute_all() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.mute_all_rank is null then
    perform live.append_event(new.id, 'unmuted', '{"user_id": null}');
  else
    perform live.append_event(new.id, 'muted', '{"user_id": null, "until": null}');
  end if;
  return null;
end;
$$;
comment on function live.tell_mute_all is 'Trigger: the room is told once that everyone is muted, or no longer.';
create trigger tell_mute_all after update on public.live_sessions
  for each row when (new.status = 'live' and (old.mute_all_rank is null) <> (new.mute_all_rank is null))
  execute function live.tell_mute_all();

-- ── removals ───────────────────────────────────────────────────────────────────────────────────────────────────
create function live.tell_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from public.live_participants p
              join public.live_sessions s on s.id = p.session_id and s.status = 'live'
             where p.session_id = new.session_id and p.user_id = new.target_user_id and p.is_online) then
    perform live.append_event(new.session_id, 'removed', jsonb_build_object('user_id', new.target_user_id));
  end if;
  return null;
end;
$$;
comment on function live.tell_removal is
  'Trigger: the room is told that somebody who is there is removed, as soon as that is decided. The door holds the session.';
create trigger tell_removal after insert on public.moderation_actions
  for each row when (new.action in ('kick', 'ban') and not new.dry_run) execute function live.tell_removal();

-- ── milestones ─────────────────────────────────────────────────────────────────────────────────────────────────
create function live.tell_milestone() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  reached constant int := (
    select max(m) from unnest(array[10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000]) m
     where m > old.peak_viewers and m <= new.peak_viewers);
begin
  -- A late report can lower the peak: what was celebrated once is not celebrated again.
  if reached is not null and not exists (
      select from public.live_events e
       where e.session_id = new.id and e.type = 'viewer_milestone' and (e.payload ->> 'viewers')::int >= reached) then
    perform live.append_event(new.id, 'viewer_milestone', jsonb_build_object('viewers', reached));
  end if;
  return null;
end;
$$;
comment on function live.tell_milestone is 'Trigger: the room is told when more people than ever watch at once, by round numbers.';
create trigger tell_milestone after update on public.live_sessions
  for each row when (new.status = 'live' and new.peak_viewers > old.peak_viewers) execute function live.tell_milestone();

-- ── the coming end ─────────────────────────────────────────────────────────────────────────────────────────────
alter table public.live_sessions add column ends_at timestamptz;
comment on column public.live_sessions.ends_at is
  'When it will end by itself because its host is away, once the room was told; null while it will not.';

create function live.tell_end() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.ends_at is null then
    perform live.append_event(new.id, 'session_resumed', '{"reason": "host_back"}');
  else
    perform live.append_event(new.id, 'session_ending',
      jsonb_build_object('ends_at', live.instant(new.ends_at), 'reason', 'host_away'));
  end if;
  return null;
end;
$$;
comment on function live.tell_end is 'Trigger: the room is told when the session will end, and that it will not after all.';
create trigger tell_end after update on public.live_sessions
  for each row when (new.status = 'live' and old.ends_at is distinct from new.ends_at) execute function live.tell_end();

create function live.forget_end() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.ends_at := null;
  return new;
end;
$$;
comment on function live.forget_end is 'Trigger: with a host in the room, or after the end, no end is to come.';
create trigger forget_end before update on public.live_sessions
  for each row when (new.ends_at is not null and (new.host_left_at is null or new.status <> 'live'))
  execute function live.forget_end();

create function live.announce_ends() returns int
language plpgsql set search_path = '' as $$
declare
  grace constant interval := live.setting_interval('session.host_grace_seconds');
  -- A phone that only reconnects is back before this.
  patience constant interval := least(interval '5 seconds', grace / 4);
  announced int;
begin
  with away as (
    select s.id from public.live_sessions s
     where s.status = 'live'
       and s.host_left_at between clock_timestamp() - grace and clock_timestamp() - patience
       and s.ends_at is distinct from s.host_left_at + grace
     order by s.id limit live.at_a_time() for no key update skip locked)
  update public.live_sessions s set ends_at = s.host_left_at + grace from away where s.id = away.id;
  get diagnostics announced = row_count;
  return announced;
end;
$$;
comment on function live.announce_ends is 'Tells sessions whose host stays away when they will end; how many. end_hostless_sessions ends them.';
