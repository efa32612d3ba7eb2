-- Owns: recordings as desired state: the wish (wanted), what is true (state) and the parts it is true of. A wish is made and dropped
-- here and nowhere else; the worker that holds the room makes LiveKit's Egress agree with it. Calls are never recorded: a
-- recording belongs to a session.
--
-- A recording is wanted from the moment that somebody asks. The room is told first (event recording_starting); nothing is recorded
-- before begins_at. A loss of Egress continues it as a further part, with the gap stated in the row. When the wish goes, what there is
-- is stopped, its files are looked at (processing), and it is ready, or failed when there is nothing to play.
-- Files: bucket `recordings`; part n of a recording lies below its prefix, <session>/<recording>/<n>/: the playlist index.m3u8, its
-- segments segment_00000.ts and on, perhaps recording.mp4, and pictures image_*.jpeg. With another S3 provider the same lies in a bucket
-- there: each part says where.

insert into public.app_settings (key, value, description) values
  ('recording.enabled', 'true', 'Whether recordings may be started.'),
  ('recording.co_host', 'false', 'Whether co-hosts may start and stop a recording, beside the host and ops.'),
  ('recording.announce_seconds', '10', 'How long before a recording begins those in the room learn it.'),
  ('recording.max_minutes', '240', 'After how many minutes a recording stops by itself.'),
  ('recording.monthly_minutes', '600', 'How many minutes may be recorded in a month: what the plan of LiveKit includes. 0: no limit.'),
  ('recording.retention_days', '90', 'For how many days a recording is kept after it was made.'),
  ('recording.tickets_valid', 'true', 'Whether a ticket of the session admits to its recording as well.'),
  ('recording.refundable_days', '14', 'For how many days a recording that was bought is promised: a ticket is paid back when the recording goes before, unless it was watched.'),
  ('recording.watched_part', '0.8', 'From which part of it on (0 to 1) a recording that was bought counts as watched.'),
  ('recording.stray_share', '0.1', 'Which part of the recordings that a look at a store sees (0 to 1) may be unknown to the database and be deleted; with more, none is. 0: never any.'),
  ('recording.link_seconds', '60', 'For how long a link to one segment is good.');

insert into storage.buckets (id, name, public) values ('recordings', 'recordings', false) on conflict (id) do nothing;

create table public.live_recordings (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references public.live_sessions (id) on delete restrict,
  mode text not null check (mode in ('audio', 'host', 'composite')),
  mp4 boolean not null default false,
  requested_by uuid,
  requested_via text not null default 'app' check (requested_via in ('app', 'ops')),
  wanted boolean not null default true,
  unwanted_at timestamptz,
  unwanted_why text check (unwanted_why in ('stopped', 'session_ended', 'time_over', 'failed', 'account_deleted')),
  state text not null default 'requested'
    check (state in ('requested', 'starting', 'active', 'stopping', 'processing', 'ready', 'failed', 'aborted', 'deleted')),
  state_at timestamptz not null default clock_timestamp(),
  requested_at timestamptz not null default clock_timestamp(),
  begins_at timestamptz not null,
  max_until timestamptz not null,
  active_at timestamptz,
  stopped_at timestamptz,
  ready_at timestamptz,
  prefix text not null unique,
  bytes bigint check (bytes >= 0),
  duration_seconds double precision check (duration_seconds >= 0),
  error_code text check (char_length(error_code) <= 100),
  error text check (char_length(error) <= 1000),
  gaps jsonb not null default '[]' check (jsonb_typeof(gaps) = 'array'),
  errand bigint not null default 0,
  errand_by text,
  errand_until timestamptz,
  retention_until timestamptz,
  legal_hold boolean not null default false,
  delete_claimed_at timestamptz,
  deleted_at timestamptz,
  changed_xid xid8 not null default pg_current_xact_id(),
  check (max_until > begins_at),
  check (wanted = (unwanted_at is null)),
  check ((state = 'deleted') = (deleted_at is not null))
);
comment on table public.live_recordings is 'Recordings of sessions: what is wanted, what is true, and how long the files are kept. The row outlives them.';
comment on column public.live_recordings.id is 'Id of the recording.';
comment on column public.live_recordings.session_id is 'What is recorded. Never a call.';
comment on column public.live_recordings.mode is 'audio (sound alone), host (picture and sound of the host) or composite (everybody, laid out).';
comment on column public.live_recordings.mp4 is 'Whether each part is stored as one MP4 as well, for its creator to keep.';
comment on column public.live_recordings.requested_by is 'Who asked for it; null for ops, whom live_recording_acts alone names.';
comment on column public.live_recordings.requested_via is 'app (the host or a co-host) or ops.';
comment on column public.live_recordings.wanted is 'The wish: whether it shall go on. It never becomes true again; that is another recording.';
comment on column public.live_recordings.unwanted_at is 'When the wish ended; null while it stands.';
comment on column public.live_recordings.unwanted_why is 'Why: stopped (somebody did), session_ended, time_over (max_until), failed or account_deleted.';
comment on column public.live_recordings.state is 'What is true: requested, starting, active, stopping, processing (its files are looked at), ready, or failed, aborted (before anything '
  'was recorded), deleted. live_recording_transitions says what may follow.';
