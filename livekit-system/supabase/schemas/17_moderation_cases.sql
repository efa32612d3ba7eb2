-- Owns: what waits for a human's decision (moderation_cases), and the one function that opens it. Who sees a case first
-- and what is decided is not here.

create table public.moderation_cases (
  id uuid primary key default gen_random_uuid(),
  session_id uuid references public.live_sessions (id) on delete set null,
  call_id uuid references public.calls (id) on delete set null,
  message_id uuid,
  recording_id uuid,
  user_id uuid,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  source text not null check (source in ('rule', 'report', 'ops')),
  claimed_by uuid,
  claim_expires_at timestamptz,
  resolved_at timestamptz,
  decision text,
  reason_code text,
  opened_at timestamptz not null default clock_timestamp(),
  check ((claimed_by is null) = (claim_expires_at is null))
);
comment on table public.moderation_cases is
  'What waits for a human''s decision: opened by a rule that may not act, by reports, or by ops. One open case per person and session.';
comment on column public.moderation_cases.id is 'Id of the case.';
comment on column public.moderation_cases.session_id is 'The session it is about.';
comment on column public.moderation_cases.call_id is 'The call it is about.';
comment on column public.moderation_cases.message_id is 'The chat message it is about.';
comment on column public.moderation_cases.recording_id is 'The recording it is about.';
comment on column public.moderation_cases.user_id is 'Whom it is about; null for a whole session. Kept when the account is deleted.';
comment on column public.moderation_cases.severity is 'info, warning or critical: the gravest of what was added to it.';
comment on column public.moderation_cases.source is 'What opened it: rule, report or ops.';
comment on column public.moderation_cases.claimed_by is 'Who of ops works on it; null while nobody does.';
comment on column public.moderation_cases.claim_expires_at is 'When somebody else may claim it.';
comment on column public.moderation_cases.resolved_at is 'When it was decided; null while open.';
comment on column public.moderation_cases.decision is 'What was decided.';
comment on column public.moderation_cases.reason_code is 'Why, as a code.';
comment on column public.moderation_cases.opened_at is 'When it was opened.';
create unique index moderation_cases_open_of_person on public.moderation_cases (session_id, user_id)
  where resolved_at is null and session_id is not null and user_id is not null;
create index moderation_cases_open on public.moderation_cases (opened_at) where resolved_at is null;
create index moderation_cases_of_call on public.moderation_cases (call_id) where call_id is not null;
alter table public.moderation_cases enable row level security;
grant select, insert, update on public.moderation_cases to service_role;
grant select on public.moderation_cases to authenticated;

create function live.open_case(p_session uuid, p_user uuid, p_severity text, p_source text) returns uuid
language plpgsql set search_path = '' as $$
declare
  opened uuid;
begin
  insert into public.moderation_cases as c (session_id, user_id, severity, source)
  values (p_session, p_user, p_severity, p_source)
  on conflict (session_id, user_id) where resolved_at is null and session_id is not null and user_id is not null
  do update set severity = case when 'critical' in (c.severity, excluded.severity) then 'critical'
                                when 'warning' in (c.severity, excluded.severity) then 'warning'
                                else 'info' end
  returning c.id into opened;
  return opened;
end;
$$;
comment on function live.open_case is
  'Opens the case of a person in a session, or adds to the one that is open: its severity is the gravest. Returns its id.';
