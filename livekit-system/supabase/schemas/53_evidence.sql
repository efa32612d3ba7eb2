-- Owns: sound that is kept as evidence: for whom a worker may keep the last seconds in memory, what becomes a clip and why,
-- who looked at it, and how long it is held. Nobody's sound is kept without a cause, and none of calls ever: a clip belongs
-- to a session, and is refused without an incident or an order that is written here. The files are in the private bucket
-- `evidence` of Supabase's Storage; nobody but server code reaches them, and people of ops by links of a minute.

insert into public.app_settings (key, value, description) values
  ('evidence.seconds', '30', 'How much of the last sound of a person with a cause a worker keeps in memory; 0: no sound is kept of anybody.'),
  ('evidence.after_seconds', '10', 'How much of what follows belongs to a clip.'),
  ('evidence.link_seconds', '60', 'For how long a link to a clip is good.'),
  ('evidence.unreviewed_days', '7', 'For how many days a clip is held that nobody has judged.'),
  ('evidence.violation_days', '90', 'For how many days after its case was a violation a clip is held.');
update public.app_settings set value = value || '{"reports_for_evidence": 2, "evidence_links_per_minute": 30}' where key = 'limits';

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('evidence', 'evidence', false, 2097152, '{audio/ogg,image/jpeg}')
on conflict (id) do nothing;

alter table public.moderation_cases add column sound_kept_since timestamptz;
comment on column public.moderation_cases.sound_kept_since is
  'Since when this case is a cause to keep the person''s last seconds of sound: a rule asked for a human, two credible reports, or ops; null: it is none.';
alter table public.moderation_cases add column changed_xid xid8 not null default pg_current_xact_id();
comment on column public.moderation_cases.changed_xid is 'Transaction of the last change that an agent must know of.';
create index moderation_cases_changed on public.moderation_cases (changed_xid);
create index moderation_cases_of_session on public.moderation_cases (session_id) where session_id is not null;

create table live.evidence_orders (
  id uuid primary key,
  case_id uuid not null references public.moderation_cases (id) on delete cascade,
  why text not null check (why in ('reports', 'ops', 'speech')),
  asked_by uuid,
  asked_at timestamptz not null default clock_timestamp()
);
comment on table live.evidence_orders is 'Clips that were asked for, by a second report or by ops; of incidents the worker takes them by itself.';
comment on column live.evidence_orders.id is 'Id of the clip that it becomes.';
comment on column live.evidence_orders.case_id is 'The case, and so the person and the session.';
comment on column live.evidence_orders.why is 'reports, ops or speech.';
comment on column live.evidence_orders.asked_by is 'Who of ops asked.';
comment on column live.evidence_orders.asked_at is 'When.';
create index evidence_orders_of_case on live.evidence_orders (case_id, asked_at);
create index evidence_orders_by_age on live.evidence_orders (asked_at);
alter table live.evidence_orders enable row level security;

