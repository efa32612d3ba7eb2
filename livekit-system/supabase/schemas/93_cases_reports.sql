-- Owns: what people report (user_reports), and how reports make a case grave. Reports raise a case, they punish nobody; the
-- reported never learn who reported.

update public.app_settings set value = value || '{"reports_per_minute": 6, "reports_for_warning": 2, "reports_for_critical": 5}'
 where key = 'limits';

create table public.user_reports (
  id uuid primary key default gen_random_uuid(),
  reporter_id uuid not null,
  user_id uuid not null,
  session_id uuid references public.live_sessions (id) on delete set null,
  call_id uuid references public.calls (id) on delete set null,
  message_id uuid references public.live_messages (id) on delete set null,
  recording_id uuid references public.live_recordings (id) on delete set null,
  reason_code text not null references public.reason_codes (code),
  text text check (char_length(text) <= 1000),
  was_there boolean not null,
  case_id uuid references public.moderation_cases (id) on delete set null,
  created_at timestamptz not null default clock_timestamp(),
  day date not null default (clock_timestamp() at time zone 'utc')::date,
  check (reporter_id <> user_id)
);
comment on table public.user_reports is 'What people reported: one row per reporter, subject and day. Never shown to the reported.';
comment on column public.user_reports.id is 'Id of the report.';
comment on column public.user_reports.reporter_id is 'Who reported.';
comment on column public.user_reports.user_id is 'Who was reported.';
comment on column public.user_reports.session_id is 'In which session.';
comment on column public.user_reports.call_id is 'In which call.';
comment on column public.user_reports.message_id is 'Which chat message.';
comment on column public.user_reports.recording_id is 'Which recording; its session is in session_id.';
comment on column public.user_reports.reason_code is 'Why, as a code of reason_codes.';
comment on column public.user_reports.text is 'What the reporter wrote.';
comment on column public.user_reports.was_there is 'Whether the reporter was in the session or call, or watched the recording, themself: others'' word does not raise severity.';
comment on column public.user_reports.case_id is 'The case that it belongs to.';
comment on column public.user_reports.created_at is 'When it was made.';
comment on column public.user_reports.day is 'The day (UTC): one report per reporter, subject and day.';
create unique index user_reports_once_a_day on public.user_reports
  (reporter_id, user_id, session_id, call_id, message_id, recording_id, day) nulls not distinct;
create index user_reports_of_case on public.user_reports (case_id) where case_id is not null;
create index user_reports_on_person on public.user_reports (user_id, created_at desc);
create index user_reports_of_message on public.user_reports (message_id) where message_id is not null;
create index user_reports_of_session on public.user_reports (session_id) where session_id is not null;
create index user_reports_of_recording on public.user_reports (recording_id) where recording_id is not null;
create index user_reports_of_call on public.user_reports (call_id) where call_id is not null;
create index user_reports_by_age on public.user_reports using brin (created_at) with (pages_per_range = 32);
alter table public.user_reports enable row level security;
grant select on public.user_reports to authenticated, service_role;
create policy "one sees one's own reports, ops all" on public.user_reports for select to authenticated
  using (reporter_id = (select auth.uid()) or ((select live.am_ops()) and user_id <> (select auth.uid())));
insert into live.personal_data (table_name, whose, others, shown, setting, age, kept_while, why) values
  ('public.user_reports', '{reporter_id}', '{}', '{user_id}', 'retention.incidents_days', 't.created_at',
   'exists (select from public.moderation_cases k where k.id = t.case_id and k.resolved_at is null)',
   'Who reported whom and why: evidence of a case. In the reporter''s export only: the reported shall not learn who it was.');

-- ── how much a report weighs ─────────────────────────────────────────────────────────────────────────────────────
create function live.reporter_accuracy(p_reporter uuid) returns double precision
language plpgsql stable set search_path = '' as $$
begin
  -- Laplace's rule of succession: one half for who has reported nothing that was decided.
  return (select (count(distinct c.id) filter (where c.decision = 'violation') + 1.0) / (count(distinct c.id) + 2.0)
            from public.user_reports r join public.moderation_cases c on c.id = r.case_id and c.decision is not null
           where r.reporter_id = p_reporter and r.created_at > clock_timestamp() - interval '180 days');
