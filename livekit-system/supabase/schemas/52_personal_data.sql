-- Owns: what each table says of people, how long it is kept and why: one list. The export, the record of erasures, the
-- sweep of old rows and their audit read it. A table without a line fails the catalog's test.

create table live.personal_data (
  table_name text primary key,
  whose text[] not null default '{}',
  others text[] not null default '{}',
  shown text[] not null default '{}',
  exported_when text not null default 'true',
  setting text,
  age text,
  kept_while text not null default 'false',
  why text not null check (length(why) >= 20),
  forgotten_up_to timestamptz not null default '-infinity',
  looked_at timestamptz not null default '-infinity',
  rests_until timestamptz not null default '-infinity',
  fault text,
  check ((setting is null) = (age is null))
);
comment on table live.personal_data is 'What each table says of people, how long it is kept, and why.';
comment on column live.personal_data.table_name is 'Qualified name of the table.';
comment on column live.personal_data.whose is 'Columns with the id of whose row it is: such rows are in that person''s export. Empty: not exported; why says the reason.';
comment on column live.personal_data.others is 'Columns with an id of somebody else: left out of exports.';
comment on column live.personal_data.shown is 'Columns with an id of somebody else that the person themself named: in their export.';
comment on column live.personal_data.exported_when is 'Condition (alias t) for a row to be exported.';
comment on column live.personal_data.setting is 'Setting that says for how many days rows are kept; null when no clock deletes them.';
comment on column live.personal_data.age is
  'Expression (alias t) with an index: from when on a row is of no use but as a record. Null or in the future while it is.';
comment on column live.personal_data.kept_while is 'Condition (alias t) under which a row is kept whatever its age.';
comment on column live.personal_data.why is 'Why it is held, and why for so long.';
comment on column live.personal_data.forgotten_up_to is 'Rows older than this may be deleted already: audits do not look before it.';
comment on column live.personal_data.looked_at is 'When retention last looked for old rows here: it goes on with the table that it has not seen for longest.';
comment on column live.personal_data.rests_until is 'Retention leaves the table alone until then: the longer it took, the longer it rests.';
comment on column live.personal_data.fault is 'Why the last try to delete old rows failed; null when it went well.';
alter table live.personal_data enable row level security;

insert into public.app_settings (key, value, description) values
  ('retention.chat_days', '180', 'For how many days chat messages are kept.'),
  ('retention.events_days', '180', 'For how many days the events of ended sessions are kept.'),
  ('retention.visits_days', '365', 'For how many days it is kept who was in which room, and what they published.'),
  ('retention.audio_days', '90', 'For how many days the minutes of measured sound are kept.'),
  ('retention.incidents_days', '365', 'For how many days incidents of audio rules are kept.'),
  ('retention.actions_days', '1095', 'For how many days moderation actions, closed cases and bans that are over are kept.'),
  ('retention.calls_days', '365', 'For how many days ended calls are kept.'),
  ('retention.webhooks_days', '7', 'For how many days webhooks of LiveKit''s are kept.'),
  ('retention.push_days', '60', 'For how many days pushes are kept, and devices that the app has not registered again.');

insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('live.push_audiences', '{}', '{after_user}', 'true', null, null, 'false',
   'How far the followers of a creator who went live have been told: deleted when all are. Not exported: it is gone within minutes.'),
  ('public.live_messages', '{user_id}', '{deleted_by}', 'true', 'retention.chat_days', 't.created_at',
   'exists (select from public.moderation_cases k where k.resolved_at is null and (k.message_id = t.id or (k.session_id = t.session_id and k.user_id = t.user_id)))',
   'Chat, and evidence of what was said; what an open case needs is held.'),
  ('public.live_events', '{}', '{}', 'true', 'retention.events_days', 't.created_at',
   'exists (select from public.live_sessions s where s.id = t.session_id and s.status <> ''ended'')',
   'What rooms were told, so that clients catch up. Not exported: it repeats visits, gifts and actions, which are.'),
  ('public.live_visits', '{user_id}', '{}', 'true', 'retention.visits_days', 't.left_at',
   'exists (select from public.live_sessions s where s.id = t.session_id and s.status <> ''ended'')',
   'Who was where and when: watch time, refunds, and who could have done what.'),
  ('public.live_media', '{user_id}', '{}', 'true', 'retention.visits_days', 't.ended_at',
   'exists (select from public.live_sessions s where s.id = t.session_id and s.status <> ''ended'')',
   'What was published and when, never its content: it decides whether a ticket was earned.'),
  ('public.live_participants', '{user_id}', '{invited_by}', 'true', 'retention.visits_days',
   'coalesce(t.left_at, t.last_joined_at, t.created_at)',
   't.is_online or exists (select from public.live_sessions s where s.id = t.session_id and (s.status <> ''ended'' or s.creator_id = t.user_id))',
   'Place and rights of a person in a session. The host''s belongs to the session''s figures and stays.'),
  ('public.live_audio_stats', '{user_id}', '{}', 'true', 'retention.audio_days', 't.minute',
   'exists (select from public.moderation_cases k where k.resolved_at is null and k.session_id = t.session_id and k.user_id = t.user_id)',
   'Levels of sound a minute, no sound itself: help for moderators; what an open case needs is held.'),
  ('public.moderation_incidents', '{user_id}', '{}', 'true', 'retention.incidents_days', 't.created_at',
   'exists (select from public.moderation_cases k where k.resolved_at is null and k.session_id = t.session_id and k.user_id = t.user_id)',
   'Which audio rule was broken, as evidence for an appeal; what an open case needs is held.'),
  ('public.moderation_actions', '{target_user_id,requested_by}', '{confirmed_by}', 'true', 'retention.actions_days',
   't.created_at',
   't.status in (''pending'', ''claimed'') or exists (select from public.moderation_cases k where k.resolved_at is null and k.session_id = t.session_id and k.user_id = t.target_user_id)',
   'Who acted against whom: evidence for claims of either side, and what an open case needs is held.'),
  ('public.moderation_cases', '{user_id}', '{claimed_by,resolved_by}', 't.resolved_at is not null', 'retention.actions_days', 't.resolved_at',
   'exists (select from public.evidence_clips e where e.case_id = t.id and e.deleted_at is null)',
   'Evidence of how a complaint was decided. An open case is not exported: it would warn who is looked into.'),
  ('public.live_bans', '{user_id}', '{creator_id,created_by,lifted_by}', 'true', 'retention.actions_days',
   'coalesce(t.lifted_at, t.expires_at)', 'false',
   'Keeps out who was banned, and is evidence of it; a ban in force is never deleted.'),
  ('public.calls', '{caller_id,callee_id}', '{video_wanted_by}', 'true', 'retention.calls_days', 't.ended_at',
   'exists (select from public.moderation_actions a where a.call_id = t.id) or exists (select from public.live_visits v where v.call_id = t.id) or exists (select from public.moderation_cases k where k.call_id = t.id)',
   'Who called whom and when, never what was said. Kept as long as visits, actions or cases of it.'),
  ('public.livekit_webhook_events', '{}', '{}', 'true', 'retention.webhooks_days', 't.received_at', 'false',
   'Repeats are known by it, and incidents are looked into. Not exported: visits and media say the same.'),
  ('public.push_devices', '{user_id}', '{}', 'true', 'retention.push_days', 't.seen_at', 'false',
   'Where a person can be reached by push: until they sign out there or their account is deleted.'),
  ('public.push_outbox', '{user_id}', '{}', 'true', 'retention.push_days', 't.created_at', 't.status = ''pending''',
   'What was pushed, and what became of it: ids and times, never a text of anybody''s.'),
  ('public.coin_ledger', '{user_id}', '{created_by}', 'true', null, null, 'false', 'Money: the law asks for the books, and a book with holes cannot be balanced.'),
  ('public.coin_wallets', '{user_id}', '{}', 'true', null, null, 'false', 'Money: the balance that the books add up to.'),
  ('public.creator_earnings', '{creator_id}', '{}', 'true', null, null, 'false', 'Money: the law asks for the books, and a book with holes cannot be balanced.'),
  ('public.creator_earned_hours', '{creator_id}', '{}', 'true', null, null, 'false', 'Money: the law asks for the books, and a book with holes cannot be balanced.'),
  ('public.creator_open_earnings', '{creator_id}', '{}', 'true', null, null, 'false', 'Money: the law asks for the books, and a book with holes cannot be balanced.'),
  ('public.creator_payouts', '{creator_id}', '{}', 'true', null, null, 'false', 'Money: what was paid out, which the law asks to keep.'),
  ('public.creator_debts', '{creator_id}', '{}', 'true', null, null, 'false', 'Money: what is owed after a refund.'),
  ('public.live_gifts', '{sender_id}', '{}', 'true', null, null, 'false', 'Money: what the books'' rows of gifts belong to.'),
  ('public.live_tickets', '{user_id}', '{}', 'true', null, null, 'false', 'Money: what the books'' rows of tickets belong to.'),
  ('public.live_sessions', '{creator_id}', '{}', 'true', null, null, 'false', 'Figures of sessions, which other people took part in too, and which money belongs to.'),
  ('public.user_blocks', '{user_id}', '{}', 'true', null, null, 'false', 'Whom a person wants to have nothing to do with: until they lift it or their account is deleted.'),
  ('public.call_preferences', '{user_id}', '{}', 'true', null, null, 'false', 'Who may call a person: until their account is deleted.'),
  ('public.call_engagements', '{user_id}', '{}', 'true', null, null, 'false', 'Which call a person is in: deleted when it ends.'),
  ('public.live_level_watches', '{user_id}', '{}', 'true', null, null, 'false', 'Who watches levels just now: deleted by the sweep seconds after it expires.'),
  ('public.live_ops', '{user_id}', '{}', 'true', null, null, 'false', 'Who belongs to the ops team: until they leave it or their account is deleted.'),
  ('public.erasures', '{}', '{user_id,requested_by}', 'true', null, null, 'false', 'Proof of each erasure. Not exported: there is no account left to ask for it.'),
  ('live.gone_accounts', '{}', '{user_id}', 'true', null, null, 'false', 'Bare ids of deleted accounts, kept as long as tombstones. Not exported: there is no account left to ask.'),
  ('public.app_settings', '{}', '{updated_by}', 'true', null, null, 'false', 'Settings and who of ops changed one last, as the operator''s audit. Not exported: it says nothing of a user.'),
  ('public.app_setting_changes', '{}', '{requested_by}', 'true', null, null, 'false', 'The operator''s audit of settings. Not exported: it says nothing of a user.'),
  ('live.spending', '{}', '{user_id}', 'true', null, null, 'false', 'Uses within a minute, for limits: deleted after ten minutes. Not exported: it is gone before it is read.'),
  ('live.gift_runs', '{}', '{sender_id}', 'true', null, null, 'false', 'Gifts of a running combo, told in one: deleted within seconds. Not exported: the gifts themselves are.');
