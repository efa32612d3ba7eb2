-- Owns: what a person is told about decisions against them (my_decisions), and how they appeal: once, decided by somebody else.
-- Lifting undoes the act through the one door and forgives the strikes.

update public.app_settings set value = value || '{"appeals_per_minute": 3}' where key = 'limits';
insert into public.app_settings (key, value, description) values
  ('bans.second_person_days', '30', 'A platform ban by an operator acts at once for so many days; for longer a second operator confirms it.'),
  ('appeals.within_days', '180', 'For how many days after a decision it may be appealed.');

create table public.moderation_appeals (
  id uuid primary key default gen_random_uuid(),
  action_id uuid not null unique references public.moderation_actions (id) on delete cascade,
  user_id uuid not null,
  text text not null check (char_length(text) between 1 and 2000),
  created_at timestamptz not null default clock_timestamp(),
  decision text check (decision in ('upheld', 'lifted')),
  decided_by uuid,
  decided_at timestamptz,
  answer text check (char_length(answer) <= 2000),
  decided_alone boolean not null default false,
  check ((decision is null) = (decided_at is null))
);
comment on table public.moderation_appeals is 'What people answer to a decision against them: one appeal for each decision.';
comment on column public.moderation_appeals.id is 'Id of the appeal.';
comment on column public.moderation_appeals.action_id is 'The decision.';
comment on column public.moderation_appeals.user_id is 'Who appeals: whom the decision was about.';
comment on column public.moderation_appeals.text is 'Their words.';
comment on column public.moderation_appeals.created_at is 'When they appealed.';
comment on column public.moderation_appeals.decision is 'upheld (the decision stands) or lifted; null while open.';
comment on column public.moderation_appeals.decided_by is 'Who of ops decided; never shown to the person.';
comment on column public.moderation_appeals.decided_at is 'When it was decided.';
comment on column public.moderation_appeals.answer is 'What the person is told with the decision.';
comment on column public.moderation_appeals.decided_alone is 'Whether the operator who had acted decided it themself, because there was no other.';
create index moderation_appeals_open on public.moderation_appeals (created_at) where decided_at is null;
create index moderation_appeals_of_person on public.moderation_appeals (user_id, created_at desc);
create index moderation_appeals_by_age on public.moderation_appeals (decided_at) where decided_at is not null;
alter table public.moderation_appeals enable row level security;
grant select (id, action_id, user_id, text, created_at, decision, decided_at, answer) on public.moderation_appeals to authenticated;
grant select on public.moderation_appeals to service_role;
create policy "one sees one's own appeals, ops all" on public.moderation_appeals for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops()));
insert into live.personal_data (table_name, whose, others, setting, age, kept_while, why) values
  ('public.moderation_appeals', '{user_id}', '{decided_by}', 'retention.actions_days', 't.decided_at', 'false',
   'What a person answered to a decision and how that was decided: kept as long as the decision.');

-- ── what is a decision ──────────────────────────────────────────────────────────────────────────────────────────
create function live.took_something(p_row public.moderation_actions) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  -- A later row that overtook it does not unmake it: it held until then. A withdrawal does.
  return p_row.action in ('mute', 'camera_off', 'chat_mute', 'kick', 'ban', 'set_role', 'delete_message')
     and p_row.target_user_id is not null and not p_row.dry_run
     and (p_row.status <> 'cancelled' or p_row.error_code = 'superseded') is true
     and coalesce(p_row.after ->> 'invited', 'false') <> 'true'
     and (p_row.action <> 'set_role' or (
           select min(r.rank) filter (where r.role = p_row.params ->> 'role') < min(r.rank) filter (where r.role = p_row.before ->> 'role')
             from public.live_roles r) is true);
end;
$$;
comment on function live.took_something(public.moderation_actions) is 'Whether a row is a decision that took something from a person.';

create function live.may_be_appealed(p_row public.moderation_actions) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return live.took_something(p_row)
     and p_row.created_at > clock_timestamp() - make_interval(days => (live.setting('appeals.within_days'))::int);
end;
$$;
comment on function live.may_be_appealed(public.moderation_actions) is 'Whether a decision took something from a person, and may still be appealed.';