create table public.evidence_clips (
  id uuid primary key,
  session_id uuid not null references public.live_sessions (id) on delete restrict,
  incident_id uuid references public.moderation_incidents (id) on delete set null,
  case_id uuid references public.moderation_cases (id) on delete set null,
  user_id uuid not null,
  why text not null check (why in ('incident', 'reports', 'ops', 'speech', 'picture')),
  kind text not null default 'sound' check (kind in ('sound', 'picture')),
  from_at timestamptz not null,
  to_at timestamptz not null,
  path text not null unique,
  sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
  bytes int check (bytes > 0),
  created_at timestamptz not null default clock_timestamp(),
  stored_at timestamptz,
  retention_until timestamptz not null,
  legal_hold boolean not null default false,
  held_by uuid,
  delete_claimed_at timestamptz,
  deleted_at timestamptz,
  check (to_at >= from_at and to_at - from_at < interval '5 minutes'),
  check ((stored_at is null) or (sha256 is not null and bytes is not null))
);
comment on table public.evidence_clips is 'Sound that is kept as evidence: where, of whom, why, and until when. The row outlives the file.';
comment on column public.evidence_clips.id is 'Id of the clip.';
comment on column public.evidence_clips.session_id is 'Where it was heard. Never a call.';
comment on column public.evidence_clips.incident_id is 'The incident that it shows.';
comment on column public.evidence_clips.case_id is 'The case that it belongs to.';
comment on column public.evidence_clips.user_id is 'Who is heard. Kept when the account is deleted.';
comment on column public.evidence_clips.why is 'What made it a clip: incident, reports (a second credible one), ops, speech (words that met the lists) or picture.';
comment on column public.evidence_clips.kind is 'sound (Ogg/Opus), or picture: one frame of a camera (JPEG).';
comment on column public.evidence_clips.from_at is 'Start of the sound.';
comment on column public.evidence_clips.to_at is 'End of the sound.';
comment on column public.evidence_clips.path is 'The file in the bucket evidence.';
comment on column public.evidence_clips.sha256 is 'Hash of the file, as the worker made it.';
comment on column public.evidence_clips.bytes is 'Size of the file.';
comment on column public.evidence_clips.created_at is 'When it was written here.';
comment on column public.evidence_clips.stored_at is 'Since when the file is there and can be listened to.';
comment on column public.evidence_clips.retention_until is 'When the file is deleted, unless something holds it.';
comment on column public.evidence_clips.legal_hold is 'Whether ops hold it, whatever its retention says.';
comment on column public.evidence_clips.held_by is 'Who of ops holds it.';
comment on column public.evidence_clips.delete_claimed_at is 'When a worker last set out to delete the file.';
comment on column public.evidence_clips.deleted_at is 'When the file was deleted.';
create index evidence_clips_of_case on public.evidence_clips (case_id) where case_id is not null;
create index evidence_clips_of_incident on public.evidence_clips (incident_id) where incident_id is not null;
create index evidence_clips_of_person on public.evidence_clips (user_id, created_at desc);
create index evidence_clips_of_session on public.evidence_clips (session_id, created_at desc);
create index evidence_clips_to_delete on public.evidence_clips (retention_until) where deleted_at is null;
create index evidence_clips_by_age on public.evidence_clips (deleted_at) where deleted_at is not null;
alter table public.evidence_clips enable row level security;
grant select on public.evidence_clips to authenticated, service_role;
create policy "ops see clips, but not of themselves" on public.evidence_clips for select to authenticated
  using ((select live.am_ops()) and user_id <> (select auth.uid()));

create table public.evidence_access (
  id uuid primary key default gen_random_uuid(),
  clip_id uuid not null references public.evidence_clips (id) on delete cascade,
  user_id uuid not null,
  act text not null check (act in ('opened', 'held', 'released')),
  reason text not null check (char_length(reason) between 3 and 500),
  at timestamptz not null default clock_timestamp()
);
comment on table public.evidence_access is 'Who of ops listened to a clip, held it or let it go, when and why. Append-only.';
comment on column public.evidence_access.id is 'Id.';
comment on column public.evidence_access.clip_id is 'The clip.';
comment on column public.evidence_access.user_id is 'Who.';
comment on column public.evidence_access.act is 'opened (a link was made), held or released.';
comment on column public.evidence_access.reason is 'Why, in their words.';
comment on column public.evidence_access.at is 'When.';
create index evidence_access_of_clip on public.evidence_access (clip_id, at);
create index evidence_access_by_age on public.evidence_access (at);
alter table public.evidence_access enable row level security;
grant select on public.evidence_access to authenticated, service_role;
create policy "ops see who looked at clips that they see" on public.evidence_access for select to authenticated
  using ((select live.am_ops()) and exists (select from public.evidence_clips c where c.id = clip_id));

create function live.access_is_append_only() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- Retention may delete what is about a file that is gone, and nothing else.
  if tg_op = 'UPDATE' or exists (select from public.evidence_clips c where c.id = old.clip_id and c.deleted_at is null) then
    perform live.refuse(403, 'append_only', 'The record of who looked at a clip is append-only: it is neither changed nor removed.');
  end if;
  return old;
end;
$$;
comment on function live.access_is_append_only() is 'Trigger: who looked at a clip is neither changed nor removed while there is a clip.';
create trigger evidence_access_append_only before update or delete on public.evidence_access
  for each row execute function live.access_is_append_only();

insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('live.evidence_orders', '{}', '{asked_by}', 'true', 'retention.incidents_days', 't.asked_at', 'false',
   'Which clips were asked for, and by which operator. Not exported: the clips themselves are.'),
  ('public.evidence_clips', '{user_id}', '{held_by}',
   'not exists (select from public.moderation_cases k where k.id = t.case_id and k.resolved_at is null)',
   'retention.actions_days', 't.deleted_at', 't.deleted_at is null',
   'That sound was kept, of whom and why. The file is deleted by evidence.unreviewed_days or evidence.violation_days; what an appeal or a legal hold needs is held.'),
  ('public.evidence_access', '{}', '{user_id}', 'true', 'retention.actions_days', 't.at',
   'exists (select from public.evidence_clips c where c.id = t.clip_id and c.deleted_at is null)',
   'Who of ops listened to whose sound and why: the operator''s audit. Not exported: it says what operators did.');

-- ── for whom sound is kept ───────────────────────────────────────────────────────────────────────────────────────
create function live.note_case_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.changed_xid := pg_current_xact_id();
  return new;
end;
$$;
comment on function live.note_case_change() is 'Trigger: an agent must know that a case has become a cause to keep sound, or is none any more.';
create trigger note_case_change before update on public.moderation_cases
  for each row when ((old.sound_kept_since, old.resolved_at) is distinct from (new.sound_kept_since, new.resolved_at))
  execute function live.note_case_change();

create function live.wake_for_case() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.wake(live.room_of(new.session_id, null));
  return null;
end;
$$;
comment on function live.wake_for_case() is 'Trigger: wakes the agent of the room for which a case is, or was, a cause to keep sound.';
create trigger wake_for_case after update on public.moderation_cases
  for each row when (old.changed_xid <> new.changed_xid and new.session_id is not null) execute function live.wake_for_case();

create function live.keep_sound(p_case uuid, p_why text default null, p_by uuid default null) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  item public.moderation_cases;
  ordered constant uuid := case when p_why is not null then gen_random_uuid() end;
begin
  select * into item from public.moderation_cases c
   where c.id = p_case and c.resolved_at is null and c.session_id is not null and c.user_id is not null for update;
  if item.id is null then
    return null;
  end if;
  if ordered is not null then
    insert into live.evidence_orders (id, case_id, why, asked_by) values (ordered, item.id, p_why, p_by);
  end if;
  update public.moderation_cases c
     set sound_kept_since = coalesce(c.sound_kept_since, clock_timestamp()), changed_xid = pg_current_xact_id() where c.id = item.id;
  return ordered;
end;
$$;
comment on function live.keep_sound(uuid, text, uuid) is
  'From now on the case is a cause to keep the person''s sound; with p_why (reports, ops) a clip is asked for too, whose id is returned. Only of sessions.';

create function live.evidence_of(p_session uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object(
    'seconds', live.setting('evidence.seconds'), 'after_seconds', live.setting('evidence.after_seconds'),
    'kept', (select coalesce(jsonb_agg(c.user_id order by c.user_id), '[]') from public.moderation_cases c
              where c.session_id = p_session and c.resolved_at is null and c.sound_kept_since is not null),
    'orders', (select coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'user_id', c.user_id) order by o.asked_at), '[]')
                 from live.evidence_orders o join public.moderation_cases c on c.id = o.case_id
                where c.session_id = p_session and o.asked_at > clock_timestamp() - interval '30 seconds'
                  and not exists (select from public.evidence_clips e where e.id = o.id)));
end;
$$;
comment on function live.evidence_of(uuid) is
  'EVIDENCE: of whom in a session sound is kept by a case, and which clips are asked for: {seconds, after_seconds, kept: [user_id], orders: [{id, user_id}]}.';