update live.personal_data d set shown = '{blocked_id}' where d.table_name = 'public.user_blocks';
insert into live.personal_data (table_name, why)
select n, 'Holds nothing about a person: names of things, rooms, workers and states.'
  from unnest(array['live.api_paths', 'live.app_pre_request', 'live.orphan_rooms', 'live.presence_steps', 'live.rule_circuits',
                    'live.push_kinds', 'live.reminders', 'live.ingresses', 'live.session_hints', 'live.held_hints', 'live.hint_budget', 'live.schema_objects', 'live.sweeps', 'live.wake_marks', 'live.personal_data', 'public.agent_rooms', 'public.agent_workers',
                    'public.call_transitions', 'public.gift_catalog', 'public.live_actions', 'public.live_roles',
                    'public.live_session_transitions', 'public.relay_keys']) as n;

-- ── retention ──────────────────────────────────────────────────────────────────────────────────────────────────
create function live.retention_of(p_table text) returns interval
language plpgsql stable set search_path = '' as $$
begin
  return (select make_interval(days => (live.setting(d.setting))::int) from live.personal_data d where d.table_name = p_table);
end;
$$;
comment on function live.retention_of(text) is 'How long rows of a table are kept; null when no clock deletes them.';

create function live.forget_rows(p_table text, p_most int) returns int
language plpgsql set search_path = '' as $$
declare
  line live.personal_data;
  up_to constant timestamptz := clock_timestamp() - live.retention_of(p_table);
  forgotten int;
