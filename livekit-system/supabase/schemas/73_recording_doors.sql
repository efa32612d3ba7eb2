-- Owns: what the edge functions ask about recordings: starting and stopping one. p_user is whom the edge function has verified.

create table public.live_recording_stops (
  creator_id uuid primary key,
  reason text not null check (char_length(reason) between 3 and 500),
  stopped_by uuid,
  stopped_at timestamptz not null default clock_timestamp()
);
comment on table public.live_recording_stops is 'Creators whose sessions are not recorded, by decision of ops.';
comment on column public.live_recording_stops.creator_id is 'The creator.';
comment on column public.live_recording_stops.reason is 'Why.';
comment on column public.live_recording_stops.stopped_by is 'Who of ops decided; null for server code.';
comment on column public.live_recording_stops.stopped_at is 'When.';
alter table public.live_recording_stops enable row level security;
grant select on public.live_recording_stops to authenticated, service_role;
create policy "ops see whose sessions are not recorded" on public.live_recording_stops for select to authenticated using ((select live.am_ops()));
insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('public.live_recording_stops', '{creator_id}', '{stopped_by}', 'true', null, null, 'false',
   'That ops do not let this creator record, and why: until they do again or the account is deleted.');

create function public.set_recording_allowed(creator_id uuid, allowed boolean, reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
begin
  if allowed is null then
    perform live.refuse(400, 'invalid_choice', 'Say true to allow recordings of this creator, false to forbid them.');
  elsif reason is null or char_length(btrim(reason)) < 3 or live.text_fault(reason, 500, true) is not null then
    perform live.refuse(400, 'bad_reason', 'Say why, in 3 to 500 characters.');
  elsif allowed then
    delete from public.live_recording_stops t where t.creator_id = set_recording_allowed.creator_id;
  else
    insert into public.live_recording_stops as t (creator_id, reason, stopped_by) values (set_recording_allowed.creator_id, btrim(reason), me)
    on conflict on constraint live_recording_stops_pkey do update set reason = excluded.reason, stopped_by = me, stopped_at = clock_timestamp();
    perform live.drop_wishes(s.id, 'stopped') from public.live_sessions s
      where s.creator_id = set_recording_allowed.creator_id and s.status = 'live';
  end if;
  return jsonb_build_object('creator_id', set_recording_allowed.creator_id, 'allowed', allowed);
end;
$$;
comment on function public.set_recording_allowed(uuid, boolean, text) is
  'Ops forbid, or allow again, recordings of a creator''s sessions: {creator_id, allowed}. What is recorded of them just now stops.';
grant execute on function public.set_recording_allowed(uuid, boolean, text) to authenticated;

-- ── minutes ──────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.recorded_minutes(p_from timestamptz, p_to timestamptz) returns numeric
language plpgsql stable security definer set search_path = '' as $$
begin
  -- LiveKit counts begun minutes of each Egress.
  return (select coalesce(sum(ceil(extract(epoch from least(coalesce(t.ended_at, clock_timestamp()), p_to) - greatest(t.started_at, p_from)) / 60)), 0)
            from public.live_recording_parts t
           where t.started_at < p_to and coalesce(t.ended_at, 'infinity') > p_from);
end;
$$;
comment on function live.recorded_minutes(timestamptz, timestamptz) is 'Minutes that Egress has recorded in a stretch of time, each begun one counted, as LiveKit does.';

create function live.recording_usage() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  first_day constant timestamptz := date_trunc('month', clock_timestamp(), 'UTC');
  used constant numeric := live.recorded_minutes(first_day, 'infinity');
  allowed constant numeric := nullif((live.setting('recording.monthly_minutes'))::numeric, 0);
begin
  return jsonb_build_object('used', used, 'limit', allowed, 'ratio', round(used / allowed, 4), 'level', live.usage_level(used / allowed));
end;
$$;
comment on function live.recording_usage() is 'Recorded minutes of this month (UTC) against recording.monthly_minutes: {used, limit, ratio, level: ok, warning or exceeded}; without a limit level is ok.';

create function public.recording_usage() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform live.require_ops_or_service();
  return live.recording_usage();
end;
$$;
comment on function public.recording_usage() is
  'For ops and server code: minutes recorded this month (UTC) against recording.monthly_minutes: {used, limit, ratio, level: ok, warning or exceeded}.';
grant execute on function public.recording_usage() to authenticated, service_role;

-- ── start ────────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.recording_answer(p_recording public.live_recordings) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('recording', live.columns_of(to_jsonb(p_recording), array['id', 'session_id', 'mode', 'mp4', 'state', 'wanted', 'requested_by',
    'requested_via', 'requested_at', 'begins_at', 'max_until', 'active_at', 'stopped_at', 'ready_at', 'bytes', 'duration_seconds', 'error_code',
    'error', 'gaps', 'unwanted_at', 'unwanted_why', 'retention_until']));
end;
$$;
comment on function live.recording_answer(public.live_recordings) is '{recording}: a recording as host and ops see it.';

create function live.recording_rank(p_session public.live_sessions, p_user uuid) returns text
language plpgsql stable set search_path = '' as $$
declare
  rank constant int := live.rank_of(p_session.type, (select p.role from public.live_participants p
                                                      where p.session_id = p_session.id and p.user_id = p_user));
begin
  return case
    when live.standing_fault(p_user, p_session.id, p_session.creator_id) is not null then null
    when p_session.creator_id = p_user or rank >= live.rank_of(p_session.type, 'host')
      or ((live.setting('recording.co_host'))::boolean and rank >= live.rank_of(p_session.type, 'co_host')) then 'app'
    when live.is_ops(p_user) then 'ops' end;
end;
$$;
comment on function live.recording_rank(public.live_sessions, uuid) is
  'As what somebody may start and stop recordings of a session: app (host; co-host by recording.co_host), ops, or null: not at all.';

create function live.session_to_record(p_user uuid, p_session uuid) returns public.live_sessions
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
begin
  perform live.require_account(p_user);
  select * into session from public.live_sessions s where s.id = p_session for no key update;
  if session.id is null or live.recording_rank(session, p_user) is null then
    perform live.refuse(404, 'unknown_session', 'There is no such session of yours.');
  end if;
  return session;
end;
$$;
comment on function live.session_to_record(uuid, uuid) is 'A session for those who may record it, locked; refuses everyone else.';

create function live.refuse_to_record(p_session public.live_sessions, p_mode text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if p_mode not in ('audio', 'host', 'composite') or (p_mode = 'host' and p_session.type = 'audio_room') then
    perform live.refuse(400, 'invalid_mode', 'Choose a mode: audio, host (of a video live) or composite.');
  elsif not (live.setting('recording.enabled'))::boolean then
    perform live.refuse(403, 'recording_disabled', 'Recording is switched off for now.');
  elsif exists (select from public.live_recording_stops t where t.creator_id = p_session.creator_id) then
    perform live.refuse(403, 'recording_not_allowed', 'Sessions of this creator are not recorded.');
  elsif p_session.status <> 'live' then
    perform live.refuse_token(case p_session.status when 'ended' then 'session_ended' else 'session_not_live' end);
  elsif live.recording_usage() ->> 'level' = 'exceeded' then
    perform live.refuse(429, 'recording_minutes_used', 'The minutes that may be recorded in a month are used up.');
  end if;
end;
$$;
comment on function live.refuse_to_record(public.live_sessions, text) is 'Refuses what cannot be recorded now.';

create function live.announce_recording(p_recording public.live_recordings) returns void
language plpgsql set search_path = '' as $$
begin
  perform live.append_event(p_recording.session_id, 'recording_starting', jsonb_build_object(
    'recording_id', p_recording.id, 'mode', p_recording.mode, 'begins_at', live.instant(p_recording.begins_at),
    'answer_by', live.instant(live.answer_by(p_recording.begins_at)), 'notice_version', public.recording_notice() ->> 'version'));
end;
$$;
comment on function live.announce_recording(public.live_recordings) is 'Tells the room that it will be recorded, from when on, and until when one can answer.';

create function public.recording_start(p_user uuid, p_session uuid, p_mode text default null, p_mp4 boolean default false) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session constant public.live_sessions := live.session_to_record(p_user, p_session);
  chosen constant text := coalesce(p_mode, case session.type when 'audio_room' then 'audio' else 'host' end);
  via constant text := live.recording_rank(session, p_user);
  mine constant uuid := gen_random_uuid();
  begins constant timestamptz := clock_timestamp() + live.setting_interval('recording.announce_seconds');
  item public.live_recordings;
begin
  select * into item from public.live_recordings r where r.session_id = session.id and r.mode = chosen and r.wanted;
  if item.id is not null then
    return live.recording_answer(item);
  end if;
  perform live.refuse_to_record(session, chosen), live.spend(p_user, 'recordings_per_minute');
  insert into public.live_recordings (id, session_id, mode, mp4, requested_by, requested_via, begins_at, max_until, prefix)
  values (mine, session.id, chosen, coalesce(p_mp4, false), case via when 'app' then p_user end, via, begins,
          begins + make_interval(mins => (live.setting('recording.max_minutes'))::int), session.id || '/' || mine)
  returning * into item;
  perform live.note_recording_act(item.id, p_user, 'started', via);
  if via = 'app' then
    -- Who presses the button has read what it says.
    perform live.answer_recording(session.id, p_user, public.recording_notice() ->> 'version', true);
  end if;
  perform live.announce_recording(item);
  return live.recording_answer(item);
end;
$$;
comment on function public.recording_start(uuid, uuid, text, boolean) is
  'For recording-start: a session shall be recorded: {recording}. p_mode null: audio of an audio room, host of a video live. p_mp4: each part as one file, too. Asked again while it is wanted, the answer '
  'is the same recording. Refuses unknown_session, invalid_mode, recording_disabled, recording_not_allowed, session_not_live, session_ended, '
  'recording_minutes_used, rate_limited.';
grant execute on function public.recording_start(uuid, uuid, text, boolean) to service_role;

create function public.recording_stop(p_user uuid, p_recording uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item public.live_recordings;
  session public.live_sessions;
begin
  select * into item from public.live_recordings r where r.id = p_recording;
  if item.id is null then
    perform live.refuse(404, 'unknown_recording', 'There is no such recording of yours.');
  end if;
  session := live.session_to_record(p_user, item.session_id);
  update public.live_recordings r
     set wanted = false, unwanted_why = 'stopped', state = case r.state when 'requested' then 'aborted' else r.state end
   where r.id = item.id and r.wanted;
  if found then
    perform live.note_recording_act(item.id, p_user, 'stopped', live.recording_rank(session, p_user));
  end if;
  select * into item from public.live_recordings r where r.id = item.id;
  return live.recording_answer(item);
end;
$$;
comment on function public.recording_stop(uuid, uuid) is
  'For recording-stop: it shall go on no more: {recording}. Stopping a stopped one changes nothing. Refuses unknown_recording, unknown_session.';
grant execute on function public.recording_stop(uuid, uuid) to service_role;

create function live.tell_recording() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- The end of a session is the last that its stream says.
  perform live.append_event(s.id, case new.state when 'active' then 'recording_started' else 'recording_stopped' end,
                            jsonb_build_object('recording_id', new.id, 'mode', new.mode))
     from public.live_sessions s where s.id = new.session_id and s.status = 'live';
  return null;
end;
$$;
comment on function live.tell_recording() is 'Trigger: the room is told when it is recorded, and when it is not any more.';
create trigger tell_recording_started after update on public.live_recordings
  for each row when (old.active_at is null and new.active_at is not null) execute function live.tell_recording();
create trigger tell_recording_stopped after update on public.live_recordings
  for each row when (live.recording_runs(old.state) and not live.recording_runs(new.state)) execute function live.tell_recording();