create function public.keep_evidence(session_id uuid, user_id uuid, reason text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  about uuid;
  clip uuid;
begin
  if keep_evidence.user_id = me then
    perform live.refuse(403, 'own_case', 'This case is about you: somebody else decides it.');
  elsif not exists (select from public.live_sessions s where s.id = keep_evidence.session_id and s.status = 'live') then
    perform live.refuse(409, 'session_not_live', 'Sound is kept of sessions that are live.');
  elsif not live.was_there(keep_evidence.user_id, keep_evidence.session_id, null) then
    perform live.refuse(404, 'not_a_participant', 'This person was not there.');
  elsif btrim(keep_evidence.reason) = '' or live.text_fault(keep_evidence.reason, 500, true) is not null then
    perform live.refuse(400, 'bad_reason', 'Say why, in 500 characters at most.');
  elsif (live.setting('evidence.seconds'))::int = 0 then
    perform live.refuse(409, 'evidence_off', 'No sound is kept: evidence.seconds is 0.');
  end if;
  perform live.spend(me, 'evidence_links_per_minute');
  about := live.open_case(keep_evidence.session_id, null, keep_evidence.user_id, 'info', 'ops');
  clip := live.keep_sound(about, 'ops', me);
  insert into public.case_notes (case_id, author_id, body)
  select about, me, 'Sound kept: ' || btrim(keep_evidence.reason) where keep_evidence.reason is not null;
  return jsonb_build_object('case_id', about, 'clip_id', clip);
end;
$$;
comment on function public.keep_evidence(uuid, uuid, text) is
  'Ops have a clip made of what a person in a live session has just said and what follows: {case_id, clip_id}. Opens their case; the reason is a private note.';
grant execute on function public.keep_evidence(uuid, uuid, text) to authenticated;

-- ── what workers write ───────────────────────────────────────────────────────────────────────────────────────────
create function live.clip_cause(p_session uuid, p_row jsonb) returns text
language plpgsql stable set search_path = '' as $$
begin
  return case
    when exists (select from public.moderation_incidents i
                  where i.id = (p_row ->> 'incident_id')::uuid and i.session_id = p_session
                    and i.user_id = (p_row ->> 'user_id')::uuid and i.severity in ('warning', 'critical')) then 'incident'
    else (select o.why from live.evidence_orders o join public.moderation_cases c on c.id = o.case_id
           where o.id = (p_row ->> 'id')::uuid and c.session_id = p_session and c.user_id = (p_row ->> 'user_id')::uuid) end;
end;
$$;
comment on function live.clip_cause(uuid, jsonb) is 'Why a clip may be kept: incident, reports or ops; null: it may not.';

create function public.agent_evidence(p_worker text, p_row jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session constant uuid := (select s.id from public.live_sessions s where s.livekit_room = p_row ->> 'room');
  cause constant text := live.clip_cause(session, p_row);
  item public.evidence_clips;
begin
  if p_worker is null or session is null or cause is null then
    return jsonb_build_object('ok', false, 'error', 'no_cause');
  end if;
  insert into public.evidence_clips (id, session_id, incident_id, case_id, user_id, why, from_at, to_at, path, retention_until)
  values ((p_row ->> 'id')::uuid, session, case when cause = 'incident' then (p_row ->> 'incident_id')::uuid end,
          coalesce(live.open_case_of(session, null, (p_row ->> 'user_id')::uuid),
                   (select o.case_id from live.evidence_orders o where o.id = (p_row ->> 'id')::uuid),
                   (select i.case_id from public.moderation_incidents i where i.id = (p_row ->> 'incident_id')::uuid)),
          (p_row ->> 'user_id')::uuid, cause, (p_row ->> 'from_at')::timestamptz, (p_row ->> 'to_at')::timestamptz,
          session || '/' || (p_row ->> 'id') || '.ogg',
          clock_timestamp() + make_interval(days => (live.setting('evidence.unreviewed_days'))::int))
  on conflict (id) do nothing;
  select * into item from public.evidence_clips c where c.id = (p_row ->> 'id')::uuid;
  return jsonb_build_object('ok', true, 'path', item.path);
end;
$$;
comment on function public.agent_evidence(text, jsonb) is
  'A worker is about to store a clip: {"room", "id", "user_id", "incident_id" or null, "from_at", "to_at"} -> {"ok", "path"?, "error"?: no_cause}. '
  'Refused without an incident of warning or above, or an order, of this person in this session. The same id again is the same clip.';
grant execute on function public.agent_evidence(text, jsonb) to service_role;

create function public.agent_evidence_stored(p_worker text, p_id uuid, p_sha256 text, p_bytes int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  about uuid;
begin
  update public.evidence_clips c set stored_at = clock_timestamp(), sha256 = p_sha256, bytes = p_bytes
   where c.id = p_id and c.stored_at is null and c.deleted_at is null and p_worker is not null
  returning c.case_id into about;
  if about is not null then
    perform realtime.send(jsonb_build_object('id', k.id, 'severity', k.severity, 'state', live.case_state(k)), 'changed', 'live:cases', true)
       from public.moderation_cases k where k.id = about;
  end if;
  return jsonb_build_object('ok', exists (select from public.evidence_clips c where c.id = p_id and c.sha256 = p_sha256 and c.deleted_at is null));
end;
$$;
comment on function public.agent_evidence_stored(text, uuid, text, int) is
  'The file of a clip is there: {"ok"}; not ok when it was deleted meanwhile or is another file, which must be deleted then. Rings live:cases.';
grant execute on function public.agent_evidence_stored(text, uuid, text, int) to service_role;

-- ── who listens ──────────────────────────────────────────────────────────────────────────────────────────────────
create function live.clip_to_see(p_user uuid, p_clip uuid) returns public.evidence_clips
language plpgsql stable set search_path = '' as $$
declare
  item public.evidence_clips;
begin
  if p_user is null or not live.is_ops(p_user) then
    perform live.refuse_others_than_ops();
  end if;
  select * into item from public.evidence_clips c where c.id = p_clip;
  if item.id is null then
    perform live.refuse(404, 'unknown_clip', 'There is no such clip.');
  elsif item.user_id = p_user then
    perform live.refuse(403, 'own_case', 'This case is about you: somebody else decides it.');
  elsif item.deleted_at is not null then
    perform live.refuse(410, 'clip_deleted', 'This clip has been deleted: its time was over.');
  end if;
  return item;
end;
$$;
comment on function live.clip_to_see(uuid, uuid) is 'A clip for an operator; refuses one''s own, and one that is deleted.';

create function live.note_access(p_clip uuid, p_user uuid, p_act text, p_reason text) returns void
language plpgsql set search_path = '' as $$
begin
  if p_reason is null or char_length(btrim(p_reason)) < 3 or live.text_fault(p_reason, 500, true) is not null then
    perform live.refuse(400, 'bad_reason', 'Say why, in 3 to 500 characters.');
  end if;
  insert into public.evidence_access (clip_id, user_id, act, reason) values (p_clip, p_user, p_act, btrim(p_reason));
end;
$$;
comment on function live.note_access(uuid, uuid, text, text) is 'Writes who did what with a clip, and why.';

create function public.evidence_open(p_user uuid, p_clip uuid, p_reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.evidence_clips := live.clip_to_see(p_user, p_clip);
begin
  if item.stored_at is null then
    perform live.refuse(409, 'clip_not_ready', 'This clip is still being stored. Try again in a moment.');
  end if;
  perform live.spend(p_user, 'evidence_links_per_minute');
  perform live.note_access(item.id, p_user, 'opened', p_reason);
  return jsonb_build_object('path', item.path, 'sha256', item.sha256, 'seconds', live.setting('evidence.link_seconds'));
end;
$$;
comment on function public.evidence_open(uuid, uuid, text) is
  'For evidence-open: writes that an operator listens, and where the file is: {path, sha256, seconds}. Refuses ops_only, own_case, unknown_clip, '
  'clip_deleted, clip_not_ready, bad_reason.';
grant execute on function public.evidence_open(uuid, uuid, text) to service_role;

create function public.hold_evidence(clip_id uuid, hold boolean, reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  item constant public.evidence_clips := live.clip_to_see(me, hold_evidence.clip_id);
begin
  if hold_evidence.hold is null then
    perform live.refuse(400, 'invalid_choice', 'Say true to hold it, false to let it go.');
  end if;
  perform live.note_access(item.id, me, case when hold_evidence.hold then 'held' else 'released' end, hold_evidence.reason);
  update public.evidence_clips c set legal_hold = hold_evidence.hold, held_by = case when hold_evidence.hold then me end where c.id = item.id;
  return jsonb_build_object('clip_id', item.id, 'legal_hold', hold_evidence.hold);
end;
$$;
comment on function public.hold_evidence(uuid, boolean, text) is 'Ops hold a clip whatever its retention says, or let it go: {clip_id, legal_hold}.';
grant execute on function public.hold_evidence(uuid, boolean, text) to authenticated;

create function live.clips_json(p_case uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(to_jsonb(e) order by e.from_at), '[]')
            from (select c.*, (select coalesce(jsonb_agg(jsonb_build_object('user_id', a.user_id, 'act', a.act, 'reason', a.reason, 'at', a.at)
                                                         order by a.at), '[]')
                                 from public.evidence_access a where a.clip_id = c.id) as access
                    from public.evidence_clips c where c.case_id = p_case order by c.from_at limit 100) e);
end;
$$;
comment on function live.clips_json(uuid) is 'The clips of a case, each with who looked at it.';

-- ── how long ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.judge_clips() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.evidence_clips c
     set retention_until = case new.decision when 'violation'
           then new.resolved_at + make_interval(days => (live.setting('evidence.violation_days'))::int) else new.resolved_at end
   where c.case_id = new.id and c.deleted_at is null;
  return null;
end;
$$;
comment on function live.judge_clips() is 'Trigger: what no violation was is deleted at once, the clips of a violation after evidence.violation_days.';
create trigger judge_clips after update of resolved_at on public.moderation_cases
  for each row when (old.resolved_at is null and new.resolved_at is not null) execute function live.judge_clips();

create function live.link_clips() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.evidence_clips c set case_id = new.id
   where c.session_id = new.session_id and c.user_id = new.user_id and c.case_id is null and c.deleted_at is null;
  return null;
end;
$$;
comment on function live.link_clips() is 'Trigger: clips of a person that belong to no case yet belong to the one that is opened.';
create trigger link_clips after insert on public.moderation_cases
  for each row when (new.user_id is not null and new.session_id is not null) execute function live.link_clips();

create function live.clip_is_held(p_clip public.evidence_clips) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return p_clip.legal_hold or exists (
    select from public.moderation_appeals p join public.moderation_actions a on a.id = p.action_id
     where p.decided_at is null
       and (a.case_id = p_clip.case_id or a.id = (select i.action_id from public.moderation_incidents i where i.id = p_clip.incident_id)));
end;
$$;
comment on function live.clip_is_held(public.evidence_clips) is 'Whether a clip stays whatever its retention says: ops hold it, or an appeal that may rest on it is open.';

create function live.clips_over() returns setof public.evidence_clips
language plpgsql stable set search_path = '' as $$
begin
  return query
    select c.* from public.evidence_clips c
     where c.deleted_at is null and c.retention_until <= clock_timestamp() and not live.clip_is_held(c)
    union all
    -- A file that never came, or of which the worker did not learn that it had.
    select c.* from public.evidence_clips c
     where c.deleted_at is null and c.retention_until > clock_timestamp() and c.stored_at is null
       and c.created_at < clock_timestamp() - interval '1 hour';
end;
$$;
comment on function live.clips_over() is 'Clips whose files are to be deleted now.';

create function live.evidence_due() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from live.clips_over() c where coalesce(c.delete_claimed_at, '-infinity') < clock_timestamp() - interval '1 minute');
end;
$$;
comment on function live.evidence_due() is 'Whether files of clips are to be deleted now.';

create function public.evidence_to_delete(p_most int default 50) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  found jsonb;
begin
  with due as (
    select c.id from public.evidence_clips c
     where c.id in (select o.id from live.clips_over() o) and coalesce(c.delete_claimed_at, '-infinity') < clock_timestamp() - interval '1 minute'
     -- What nobody has tried yet comes first: files that Storage does not give up must not keep all younger ones waiting.
     order by c.delete_claimed_at nulls first, c.retention_until limit least(greatest(coalesce(p_most, 50), 1), 200) for update skip locked
  ), claimed as (
    update public.evidence_clips c set delete_claimed_at = clock_timestamp() from due where c.id = due.id returning c.id, c.path)
  select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'path', x.path)), '[]') into found from claimed x;
  return found;