begin
  select * into line from live.personal_data d where d.table_name = p_table;
  if up_to is null then
    return 0;
  end if;
  execute format('delete from %1$s t where t.ctid = any (array(select t.ctid from %1$s t where (%2$s) < $1 and not (%3$s) '
                 'limit $2 for update skip locked))',
                 p_table, line.age, line.kept_while) using up_to, p_most;
  get diagnostics forgotten = row_count;
  if forgotten > 0 then
    update live.personal_data d set forgotten_up_to = greatest(d.forgotten_up_to, up_to) where d.table_name = p_table;
  end if;
  return forgotten;
end;
$$;
comment on function live.forget_rows(text, int) is 'Deletes at most so many rows of a table that are older than its retention; how many.';

insert into live.wake_marks (room) values ('retention');

create function live.try_to_forget_rows(p_table text, p_most int) returns int
language plpgsql set search_path = '' set lock_timeout = '200ms' as $$
declare
  started constant timestamptz := clock_timestamp();
  forgotten int := 0;
  failure text;
begin
  begin
    forgotten := live.forget_rows(p_table, p_most);
  -- "others" leaves out the statement's time-out, which counts from the start of the sweep and comes once.
  exception when query_canceled or others then
    failure := sqlerrm;
  end;
  update live.personal_data d
     set looked_at = clock_timestamp(), fault = failure,
         rests_until = clock_timestamp() + 500 * (clock_timestamp() - started)
   where d.table_name = p_table;
  return forgotten;
end;
$$;
comment on function live.try_to_forget_rows(text, int) is
  'forget_rows for a sweep: what fails or is cut off by a time-out is undone alone and noted, and the table rests 500 times as '
  'long as it took. How many rows; 0 after a failure. The caller holds the table''s line.';

create function live.forget_old_rows() returns int
language plpgsql set search_path = '' as $$
declare
  until constant timestamptz := clock_timestamp() + interval '300 milliseconds';
  forgotten int := 0;
  name text;
begin
  if not live.take_mark('retention', interval '1 minute') then
    return 0;
  end if;
  -- The sweep holds sessions and wallets meanwhile, so the time is short, and a line in other hands is left to them.
  for name in
    select d.table_name from live.personal_data d
     where d.setting is not null and d.rests_until <= clock_timestamp()
     order by d.looked_at, d.table_name in ('public.calls', 'public.moderation_cases'), d.table_name
       for update skip locked
  loop
    forgotten := forgotten + live.try_to_forget_rows(name, 2000);
    exit when clock_timestamp() > until;
  end loop;
  return forgotten;
end;
$$;
comment on function live.forget_old_rows() is 
  'Deletes what is older than its retention, once a minute, at most 2000 rows a table; how many. It begins no further table '
  'after 300 ms, and goes on there a minute later. No failure of it is one of the sweep.';

create function live.retention_faults() returns table (table_name text, oldest timestamptz, allowed timestamptz)
language plpgsql stable set search_path = '' as $$
declare
  line record;
begin
  for line in select d.* from live.personal_data d where d.setting is not null order by d.table_name loop
    allowed := clock_timestamp() - live.retention_of(line.table_name) - interval '1 day';
    execute format('select min(%2$s) from %1$s t where (%2$s) < $1 and not (%3$s)',
                   line.table_name, line.age, line.kept_while) into oldest using allowed;
    table_name := line.table_name;
    if oldest is not null then
      return next;
    end if;
  end loop;
end;
$$;
comment on function live.retention_faults() is 'Tables with rows that are a day older than their retention allows: {table_name, oldest, allowed}.';

create function live.audited_since(p_table text) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  return (select d.forgotten_up_to from live.personal_data d where d.table_name = p_table);
end;
$$;
comment on function live.audited_since(text) is 'Since when all rows of a table must be there: older ones may have been deleted by retention.';
