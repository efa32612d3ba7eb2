-- Owns: who has agreed to be recorded. In a session that is recorded nobody publishes who has not: live.publish_until says until when
-- a person may, and everything that grants a right asks it (the token's sources, PERSON, the door's before and after). Who has none
-- listens; a recorder counts as nobody.

create table public.live_recording_consents (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  user_id uuid not null,
  notice_version text not null check (char_length(notice_version) between 1 and 40),
  agreed_at timestamptz,
  refused_at timestamptz,
  withdrawn_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  check (num_nonnulls(agreed_at, refused_at) = 1)
);
comment on table public.live_recording_consents is
  'What people answered when they were told that a session is recorded. The answer that stands has no withdrawn_at; earlier ones stay as proof.';
comment on column public.live_recording_consents.id is 'Id of the answer.';
comment on column public.live_recording_consents.session_id is 'The session.';
comment on column public.live_recording_consents.user_id is 'Who answered.';
comment on column public.live_recording_consents.notice_version is 'Which wording they read: recording_notice.';
comment on column public.live_recording_consents.agreed_at is 'When they agreed; null for a refusal.';
comment on column public.live_recording_consents.refused_at is 'When they refused; null for a consent.';
comment on column public.live_recording_consents.withdrawn_at is 'When this answer was taken back or replaced; null while it stands.';
comment on column public.live_recording_consents.created_at is 'When it was written.';
create unique index live_recording_consents_standing on public.live_recording_consents (session_id, user_id) where withdrawn_at is null;
create index live_recording_consents_of_person on public.live_recording_consents (user_id, created_at desc);
create index live_recording_consents_by_age on public.live_recording_consents (created_at);
alter table public.live_recording_consents enable row level security;
grant select on public.live_recording_consents to authenticated, service_role;
create policy "one sees one's answers, staff those of the session" on public.live_recording_consents for select to authenticated
  using (user_id = (select auth.uid()) or session_id in (select live.my_staffed_sessions()) or (select live.am_ops()));

insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('public.live_recording_consents', '{user_id}', '{}', 'true', 'retention.actions_days', 't.created_at',
   'exists (select from public.live_recordings r where r.session_id = t.session_id and r.deleted_at is null)',
   'Proof that who is heard in a recording had agreed, and which wording they read: as long as there is a recording, and as long as claims may be made.');

-- ── the notice ───────────────────────────────────────────────────────────────────────────────────────────────────
create function public.recording_notice() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  days constant int := (live.setting('recording.retention_days'))::int;
  told constant jsonb := jsonb_build_object(
    'text_en', format(
      'This session is recorded. If you agree, your voice, your picture and your name may be heard and seen in the recording by everyone who '
      'may watch the session, and the chat beside it. The creator can publish it. It is deleted after %s days, or sooner by the '
      'creator. You can refuse and listen. You can withdraw at any time: from then on you do not publish, and the creator is asked to '
      'cut what was recorded of you. Calls are never recorded.', days),
    'text_tr', format(
      'Bu oturum kaydediliyor. Kabul ederseniz sesiniz, görüntünüz ve adınız, oturumu izleme hakkı olan herkes tarafından kayıtta duyulabilir ve '
      'görülebilir; yanında sohbet de yer alır. İçerik üreticisi kaydı yayımlayabilir. Kayıt %s gün sonra veya üretici isterse daha erken '
      'silinir. Kabul etmeyip yalnızca dinleyebilirsiniz. Onayınızı her an geri alabilirsiniz: o andan itibaren yayın yapmazsınız ve sizden '
      'kaydedilenlerin çıkarılması üreticiden istenir. Aramalar hiçbir zaman kaydedilmez.', days));
begin
  return told || jsonb_build_object('version', left(md5(told::text), 12));
end;
$$;
comment on function public.recording_notice() is
  'What the app shows before somebody agrees to be recorded: {version, text_en, text_tr}. A change of the words is another version.';
grant execute on function public.recording_notice() to authenticated, service_role;

-- ── the right ────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.answer_by(p_begins timestamptz) returns timestamptz
language plpgsql immutable set search_path = '' as $$
begin
  return p_begins - interval '1 second';
end;
$$;
comment on function live.answer_by(timestamptz) is 'Until when one can answer the announcement of a recording: a second before it begins, so that every right is gone by then.';

-- Index lookups alone: it is asked for each person of a room and for each token.
create function live.publish_until(p_session uuid, p_user uuid) returns timestamptz
language plpgsql stable security definer set search_path = '' as $$
declare
  begins constant timestamptz := (select min(r.begins_at) from public.live_recordings r
                                   where r.session_id = p_session and live.recording_runs(r.state));
  answer public.live_recording_consents;
begin
  if begins is null then
    return null;
  end if;
  select * into answer from public.live_recording_consents c where c.session_id = p_session and c.user_id = p_user and c.withdrawn_at is null;
  if answer.agreed_at is not null then
    return null;
  -- Who has refused, or agreed once and takes it back, has answered.
  elsif answer.id is not null or exists (select from public.live_recording_consents c where c.session_id = p_session and c.user_id = p_user) then
    return '2000-01-01Z';
  end if;
  return live.answer_by(begins);
end;
$$;
comment on function live.publish_until(uuid, uuid) is
  'Until when a person may publish in a session for want of their consent to its recording, long ago for who refused; null: nothing is asked of them.';

