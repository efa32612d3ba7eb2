-- Owns: how ops work on cases: the inbox, the claim, private notes, the decision, and the hint that rings (live:cases).
-- What happens to a person while a case of theirs is open belongs to it.

insert into public.app_settings (key, value, description) values
  ('cases.claim_seconds', '600', 'For how long a case belongs to the operator who claimed it; looking at it again renews that.');

alter table public.moderation_actions add column case_id uuid references public.moderation_cases (id) on delete set null;
comment on column public.moderation_actions.case_id is 'The case that was open about the person when it was asked.';
alter table public.moderation_incidents add column case_id uuid references public.moderation_cases (id) on delete set null;
comment on column public.moderation_incidents.case_id is 'The case that was open about the person when it was written, or that it opened.';
create index moderation_actions_of_case on public.moderation_actions (case_id) where case_id is not null;
create index moderation_incidents_of_case on public.moderation_incidents (case_id) where case_id is not null;

create table public.case_notes (
  id uuid primary key default gen_random_uuid(),
  case_id uuid not null references public.moderation_cases (id) on delete cascade,
  author_id uuid,
  body text not null check (char_length(body) between 1 and 4000),
  created_at timestamptz not null default clock_timestamp()
);
comment on table public.case_notes is 'What operators tell each other about a case. The person concerned never sees it.';
comment on column public.case_notes.id is 'The author''s app may choose it: the same id again is the same note.';
comment on column public.case_notes.case_id is 'The case.';
comment on column public.case_notes.author_id is 'Who wrote it.';
comment on column public.case_notes.body is 'The text.';
comment on column public.case_notes.created_at is 'When it was written.';
create index case_notes_of_case on public.case_notes (case_id, created_at);
alter table public.case_notes enable row level security;
grant select on public.case_notes to authenticated, service_role;
create policy "ops see notes of cases that they see" on public.case_notes for select to authenticated
  using ((select live.am_ops()) and exists (select from public.moderation_cases c where c.id = case_id));
insert into live.personal_data (table_name, whose, others, why) values
  ('public.case_notes', '{}', '{author_id}', 'Private words of operators about a case: they end with it. Not exported: they would warn who is looked into.');
insert into live.personal_data (table_name, why) values
  ('public.reason_codes', 'Holds nothing about a person: the list of reasons and their sentences.');

-- ── what belongs to a case ───────────────────────────────────────────────────────────────────────────────────────
create function live.open_case_of(p_session uuid, p_call uuid, p_user uuid) returns uuid
language plpgsql stable set search_path = '' as $$
begin
  return (select c.id from public.moderation_cases c
           where c.user_id = p_user and c.resolved_at is null
             and (c.session_id, c.call_id) is not distinct from (p_session, p_call));
end;
$$;
comment on function live.open_case_of(uuid, uuid, uuid) is 'The open case of a person in a session or call; null when there is none.';

create function live.link_action_to_case() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.case_id := case
    when new.dry_run then null
    when new.target_user_id is not null then live.open_case_of(new.session_id, new.call_id, new.target_user_id)
    when new.params ? 'recording_id' then (
      select c.id from public.moderation_cases c
       where c.session_id = new.session_id and c.recording_id::text = new.params ->> 'recording_id' and c.resolved_at is null limit 1) end;
  return new;
end;
$$;
comment on function live.link_action_to_case() is 'Trigger: an act on a person, or on a recording, belongs to the case that is open about them.';
-- After admit_action by its name: the target of delete_message is filled in there.
create trigger link_action_to_case before insert on public.moderation_actions
  for each row execute function live.link_action_to_case();

create function live.link_case() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.moderation_incidents i set case_id = new.id
   where i.session_id = new.session_id and i.user_id = new.user_id and i.case_id is null;
  update public.moderation_actions a set case_id = new.id
   where a.session_id = new.session_id and a.target_user_id = new.user_id and a.case_id is null
     and a.requested_via = 'auto' and not a.dry_run;
  return null;
end;
$$;
comment on function live.link_case() is 'Trigger: what rules saw and did before a case was opened belongs to it, unless it was an earlier case''s.';
create trigger link_case after insert on public.moderation_cases
  for each row when (new.user_id is not null and new.session_id is not null) execute function live.link_case();

create function live.link_incident_to_case() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.case_id := live.open_case_of(new.session_id, null, new.user_id);
  return new;
end;
$$;
comment on function live.link_incident_to_case() is 'Trigger: an incident of a person belongs to the case that is open about them.';
create trigger link_incident_to_case before insert on public.moderation_incidents
  for each row execute function live.link_incident_to_case();

-- ── the bell ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.ring_case() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.send(jsonb_build_object('id', new.id, 'severity', new.severity, 'state', live.case_state(new)),
                        'changed', 'live:cases', true);
  return null;
end;
$$;
create function live.case_state(p_case public.moderation_cases) returns text
language plpgsql stable set search_path = '' as $$
begin
  return case when p_case.resolved_at is not null then 'resolved'
              when p_case.claim_expires_at > clock_timestamp() then 'claimed' else 'open' end;
end;
$$;
comment on function live.case_state(public.moderation_cases) is 'open, claimed (somebody works on it) or resolved.';
comment on function live.ring_case() is 'Trigger: operators are told about a case that opened, got graver, was claimed, let go or decided: id, severity and state only.';
create trigger ring_new_case after insert on public.moderation_cases for each row execute function live.ring_case();
create trigger ring_changed_case after update on public.moderation_cases
  for each row when ((old.severity, old.claimed_by, old.resolved_at) is distinct from (new.severity, new.claimed_by, new.resolved_at))
  execute function live.ring_case();

