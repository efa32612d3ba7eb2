-- Owns: what waits for a human's decision (moderation_cases), the reasons that a report or a decision may give
-- (reason_codes), and the one function that opens a case. Working on cases is in 93_cases.

create table public.reason_codes (
  code text primary key check (code ~ '^[a-z_]{3,40}$'),
  severity text not null check (severity in ('info', 'warning', 'critical')),
  text_en text not null check (text_en ~ '\.$'),
  text_tr text not null check (text_tr ~ '\.$'),
  for_reports boolean not null default true
);
comment on table public.reason_codes is 'Why somebody is reported, and why a case is decided: the one list, with the sentence that the person concerned reads.';
comment on column public.reason_codes.code is 'For programs.';
comment on column public.reason_codes.severity is 'info, warning or critical: the least severity of a case that it opens.';
comment on column public.reason_codes.text_en is 'The public sentence in English.';
comment on column public.reason_codes.text_tr is 'The public sentence in Turkish.';
comment on column public.reason_codes.for_reports is 'Whether a viewer may report with it; the others are for decisions only.';
alter table public.reason_codes enable row level security;
grant select on public.reason_codes to anon, authenticated, service_role;
create policy "reasons are public" on public.reason_codes for select to anon, authenticated using (true);

insert into public.reason_codes (code, severity, text_en, text_tr, for_reports) values
  ('harassment', 'warning', 'This was harassment of another person.', 'Bu davranış başka bir kişiye yönelik tacizdir.', true),
  ('hate', 'warning', 'This was hate against a group of people.', 'Bu davranış bir gruba yönelik nefret söylemidir.', true),
  ('threat', 'critical', 'This was a threat of violence.', 'Bu davranış şiddet tehdididir.', true),
  ('self_harm', 'critical', 'This put somebody at risk of self-harm.', 'Bu davranış kendine zarar verme riski doğurmuştur.', true),
  ('minor_safety', 'critical', 'This endangered a minor.', 'Bu davranış bir çocuğu tehlikeye atmıştır.', true),
  ('sexual_content', 'warning', 'This was sexual content that is not allowed here.', 'Bu içerik burada izin verilmeyen cinsel içeriktir.', true),
  ('violence', 'warning', 'This showed violence that is not allowed here.', 'Bu içerik burada izin verilmeyen şiddet içeriyor.', true),
  ('impersonation', 'info', 'This was the use of somebody else''s identity.', 'Bu davranış başka birinin kimliğini kullanmaktır.', true),
  ('fraud', 'warning', 'This was an attempt to deceive people for gain.', 'Bu davranış çıkar amacıyla insanları aldatma girişimidir.', true),
  ('spam', 'info', 'This was spam.', 'Bu içerik istenmeyen mesajdır (spam).', true),
  ('copyright', 'info', 'This used a work without the right to it.', 'Bu yayında bir eser izinsiz kullanılmıştır.', true),
  ('noise', 'info', 'The sound was too loud or disturbing for the others.', 'Ses, diğer kişiler için çok yüksek veya rahatsız ediciydi.', true),
  ('other', 'info', 'This was against the rules of the platform.', 'Bu davranış platform kurallarına aykırıdır.', true),
  ('evasion', 'warning', 'This got around an earlier decision or the measuring of sound.', 'Bu davranış önceki bir kararı veya ses ölçümünü aşmaya yöneliktir.', false);

alter table public.moderation_actions add column reason_code text references public.reason_codes (code);
comment on column public.moderation_actions.reason_code is
  'Why, as a code of reason_codes: the person concerned reads its sentence in their own language, before the reason''s own words.';
grant insert (reason_code) on public.moderation_actions to authenticated;

create function live.reason_texts(p_code text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select jsonb_build_object('en', r.text_en, 'tr', r.text_tr) from public.reason_codes r where r.code = p_code);
end;
$$;
comment on function live.reason_texts(text) is 'The sentence of a reason code in both languages: {en, tr}; null for none.';

create table public.moderation_cases (
  id uuid primary key default gen_random_uuid(),
  session_id uuid references public.live_sessions (id) on delete set null,
  call_id uuid references public.calls (id) on delete set null,
  message_id uuid,
  recording_id uuid,
  user_id uuid,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  source text not null check (source in ('rule', 'report', 'ops', 'speech', 'picture')),
  claimed_by uuid,
  claim_expires_at timestamptz,
  resolved_at timestamptz,
  decision text check (decision in ('violation', 'no_violation')),
  reason_code text references public.reason_codes (code),
  resolved_by uuid,
  opened_at timestamptz not null default clock_timestamp(),
  check ((claimed_by is null) = (claim_expires_at is null)),
  check (decision is null or resolved_at is not null)
);
comment on table public.moderation_cases is
  'What waits for a human''s decision: opened by a rule that may not act, by reports, or by ops. One open case per person and session or call.';
comment on column public.moderation_cases.id is 'Id of the case.';
comment on column public.moderation_cases.session_id is 'The session it is about.';
comment on column public.moderation_cases.call_id is 'The call it is about.';
comment on column public.moderation_cases.message_id is 'The chat message it is about.';
comment on column public.moderation_cases.recording_id is 'The recording it is about.';
comment on column public.moderation_cases.user_id is 'Whom it is about; null for a whole session. Kept when the account is deleted.';
comment on column public.moderation_cases.severity is 'info, warning or critical: the gravest of what was added to it.';
comment on column public.moderation_cases.source is 'What opened it: rule, report, ops, speech (spoken words) or picture (a camera''s frame).';
comment on column public.moderation_cases.claimed_by is 'Who of ops works on it; null while nobody does.';
comment on column public.moderation_cases.claim_expires_at is 'When somebody else may claim it.';
comment on column public.moderation_cases.resolved_at is 'When it was decided; null while open.';
comment on column public.moderation_cases.decision is 'violation or no_violation; null while open.';
comment on column public.moderation_cases.reason_code is 'Why, as a code of reason_codes.';
comment on column public.moderation_cases.resolved_by is 'Who of ops decided it.';
comment on column public.moderation_cases.opened_at is 'When it was opened.';
create unique index moderation_cases_open_of_person on public.moderation_cases (user_id, session_id, call_id) nulls not distinct
  where resolved_at is null and user_id is not null;
create index moderation_cases_open on public.moderation_cases (opened_at) where resolved_at is null;
create index moderation_cases_of_call on public.moderation_cases (call_id) where call_id is not null;
alter table public.moderation_cases enable row level security;
grant select, insert, update on public.moderation_cases to service_role;
grant select on public.moderation_cases to authenticated;

create function live.graver(p_one text, p_other text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return case when 'critical' in (p_one, p_other) then 'critical' when 'warning' in (p_one, p_other) then 'warning' else 'info' end;
end;
$$;
comment on function live.graver(text, text) is 'The graver of two severities.';

create function live.open_case(p_session uuid, p_call uuid, p_user uuid, p_severity text, p_source text) returns uuid
language plpgsql set search_path = '' as $$
declare
  opened uuid;
begin
  insert into public.moderation_cases as c (session_id, call_id, user_id, severity, source)
  values (p_session, p_call, p_user, p_severity, p_source)
  on conflict (user_id, session_id, call_id) where resolved_at is null and user_id is not null
  do update set severity = live.graver(c.severity, excluded.severity)
  returning c.id into opened;
  return opened;
end;
$$;
comment on function live.open_case is
  'Opens the case of a person in a session or call (both null: of the person alone), or adds to the one that is open: its severity is the gravest. Returns its id.';