-- A column of live_participants for PostgREST's select; a row can be made up, so it asks who the caller is.
create function public.publish_until(person public.live_participants) returns timestamptz
language plpgsql stable security definer set search_path = '' as $$
begin
  return case when person.user_id = auth.uid() or live.am_ops() or live.is_service() or person.session_id in (select live.my_staffed_sessions())
              then live.publish_until(person.session_id, person.user_id) end;
end;
$$;
comment on function public.publish_until(public.live_participants) is
  'To select beside the columns of live_participants: until when that person may publish for want of their consent to a recording, long ago for who refused; null: '
  'nothing is asked of them, or the caller is neither they, nor staff, nor ops or server code.';
grant execute on function public.publish_until(public.live_participants) to authenticated, service_role;

create function live.touch_publishers(p_session uuid) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p set desired_xid = pg_current_xact_id()
    from public.live_sessions s
   where s.id = p_session and s.status = 'live' and p.session_id = s.id
     and p.role in (select r.role from public.live_roles r where r.context = s.type and r.can_publish_sources <> '{}');
end;
$$;
comment on function live.touch_publishers(uuid) is 'What those who may publish in a session may do has changed: news for its worker. Others learn when they get a role.';

create function live.recording_changes_rights() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.touch_publishers(new.session_id);
  return null;
end;
$$;
comment on function live.recording_changes_rights() is 'Trigger: a recording that is announced, or is over, changes who may publish.';
create trigger recording_begins_to_bind after insert on public.live_recordings
  for each row execute function live.recording_changes_rights();
create trigger recording_binds_no_more after update on public.live_recordings
  for each row when (live.recording_runs(old.state) <> live.recording_runs(new.state)) execute function live.recording_changes_rights();

-- ── the answers ──────────────────────────────────────────────────────────────────────────────────────────────────
create function live.answer_recording(p_session uuid, p_user uuid, p_version text, p_agrees boolean) returns jsonb
language plpgsql set search_path = '' as $$
declare
  standing public.live_recording_consents;
  was_recorded boolean;
begin
  -- Session before person, as everywhere; and one answer of a person after the other.
  perform from public.live_sessions s where s.id = p_session for no key update;
  select * into standing from public.live_recording_consents c
   where c.session_id = p_session and c.user_id = p_user and c.withdrawn_at is null;
  if standing.id is null or (standing.agreed_at is not null) <> p_agrees then
    update public.live_recording_consents c set withdrawn_at = clock_timestamp() where c.id = standing.id;
    insert into public.live_recording_consents (session_id, user_id, notice_version, agreed_at, refused_at)
    values (p_session, p_user, p_version, case when p_agrees then clock_timestamp() end, case when not p_agrees then clock_timestamp() end)
    returning * into standing;
    update public.live_participants p set desired_xid = pg_current_xact_id() where p.session_id = p_session and p.user_id = p_user;
  end if;
  return jsonb_build_object('session_id', p_session, 'agreed', standing.agreed_at is not null, 'notice_version', standing.notice_version,
                            'at', coalesce(standing.agreed_at, standing.refused_at));
end;
$$;
comment on function live.answer_recording(uuid, uuid, text, boolean) is 'Writes a person''s answer; the same again changes nothing.';

create function live.require_to_answer(p_session uuid, p_user uuid) returns public.live_sessions
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
begin
  perform live.require_account(p_user);
  select * into session from public.live_sessions s where s.id = p_session;
  if session.id is null or not exists (select from public.live_participants p where p.session_id = p_session and p.user_id = p_user) then
    perform live.refuse(404, 'unknown_session', 'There is no such session of yours.');
  end if;
  perform live.spend(p_user, 'consents_per_minute');
  return session;
end;
$$;
comment on function live.require_to_answer(uuid, uuid) is 'Refuses to hear an answer of who has no place in the session; limits.consents_per_minute.';

create function public.consent_to_recording(session_id uuid, notice_version text, agrees boolean default true) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  session constant public.live_sessions := live.require_to_answer(consent_to_recording.session_id, me);
begin
  if session.status = 'ended' then
    perform live.refuse(409, 'session_ended', 'This session is over.');
  elsif agrees is null then
    perform live.refuse(400, 'invalid_choice', 'Say true to agree, false to refuse.');
  elsif consent_to_recording.notice_version is distinct from public.recording_notice() ->> 'version' then
    perform live.refuse(409, 'notice_changed', 'The notice has changed: show recording_notice again and ask again.');
  end if;
  return live.answer_recording(session.id, me, consent_to_recording.notice_version, agrees);
end;
$$;
comment on function public.consent_to_recording(uuid, text, boolean) is
  'The caller agrees to be recorded in a session, or refuses: {session_id, agreed, notice_version, at}. notice_version: of the notice that they were shown. '
  'Who refuses, or has not answered a second before it begins, listens.';
grant execute on function public.consent_to_recording(uuid, text, boolean) to authenticated;

create function public.withdraw_recording_consent(session_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  session constant public.live_sessions := live.require_to_answer(withdraw_recording_consent.session_id, me);
begin
  return live.answer_recording(session.id, me, public.recording_notice() ->> 'version', false);
end;
$$;
comment on function public.withdraw_recording_consent(uuid) is
  'The caller takes their consent back, during the session or after it: {session_id, agreed, notice_version, at}. They stop publishing at once.';
grant execute on function public.withdraw_recording_consent(uuid) to authenticated;
update public.app_settings set value = value || '{"consents_per_minute": 20, "recordings_per_minute": 6}' where key = 'limits';