comment on column public.live_recordings.state_at is 'Since when it is so.';
comment on column public.live_recordings.requested_at is 'When it was asked for.';
comment on column public.live_recordings.begins_at is 'When it may begin, as the room was told; nothing is recorded before.';
comment on column public.live_recordings.max_until is 'When it stops whatever happens.';
comment on column public.live_recordings.active_at is 'When Egress first recorded; null while it never has.';
comment on column public.live_recordings.stopped_at is 'When its last part ended.';
comment on column public.live_recordings.ready_at is 'When it could be played.';
comment on column public.live_recordings.prefix is 'Where its files are in the bucket: <session>/<recording>. The clock of the recording is the parts'' one after the other.';
comment on column public.live_recordings.bytes is 'Size of all its files.';
comment on column public.live_recordings.duration_seconds is 'How long it plays.';
comment on column public.live_recordings.error_code is 'The last failure as a code, whether or not it was overcome: storage, lost, limit, timeout, refused; files_gone while it is ready and its files are not where they were stored.';
comment on column public.live_recordings.error is 'The same in words that help.';
comment on column public.live_recordings.gaps is 'What is missing between parts: [{"from_at", "to_at", "why"}].';
comment on column public.live_recordings.errand is 'Grows each time a worker takes it over that does not hold the room: fences the one before.';
comment on column public.live_recordings.errand_by is 'Which worker sees to it where nobody holds the room.';
comment on column public.live_recordings.errand_until is 'Until when.';
comment on column public.live_recordings.retention_until is 'When its files are deleted, unless they are held; null while it runs.';
comment on column public.live_recordings.legal_hold is 'Whether ops hold it, whatever its retention says.';
comment on column public.live_recordings.delete_claimed_at is 'When a worker last set out to delete its files.';
comment on column public.live_recordings.deleted_at is 'When its files were deleted.';
comment on column public.live_recordings.changed_xid is 'Transaction of the last change that an agent must know of.';
create unique index live_recordings_one_wanted on public.live_recordings (session_id, mode) where wanted;
create index live_recordings_wanted on public.live_recordings (max_until) where wanted;
create index live_recordings_of_session on public.live_recordings (session_id, requested_at desc);
create index live_recordings_open on public.live_recordings (state_at) where state in ('requested', 'starting', 'active', 'stopping', 'processing');
create index live_recordings_by_request on public.live_recordings (requested_at desc, id);
create index live_recordings_to_delete on public.live_recordings (retention_until) where deleted_at is null;
create index live_recordings_by_age on public.live_recordings (deleted_at) where deleted_at is not null;
create index live_recordings_changed on public.live_recordings (changed_xid);
alter table public.live_recordings enable row level security;
grant select on public.live_recordings to authenticated, service_role;
create policy "staff see their sessions' recordings, ops all" on public.live_recordings for select to authenticated
  using (session_id in (select live.my_staffed_sessions()) or (select live.am_ops()));