end;
$$;
comment on function public.evidence_to_delete(int) is 'For workers: clips whose files are to be deleted, those not tried yet first, taken for a minute: [{id, path}].';
grant execute on function public.evidence_to_delete(int) to service_role;

create function public.evidence_deleted(p_ids uuid[]) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  deleted int;
begin
  -- Storage's own table is asked: what a worker says it did is not what was done.
  update public.evidence_clips c set deleted_at = clock_timestamp()
   where c.id = any (p_ids) and c.deleted_at is null and c.delete_claimed_at is not null
     and not exists (select from storage.objects o where o.bucket_id = 'evidence' and o.name = c.path);
  get diagnostics deleted = row_count;
  return jsonb_build_object('deleted', deleted);
end;
$$;
comment on function public.evidence_deleted(uuid[]) is 'For workers: these files were deleted; those of which Storage knows nothing any more are written so: {deleted}.';
grant execute on function public.evidence_deleted(uuid[]) to service_role;

create function live.evidence_faults() returns table (book text, id text, expected text, found text)
language sql stable security definer set search_path = '' as $$
  select 'evidence_clips: past its time', c.id::text, 'deleted', 'there since ' || c.created_at
    from live.clips_over() c where c.retention_until < clock_timestamp() - interval '1 hour'
  union all
  select 'evidence_clips: file', c.id::text, c.path, 'none'
    from public.evidence_clips c
   where c.stored_at < clock_timestamp() - interval '1 minute' and c.deleted_at is null and c.delete_claimed_at is null
     and not exists (select from storage.objects o where o.bucket_id = 'evidence' and o.name = c.path)
  union all
  select 'bucket evidence: file of no clip', o.name, 'none', 'there since ' || o.created_at
    from storage.objects o
   where o.bucket_id = 'evidence' and o.created_at < clock_timestamp() - interval '2 hours'
     and not exists (select from public.evidence_clips c where c.path = o.name and c.deleted_at is null)
  union all
  select 'bucket evidence: public', b.id, 'private', 'public' from storage.buckets b where b.id = 'evidence' and b.public