end;
$$;
comment on function live.reporter_accuracy(uuid) is 'Share of a reporter''s decided cases that were violations, 0 to 1, of half a year.';

create function live.credible_reporters(p_case uuid) returns int
language plpgsql stable set search_path = '' as $$
begin
  return (select count(distinct r.reporter_id) from public.user_reports r
           where r.case_id = p_case and r.was_there and live.reporter_accuracy(r.reporter_id) >= 0.3);
end;
$$;
comment on function live.credible_reporters(uuid) is 'How many different people who were there, and whose reports were right often enough, reported a case.';

create function live.was_there(p_user uuid, p_session uuid, p_call uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from public.live_participants p
                  where p.session_id = p_session and p.user_id = p_user and p.first_joined_at is not null)
      or exists (select from public.calls c where c.id = p_call and p_user in (c.caller_id, c.callee_id));
end;
$$;
comment on function live.was_there(uuid, uuid, uuid) is 'Whether a person was in a session or is a side of a call.';

create function live.has_watched(p_user uuid, p_recording uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from public.live_vod_plays x where x.recording_id = p_recording and x.user_id = p_user);
end;
$$;
comment on function live.has_watched(uuid, uuid) is 'Whether a person has opened a recording.';

create function live.add_report(
  p_user uuid, p_session uuid, p_call uuid, p_message uuid, p_reason text, p_text text, p_recording uuid default null) returns jsonb
language plpgsql set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  wanted constant public.reason_codes := (select r from public.reason_codes r where r.code = p_reason and r.for_reports);
  there constant boolean := case when p_recording is null then live.was_there(me, p_session, p_call) else live.has_watched(me, p_recording) end;
  said constant text := nullif(btrim(p_text), '');
  made uuid;
  about uuid;
  before_it int;
  credible int;
begin
  perform live.require_account(me);
  if wanted.code is null then
    perform live.refuse(404, 'unknown_reason_code', 'Choose one of the reasons of the list.');
  elsif said is not null and live.text_fault(said, 1000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('A report %s.', live.text_fault(said, 1000, true)));
  elsif p_user = me then
    perform live.refuse(400, 'self_report', 'You cannot report yourself.');
  elsif not live.is_or_was_account(p_user) then
    perform live.refuse(404, 'unknown_user', 'There is nobody under this id.');
  end if;
  perform live.spend(me, 'reports_per_minute');
  insert into public.user_reports (reporter_id, user_id, session_id, call_id, message_id, recording_id, reason_code, text, was_there)
  values (me, p_user, p_session, p_call, p_message, p_recording, wanted.code, said, there)
  on conflict do nothing returning id into made;
  if made is null then
    return (select jsonb_build_object('report_id', r.id, 'repeated', true) from public.user_reports r
             where r.reporter_id = me and r.user_id = p_user and r.day = (clock_timestamp() at time zone 'utc')::date
               and (r.session_id, r.call_id, r.message_id, r.recording_id) is not distinct from (p_session, p_call, p_message, p_recording));
  end if;
  about := live.open_case(p_session, p_call, p_user, case when there then wanted.severity else 'info' end, 'report');
  before_it := live.credible_reporters(about);
  update public.user_reports r set case_id = about where r.id = made;
  credible := live.credible_reporters(about);
  update public.moderation_cases c
     set severity = live.graver(c.severity, case when credible >= live.limit_of('reports_for_critical') then 'critical'
                                                 when credible >= live.limit_of('reports_for_warning') then 'warning' else 'info' end),
         message_id = coalesce(c.message_id, p_message), recording_id = coalesce(c.recording_id, p_recording)
   where c.id = about;
  -- The one that makes them enough asks for a clip; one more says nothing new.
  if there and p_recording is null and credible = live.limit_of('reports_for_evidence') and before_it < credible then
    perform live.keep_sound(about, 'reports');
  end if;
  return jsonb_build_object('report_id', made, 'repeated', false);