create table public.live_recording_parts (
  recording_id uuid not null references public.live_recordings (id) on delete cascade,
  number int not null check (number between 1 and 1000),
  egress_id text check (egress_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  prefix text not null,
  store text not null default 'supabase' check (store = 'supabase' or store ~ '^https?://[^/]+(/[^/?#]+)*$' and char_length(store) <= 300),
  asked_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  bytes bigint check (bytes >= 0),
  duration_seconds double precision check (duration_seconds >= 0),
  error text check (char_length(error) <= 1000),
  primary key (recording_id, number),
  check (ended_at >= started_at)
);
comment on table public.live_recording_parts is 'The parts of a recording, each one Egress: after a loss it goes on as a further part.';
comment on column public.live_recording_parts.recording_id is 'The recording.';
comment on column public.live_recording_parts.number is '1, 2, 3…';
comment on column public.live_recording_parts.egress_id is 'LiveKit''s id; null while Egress was asked and has not answered.';
comment on column public.live_recording_parts.prefix is 'Where its files are: the recording''s prefix and its number.';
comment on column public.live_recording_parts.store is 'Where its files lie: supabase (the bucket recordings of this project''s Storage), or the address of a bucket of another S3 provider. It stays when the settings change.';
comment on column public.live_recording_parts.asked_at is 'When Egress was asked.';
comment on column public.live_recording_parts.started_at is 'When it began to record: the clock of chapters and chat.';
comment on column public.live_recording_parts.ended_at is 'When it ended, or was found to have ended.';
comment on column public.live_recording_parts.bytes is 'Size of its files.';
comment on column public.live_recording_parts.duration_seconds is 'How long it plays.';
comment on column public.live_recording_parts.error is 'Why it ended before its time; null when it was stopped.';
create unique index live_recording_parts_of_egress on public.live_recording_parts (egress_id) where egress_id is not null;
create index live_recording_parts_by_end on public.live_recording_parts (coalesce(ended_at, 'infinity'::timestamptz));
alter table public.live_recording_parts enable row level security;
grant select on public.live_recording_parts to authenticated, service_role;
create policy "who sees the recording sees its parts" on public.live_recording_parts for select to authenticated
  using (exists (select from public.live_recordings r where r.id = recording_id));

create table public.live_recording_transitions (
  from_state text not null,
  to_state text not null,
  primary key (from_state, to_state)
);
comment on table public.live_recording_transitions is 'Which state of a recording may follow which; everything else is refused.';
comment on column public.live_recording_transitions.from_state is 'The state it has; new for a row being inserted.';
comment on column public.live_recording_transitions.to_state is 'A state it may have next.';
alter table public.live_recording_transitions enable row level security;
grant select on public.live_recording_transitions to service_role;
insert into public.live_recording_transitions (from_state, to_state) values
  ('new', 'requested'),
  ('requested', 'starting'), ('requested', 'failed'), ('requested', 'aborted'),
  ('starting', 'active'), ('starting', 'stopping'), ('starting', 'processing'), ('starting', 'failed'), ('starting', 'aborted'),
  ('active', 'starting'), ('active', 'stopping'), ('active', 'processing'), ('active', 'failed'),
  ('stopping', 'processing'), ('stopping', 'failed'), ('stopping', 'aborted'),
  ('processing', 'ready'), ('processing', 'failed'),
  ('ready', 'deleted'), ('failed', 'deleted'), ('aborted', 'deleted');

create function live.recording_runs(p_state text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return p_state in ('requested', 'starting', 'active', 'stopping');
end;
$$;
comment on function live.recording_runs(text) is 'Whether something is, or is about to be, recorded in this state.';

create function live.recording_is_over(p_state text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return p_state in ('ready', 'failed', 'aborted', 'deleted');
end;
$$;
comment on function live.recording_is_over(text) is 'Whether nothing more becomes of a recording but its deletion.';

create function live.guard_recording() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  old_state constant text := case tg_op when 'INSERT' then 'new' else old.state end;
begin
  if tg_op = 'UPDATE' and (new.id, new.session_id, new.mode, new.mp4, new.prefix, new.requested_at)
      is distinct from (old.id, old.session_id, old.mode, old.mp4, old.prefix, old.requested_at) then
    perform live.refuse(409, 'immutable', 'A recording''s id, session, mode, place and birth never change.');
  elsif tg_op = 'UPDATE' and new.wanted and not old.wanted then
    perform live.refuse(409, 'illegal_transition', 'A recording that was stopped is not wanted again: start another.');
  end if;
  if old_state <> new.state then
    if not exists (select from public.live_recording_transitions t where t.from_state = old_state and t.to_state = new.state) then
      perform live.refuse(409, 'illegal_transition', format('A recording that is %s cannot become %s.', old_state, new.state));
    end if;
    new.state_at := clock_timestamp();
    new.active_at := case when new.state = 'active' then coalesce(new.active_at, clock_timestamp()) else new.active_at end;
    new.ready_at := case when new.state = 'ready' then clock_timestamp() else new.ready_at end;
    new.deleted_at := case when new.state = 'deleted' then clock_timestamp() end;
    if live.recording_is_over(new.state) then
      new.stopped_at := coalesce(new.stopped_at, clock_timestamp());
      new.retention_until := coalesce(new.retention_until,
        clock_timestamp() + case new.unwanted_why when 'account_deleted' then interval '0'
                            else make_interval(days => (live.setting('recording.retention_days'))::int) end);
    end if;
    if new.wanted and not live.recording_runs(new.state) then
      new.wanted := false;
      new.unwanted_why := 'failed';
    end if;
  end if;
  new.unwanted_at := case when not new.wanted then coalesce(new.unwanted_at, clock_timestamp()) end;
  if tg_op = 'INSERT' or (new.wanted, new.state, new.max_until) is distinct from (old.wanted, old.state, old.max_until) then
    new.changed_xid := pg_current_xact_id();
  end if;
  return new;
end;
$$;
comment on function live.guard_recording() is 'Trigger: the recording''s state machine and its times. What runs no more is not wanted.';
create trigger guard_recording before insert or update on public.live_recordings
  for each row execute function live.guard_recording();

create function live.wake_for_recording() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.wake(live.room_of(new.session_id, null));
  perform live.tell_session(new.session_id, 'live_recordings', jsonb_build_array(new.id));
  return null;
end;
$$;
comment on function live.wake_for_recording() is 'Trigger: wakes the worker of the room when a wish or a state changes, and tells console and app.';
create trigger wake_for_new_recording after insert on public.live_recordings
  for each row execute function live.wake_for_recording();
create trigger wake_for_recording after update on public.live_recordings
  for each row when (old.changed_xid <> new.changed_xid) execute function live.wake_for_recording();

create function live.drop_wishes(p_session uuid, p_why text) returns int
language plpgsql set search_path = '' as $$
declare
  dropped int;
begin
  update public.live_recordings r
     set wanted = false, unwanted_why = p_why, state = case r.state when 'requested' then 'aborted' else r.state end
   where r.session_id = p_session and r.wanted;
  get diagnostics dropped = row_count;
  return dropped;
end;
$$;
comment on function live.drop_wishes(uuid, text) is 'Nothing of a session shall be recorded any more; what nobody had begun is aborted. How many recordings.';

create function live.stop_recordings_at_end() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.drop_wishes(new.id, case new.end_reason when 'account_deleted' then 'account_deleted' else 'session_ended' end);
  return null;
end;
$$;
comment on function live.stop_recordings_at_end() is 'Trigger: a session that ends is not recorded any more.';
create trigger stop_recordings_at_end after update of status on public.live_sessions
  for each row when (old.status <> 'ended' and new.status = 'ended') execute function live.stop_recordings_at_end();

-- ── who did what ─────────────────────────────────────────────────────────────────────────────────────────────────
create table public.live_recording_acts (
  id uuid primary key default gen_random_uuid(),
  recording_id uuid not null references public.live_recordings (id) on delete cascade,
  user_id uuid,
  act text not null check (act in ('started', 'stopped', 'deleted', 'held', 'released', 'watched')),
  via text not null check (via in ('app', 'ops')),
  reason text check (char_length(reason) <= 500),
  at timestamptz not null default clock_timestamp()
);
comment on table public.live_recording_acts is 'Who started, stopped, deleted, held or, of ops, watched a recording, and why: the audit.';
comment on column public.live_recording_acts.id is 'Id.';
comment on column public.live_recording_acts.recording_id is 'The recording.';
comment on column public.live_recording_acts.user_id is 'Who; null for server code.';
comment on column public.live_recording_acts.act is 'started, stopped, deleted, held, released or watched (ops only).';
comment on column public.live_recording_acts.via is 'app or ops.';
comment on column public.live_recording_acts.reason is 'Why, in their words, where they were asked.';
comment on column public.live_recording_acts.at is 'When.';
create index live_recording_acts_of_recording on public.live_recording_acts (recording_id, at);
create index live_recording_acts_by_age on public.live_recording_acts (at);
alter table public.live_recording_acts enable row level security;
grant select on public.live_recording_acts to authenticated, service_role;
create policy "ops see who did what with recordings" on public.live_recording_acts for select to authenticated
  using ((select live.am_ops()));

create function live.note_recording_act(p_recording uuid, p_user uuid, p_act text, p_via text, p_reason text default null) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.live_recording_acts (recording_id, user_id, act, via, reason) values (p_recording, p_user, p_act, p_via, left(btrim(p_reason), 500));
end;
$$;
comment on function live.note_recording_act(uuid, uuid, text, text, text) is 'Writes who did what with a recording.';

insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('public.live_recordings', '{}', '{requested_by}', 'true', 'retention.actions_days', 't.deleted_at', 't.deleted_at is null',
   'That a session was recorded, by whose wish and until when. Not exported: who is heard is in their consents, which are.'),
  ('public.live_recording_acts', '{}', '{user_id}', 'true', 'retention.actions_days', 't.at',
   'exists (select from public.live_recordings r where r.id = t.recording_id and r.deleted_at is null)',
   'Who started, stopped, deleted or held a recording: the audit of hosts and operators. Not exported: recordings say what became of them.');
insert into live.personal_data (table_name, why)
select n, 'Holds nothing about a person: parts of recordings and states that may follow each other.'
  from unnest(array['public.live_recording_parts', 'public.live_recording_transitions']) as n;