$$;
comment on function live.evidence_faults() is 'Where clips, their time and the files in Storage disagree; part of live_faults.';

-- ── what people are told ─────────────────────────────────────────────────────────────────────────────────────────
create function public.evidence_notice() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  seconds constant int := (live.setting('evidence.seconds'))::int;
  days constant int := (live.setting('evidence.unreviewed_days'))::int;
  longest constant int := (live.setting('evidence.violation_days'))::int;
  speech constant boolean := (live.setting('speech.enabled'))::boolean;
  pictures constant boolean := (live.setting('pictures.enabled'))::boolean;
begin
  return jsonb_build_object('kept', seconds > 0, 'seconds', seconds, 'speech', speech, 'pictures', pictures,
    'text_en', case when seconds = 0 then 'No sound of this room is kept as evidence.' else format(
      'Sound of this room is not recorded for moderation. Of a speaker who broke a sound rule, or whom several people reported, up to %s seconds may be '
      'kept so that a person can judge. It is deleted after %s days if nobody has judged it, at once if it was no violation, and after %s days otherwise. '
      'Calls are never kept.', seconds + (live.setting('evidence.after_seconds'))::int, days, longest) end
      || case when speech then ' Words of such a speaker are searched for threats and insults by a program; what was said is not written down.' else '' end
      || case when pictures then ' A program looks at single frames of cameras; one that it takes for sexual is kept so that a person can judge. '
        'Moderators may be shown the latest one for a moment; it is not kept.' else '' end,
    'text_tr', case when seconds = 0 then 'Bu odanın sesi kanıt olarak saklanmaz.' else format(
      'Bu odanın sesi denetim amacıyla kaydedilmez. Bir ses kuralını ihlal eden veya birden çok kişi tarafından bildirilen konuşmacının en fazla %s saniyelik '
      'sesi, bir kişinin değerlendirebilmesi için saklanabilir. Kimse değerlendirmezse %s gün sonra, ihlal yoksa hemen, ihlal varsa %s gün sonra silinir. '
      'Aramalar hiçbir zaman saklanmaz.', seconds + (live.setting('evidence.after_seconds'))::int, days, longest) end
      || case when speech then ' Böyle bir konuşmacının sözlerinde tehdit ve hakaret bir programla aranır; söylenenler yazıya geçirilip saklanmaz.' else '' end
      || case when pictures then ' Bir program kameralardan tek tek kareler inceler; cinsel içerik sandığı kare, bir kişinin değerlendirebilmesi için saklanır. '
        'Denetçiler son kareyi kısa süreyle görebilir; bu kare saklanmaz.' else '' end);
end;
$$;
comment on function public.evidence_notice() is 'What the app shows before somebody speaks: {kept, seconds, speech, pictures, text_en, text_tr}.';
grant execute on function public.evidence_notice() to authenticated;