end;
$$;
comment on function live.add_report is
  'Writes a report of the caller and adds it to the open case of the person: {report_id, repeated}. A second one of the same day is the first.';

create function live.forget_reports(p_user uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  reports int;
begin
  delete from public.user_reports r where r.reporter_id = p_user;
  get diagnostics reports = row_count;
  return jsonb_build_object('user_reports', reports);
end;
$$;
comment on function live.forget_reports(uuid) is 'Deletes what a deleted account has reported: rows deleted, by table. The cases that came of it stand.';

-- ── the doors ────────────────────────────────────────────────────────────────────────────────────────────────────
create function public.report_person(user_id uuid, reason_code text, text text default null, session_id uuid default null, call_id uuid default null)
returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  if num_nonnulls(report_person.session_id, report_person.call_id) > 1 then
    perform live.refuse(400, 'bad_place', 'Name a session or a call, not both.');
  elsif report_person.call_id is not null and not live.was_there(auth.uid(), null, report_person.call_id)
     or report_person.session_id is not null and not live.was_there(auth.uid(), report_person.session_id, null) then
    perform live.refuse(403, 'not_in_session', 'Join first: you report what you saw there.');
  elsif num_nonnulls(report_person.session_id, report_person.call_id) = 1
     and not live.was_there(report_person.user_id, report_person.session_id, report_person.call_id) then
    perform live.refuse(404, 'not_a_participant', 'This person was not there.');
  end if;
  return live.add_report(report_person.user_id, report_person.session_id, report_person.call_id, null,
                         report_person.reason_code, report_person.text);
end;
$$;
comment on function public.report_person(uuid, text, text, uuid, uuid) is
  'Reports a person, in a session or call that the caller was in, or at large: {report_id, repeated}.';

create function public.report_message(message_id uuid, reason_code text, text text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item public.live_messages;
begin
  select * into item from public.live_messages m where m.id = report_message.message_id and m.user_id is not null;
  if item.id is null or not live.was_there(auth.uid(), item.session_id, null) then
    perform live.refuse(404, 'unknown_message', 'There is no such message for you.');
  end if;
  return live.add_report(item.user_id, item.session_id, null, item.id, report_message.reason_code, report_message.text);
end;
$$;
comment on function public.report_message(uuid, text, text) is 'Reports a chat message of a session that the caller was in: {report_id, repeated}.';

create function public.report_session(session_id uuid, reason_code text, text text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item public.live_sessions;
begin
  select * into item from public.live_sessions s where s.id = report_session.session_id;
  if item.id is null then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  end if;
  return live.add_report(item.creator_id, item.id, null, null, report_session.reason_code, report_session.text);
end;
$$;
comment on function public.report_session(uuid, text, text) is 'Reports a session, that is its creator; also by its title, without joining: {report_id, repeated}.';

create function public.report_recording(recording_id uuid, reason_code text, text text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  vod public.live_vods;
begin
  select * into vod from public.live_vods v
   where v.recording_id = report_recording.recording_id
     and ((v.published_at is not null and not live.blocked(auth.uid(), v.creator_id)) or live.has_watched(auth.uid(), v.recording_id));
  if vod.recording_id is null then
    perform live.refuse(404, 'unknown_recording', 'There is no such recording.');
  end if;
  return live.add_report(vod.creator_id, vod.session_id, null, null, report_recording.reason_code, report_recording.text, vod.recording_id);
end;
$$;
comment on function public.report_recording(uuid, text, text) is
  'Reports a recording, that is its creator; also by its title, without watching: {report_id, repeated}. Who has not opened it raises no severity.';
grant execute on function public.report_person(uuid, text, text, uuid, uuid), public.report_message(uuid, text, text),
  public.report_session(uuid, text, text), public.report_recording(uuid, text, text) to authenticated;