-- ── the statement of reasons ─────────────────────────────────────────────────────────────────────────────────────
create function live.statement_of(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  seen public.moderation_incidents;
  about public.moderation_cases;
  code public.reason_codes;
  answer public.moderation_appeals;
begin
  select * into seen from public.moderation_incidents i where i.action_id = p_row.id order by i.started_at limit 1;
  select * into about from public.moderation_cases c where c.id = p_row.case_id and c.resolved_at is not null;
  -- What a human found in the end outranks what the act was asked with.
  select * into code from public.reason_codes r where r.code = coalesce(about.reason_code, p_row.reason_code);
  select * into answer from public.moderation_appeals a where a.action_id = p_row.id;
  return jsonb_build_object(
    'action_id', p_row.id, 'action', p_row.action, 'at', p_row.created_at, 'session_id', p_row.session_id,
    'title', (select s.title from public.live_sessions s where s.id = p_row.session_id),
    'seconds', p_row.params -> 'seconds', 'scope', p_row.params -> 'scope',
    -- Which person it was is not said: only whether one of the room, of the platform, or a rule.
    'decided_by', case p_row.requested_via when 'auto' then 'rule' when 'app' then 'room' else 'platform' end,
    'reason', p_row.reason, 'rule', seen.rule, 'facts', seen.measured - 'refused' - 'words',
    'clips', (select count(*) from public.evidence_clips e where e.incident_id = seen.id or e.case_id = p_row.case_id),
    'reason_code', code.code, 'text_en', code.text_en, 'text_tr', code.text_tr,
    'may_appeal', live.may_be_appealed(p_row) and answer.id is null,
    'appeal', case when answer.id is not null then jsonb_build_object(
      'id', answer.id, 'at', answer.created_at, 'decision', answer.decision, 'decided_at', answer.decided_at, 'answer', answer.answer) end);
end;
$$;
comment on function live.statement_of(public.moderation_actions) is 'What the person concerned is told about a decision: what, when, why, by which kind of judge, and their appeal.';

create function public.my_decisions(before timestamptz default null, "limit" int default 50) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  if me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  perform live.refuse_deleted(me);
  return (
    select coalesce(jsonb_agg(live.statement_of(a) order by a.n desc), '[]')
      from (select * from public.moderation_actions x
             where x.target_user_id = me and live.took_something(x) and x.created_at < coalesce(my_decisions.before, 'infinity')
             order by x.n desc limit least(greatest(coalesce(my_decisions."limit", 50), 1), 100)) a);
end;
$$;
comment on function public.my_decisions(timestamptz, int) is
  'What was decided about the caller, newest first: [{action_id, action, at, decided_by: rule | room | platform, reason, rule, facts, clips: how many, reason_code, '
  'text_en, text_tr, may_appeal, appeal, …}]. A suspended account may ask too.';
grant execute on function public.my_decisions(timestamptz, int) to authenticated;

-- ── appealing ────────────────────────────────────────────────────────────────────────────────────────────────────
create function public.appeal(action_id uuid, text text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  said constant text := nullif(btrim(appeal.text), '');
  item public.moderation_actions;
  made uuid;
begin
  -- Not require_account: who is banned from the platform must be able to answer.
  if me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  perform live.refuse_deleted(me);
  select * into item from public.moderation_actions a where a.id = appeal.action_id and a.target_user_id = me;
  if item.id is null then
    perform live.refuse(404, 'unknown_action', 'There is no such decision about you.');
  elsif said is null or live.text_fault(said, 2000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('An appeal %s.', coalesce(live.text_fault(said, 2000, true), 'must say something')));
  elsif not live.may_be_appealed(item) then
    perform live.refuse(409, 'not_appealable', 'This decision cannot be appealed, or its time for that is over.');
  end if;
  perform live.spend(me, 'appeals_per_minute');
  insert into public.moderation_appeals as p (action_id, user_id, text) values (item.id, me, said)
  on conflict on constraint moderation_appeals_action_id_key do nothing returning p.id into made;
  if made is null then
    perform live.refuse(409, 'already_appealed', 'You have appealed this decision already: you will be told what is decided.');
  end if;
  perform realtime.send(jsonb_build_object('id', made, 'severity', 'info', 'state', 'appeal'), 'changed', 'live:cases', true);
  return jsonb_build_object('appeal_id', made);
end;
$$;
comment on function public.appeal(uuid, text) is
  'Appeals a decision about the caller, once: {appeal_id}. Refuses unknown_action, not_appealable, already_appealed. A suspended account may appeal too.';
grant execute on function public.appeal(uuid, text) to authenticated;

create function public.appeal_inbox("limit" int default 50, skip int default 0) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform live.require_ops();
  return (
    select coalesce(jsonb_agg(to_jsonb(x) order by x.created_at), '[]')
      from (select p.id, p.user_id, p.text, p.created_at, to_jsonb(a) as decision_about, a.requested_by = auth.uid() as own_decision,
                   live.shown_name(p.user_id) as name
              from public.moderation_appeals p join public.moderation_actions a on a.id = p.action_id
             where p.decided_at is null and p.user_id <> auth.uid()
             order by p.created_at
             limit least(greatest(coalesce(appeal_inbox."limit", 50), 1), 200) offset least(greatest(coalesce(appeal_inbox.skip, 0), 0), 10000)) x);
end;
$$;
comment on function public.appeal_inbox(int, int) is
  'The open appeals, the oldest first, for ops: [{id, user_id, name, text, created_at, decision_about, own_decision}].';
grant execute on function public.appeal_inbox(int, int) to authenticated;

create function live.other_ops_exist(p_me uuid, p_about uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from public.live_ops o where o.user_id not in (p_me, p_about) and live.is_ops(o.user_id));
end;
$$;
comment on function live.other_ops_exist(uuid, uuid) is
  'Whether there is another operator in good standing than the caller and whom it is about, who do not judge it.';

create function live.undo_of(p_row public.moderation_actions) returns text
language plpgsql stable set search_path = '' as $$
begin
  return case p_row.action
    when 'mute' then case when exists (select from public.live_participants p where p.session_id = p_row.session_id
                                         and p.user_id = p_row.target_user_id and p.mic_muted) then 'unmute' end
    when 'camera_off' then case when exists (select from public.live_participants p where p.session_id = p_row.session_id
                                               and p.user_id = p_row.target_user_id and p.camera_off) then 'camera_on' end
    when 'chat_mute' then case when exists (select from public.live_participants p where p.session_id = p_row.session_id
                                              and p.user_id = p_row.target_user_id and p.chat_muted_until > clock_timestamp()) then 'chat_unmute' end
    when 'ban' then case when exists (select from live.bans_of(p_row)) then 'unban' end
  end;
end;
$$;
comment on function live.undo_of(public.moderation_actions) is 'The action that undoes what still stands of a decision; null when nothing does.';

create function live.lift(p_row public.moderation_actions) returns uuid
language plpgsql set search_path = '' as $$
declare
  opposite constant text := live.undo_of(p_row);
  running constant boolean := exists (select from public.live_sessions s where s.id = p_row.session_id and s.status <> 'ended');
  made uuid;
begin
  update public.moderation_incidents i set strikes = 0, measured = i.measured || '{"forgiven": true}' where i.action_id = p_row.id;
  -- In a session that is over only bans still hold.
  if opposite is not null and (running or opposite = 'unban') then
    insert into public.moderation_actions (session_id, call_id, target_user_id, action, params, reason)
    values (p_row.session_id, p_row.call_id, p_row.target_user_id, opposite,
            case when opposite = 'unban' then jsonb_strip_nulls(jsonb_build_object('scope', p_row.params -> 'scope')) else '{}' end, 'lifted after an appeal')
    returning id into made;
  end if;
  return made;
end;
$$;
comment on function live.lift(public.moderation_actions) is 'Undoes what still stands of a decision, through the door, and forgives its strikes; the id of the undoing row.';

create function public.decide_appeal(id uuid, decision text, answer text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  item public.moderation_appeals;
  about public.moderation_actions;
  said constant text := nullif(btrim(decide_appeal.answer), '');
  undone uuid;
begin
  select * into item from public.moderation_appeals p where p.id = decide_appeal.id for update;
  select * into about from public.moderation_actions a where a.id = item.action_id;
  if item.id is null then
    perform live.refuse(404, 'unknown_appeal', 'There is no such appeal.');
  elsif item.user_id = me then
    perform live.refuse(403, 'own_case', 'This case is about you: somebody else decides it.');
  elsif about.requested_by = me and live.other_ops_exist(me, item.user_id) then
    perform live.refuse(403, 'own_decision', 'You made this decision: another operator decides the appeal.');
  elsif decide_appeal.decision is null or decide_appeal.decision not in ('upheld', 'lifted') then
    perform live.refuse(400, 'invalid_choice', 'An appeal is decided as upheld or lifted.');
  elsif said is not null and live.text_fault(said, 2000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('An answer %s.', live.text_fault(said, 2000, true)));
  elsif item.decided_at is not null then
    if (item.decision, item.decided_by) is distinct from (decide_appeal.decision, me) then
      perform live.refuse(409, 'appeal_decided', 'This appeal is decided already.');
    end if;
    return jsonb_build_object('appeal_id', item.id, 'decision', item.decision, 'undone_by', null);
  end if;
  update public.moderation_appeals p
     set decision = decide_appeal.decision, decided_by = me, decided_at = clock_timestamp(), answer = said,
         decided_alone = coalesce(about.requested_by = me, false)
   where p.id = item.id;
  if decide_appeal.decision = 'lifted' then
    undone := live.lift(about);
  end if;
  perform live.tell_user(item.user_id, 'appeal', jsonb_build_object('action_id', item.action_id, 'decision', decide_appeal.decision));
  return jsonb_build_object('appeal_id', item.id, 'decision', decide_appeal.decision, 'undone_by', undone);
end;
$$;
comment on function public.decide_appeal(uuid, text, text) is
  'Decides an appeal: upheld, or lifted, which undoes the act and forgives its strikes: {appeal_id, decision, undone_by}. Refuses own_decision '
  'while there is another operator.';
grant execute on function public.decide_appeal(uuid, text, text) to authenticated;

create function live.release_clips() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  about public.moderation_actions;
begin
  select * into about from public.moderation_actions a where a.id = new.action_id;
  update public.evidence_clips c set retention_until = least(c.retention_until, new.decided_at)
   where c.deleted_at is null
     and (c.case_id = about.case_id or c.incident_id in (select i.id from public.moderation_incidents i where i.action_id = about.id));
  return null;
end;
$$;
comment on function live.release_clips() is 'Trigger: what was wrong to decide is no reason to hold sound any longer.';
create trigger release_clips after update of decision on public.moderation_appeals
  for each row when (new.decision = 'lifted' and old.decision is null) execute function live.release_clips();
