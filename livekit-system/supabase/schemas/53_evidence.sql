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