-- ── working on one ───────────────────────────────────────────────────────────────────────────────────────────────
create function live.case_to_see(p_case uuid) returns public.moderation_cases
language plpgsql stable set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  item public.moderation_cases;
begin
  select * into item from public.moderation_cases c where c.id = p_case;
  if item.id is null then
    perform live.refuse(404, 'unknown_case', 'There is no such case.');
  elsif item.user_id = me then
    perform live.refuse(403, 'own_case', 'This case is about you: somebody else decides it.');
  end if;
  return item;
end;
$$;
comment on function live.case_to_see(uuid) is 'A case for an operator to read; refuses one''s own.';

create function live.case_to_work_on(p_case uuid) returns public.moderation_cases
language plpgsql set search_path = '' as $$
declare
  item public.moderation_cases;
begin
  perform from public.moderation_cases c where c.id = p_case for update;
  item := live.case_to_see(p_case);
  if item.resolved_at is null and item.claimed_by <> auth.uid() and item.claim_expires_at > clock_timestamp() then
    perform live.refuse(409, 'claimed_by_another',
      format('Another operator works on this case until %s UTC.', to_char(item.claim_expires_at at time zone 'utc', 'HH24:MI')));
  end if;
  return item;
end;
$$;
comment on function live.case_to_work_on(uuid) is 'Locks a case for an operator; refuses one''s own, and one that another operator has claimed.';

create function public.claim_case(id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.moderation_cases := live.case_to_work_on(claim_case.id);
  until constant timestamptz := clock_timestamp() + live.setting_interval('cases.claim_seconds');
begin
  if item.resolved_at is not null then
    perform live.refuse(409, 'case_resolved', 'This case is decided already.');
  end if;
  update public.moderation_cases c set claimed_by = auth.uid(), claim_expires_at = until where c.id = item.id;
  return jsonb_build_object('case_id', item.id, 'claimed_by', auth.uid(), 'claim_expires_at', until);
end;
$$;
comment on function public.claim_case(uuid) is
  'Takes a case, or keeps it for longer: {case_id, claimed_by, claim_expires_at}. Refuses claimed_by_another, own_case, case_resolved.';
grant execute on function public.claim_case(uuid) to authenticated;

create function public.release_case(id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.moderation_cases := live.case_to_work_on(release_case.id);
begin
  update public.moderation_cases c set claimed_by = null, claim_expires_at = null where c.id = item.id and c.resolved_at is null;
  return jsonb_build_object('case_id', item.id, 'released', found);
end;
$$;
comment on function public.release_case(uuid) is 'Lets a claimed case go: {case_id, released}.';
grant execute on function public.release_case(uuid) to authenticated;

create function public.add_case_note(case_id uuid, body text, id uuid default gen_random_uuid()) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  about constant public.moderation_cases := live.case_to_see(add_case_note.case_id);
begin
  if add_case_note.body is null or live.text_fault(add_case_note.body, 4000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('A note %s.', coalesce(live.text_fault(add_case_note.body, 4000, true), 'must say something')));
  end if;
  insert into public.case_notes (id, case_id, author_id, body) values (add_case_note.id, about.id, auth.uid(), add_case_note.body)
  on conflict on constraint case_notes_pkey do nothing;
  return jsonb_build_object('note_id', add_case_note.id);
end;
$$;
comment on function public.add_case_note(uuid, text, uuid) is 'Adds a private note to a case: {note_id}. The same id again is the same note.';
grant execute on function public.add_case_note(uuid, text, uuid) to authenticated;

create function public.resolve_case(id uuid, decision text, reason_code text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.moderation_cases := live.case_to_work_on(resolve_case.id);
begin
  if resolve_case.decision is null or resolve_case.decision not in ('violation', 'no_violation') then
    perform live.refuse(400, 'invalid_choice', 'A case is decided as violation or no_violation.');
  elsif (resolve_case.decision = 'violation') <> (resolve_case.reason_code is not null) then
    perform live.refuse(400, 'reason_code_needed', 'A violation needs a reason code, and only a violation has one.');
  elsif resolve_case.reason_code is not null
      and not exists (select from public.reason_codes r where r.code = resolve_case.reason_code) then
    perform live.refuse(404, 'unknown_reason_code', 'There is no such reason code.');
  elsif item.resolved_at is not null
      and (item.decision, item.reason_code, item.resolved_by)
          is distinct from (resolve_case.decision, resolve_case.reason_code, auth.uid()) then
    perform live.refuse(409, 'case_resolved', 'This case is decided already.');
  end if;
  update public.moderation_cases c
     set decision = resolve_case.decision, reason_code = resolve_case.reason_code, resolved_at = clock_timestamp(),
         resolved_by = auth.uid(), claimed_by = null, claim_expires_at = null
   where c.id = item.id and c.resolved_at is null;
  return jsonb_build_object('case_id', item.id, 'decision', resolve_case.decision, 'reason_code', resolve_case.reason_code);
end;
$$;
comment on function public.resolve_case(uuid, text, text) is
  'Decides a case: violation with a reason code, or no_violation: {case_id, decision, reason_code}. The same decision again is the same.';
grant execute on function public.resolve_case(uuid, text, text) to authenticated;
