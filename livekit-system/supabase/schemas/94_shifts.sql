-- Owns: the change of shifts: the hand-over note, what happened since one left (shift_overview), and how quickly and how lastingly
-- each operator acts (operator_measures).

create table public.shift_notes (
  id uuid primary key default gen_random_uuid(),
  author_id uuid,
  body text not null check (char_length(body) between 1 and 4000),
  created_at timestamptz not null default clock_timestamp()
);
comment on table public.shift_notes is 'Hand-over notes: who writes one leaves the shift with it.';
comment on column public.shift_notes.id is 'The author''s app may choose it: the same id again is the same note.';
comment on column public.shift_notes.author_id is 'Who left.';
comment on column public.shift_notes.body is 'What the next ones must know.';
comment on column public.shift_notes.created_at is 'When they left.';
create index shift_notes_by_age on public.shift_notes (created_at);
create index shift_notes_of_author on public.shift_notes (author_id, created_at desc);
alter table public.shift_notes enable row level security;
grant select on public.shift_notes to authenticated, service_role;
create policy "ops read hand-over notes" on public.shift_notes for select to authenticated using ((select live.am_ops()));
insert into live.personal_data (table_name, whose, others, setting, age, why) values
  ('public.shift_notes', '{}', '{author_id}', 'retention.actions_days', 't.created_at',
   'What operators hand over to each other at the end of a shift. Not exported: it may speak of people who are looked into.');

create function public.hand_over(body text, id uuid default gen_random_uuid()) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
begin
  if hand_over.body is null or live.text_fault(hand_over.body, 4000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('A note %s.', coalesce(live.text_fault(hand_over.body, 4000, true), 'must say something')));
  end if;
  insert into public.shift_notes (id, author_id, body) values (hand_over.id, me, hand_over.body)
  on conflict on constraint shift_notes_pkey do nothing;
  return jsonb_build_object('note_id', hand_over.id);
end;
$$;
comment on function public.hand_over(text, uuid) is 'Leaves the shift with a note for the next: {note_id}. The same id again is the same note.';

create function live.shift_acts(p_since timestamptz) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(x) order by x.times desc, x.action), '[]') from (
      select a.action, a.requested_via as via, count(*) as times, count(*) filter (where a.status in ('failed', 'expired')) as failed
        from public.moderation_actions a
       where a.created_at >= p_since and not a.dry_run
       group by a.action, a.requested_via) x);
end;
$$;
comment on function live.shift_acts(timestamptz) is 'What was done since a time, by action and door: [{action, via, times, failed}].';

create function public.shift_overview(since timestamptz default null) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  left_at constant timestamptz := (select max(n.created_at) from public.shift_notes n where n.author_id = me);
  begins constant timestamptz := greatest(coalesce(shift_overview.since, left_at, clock_timestamp() - interval '1 day'),
                                          clock_timestamp() - interval '31 days');
begin
  return jsonb_build_object(
    'since', live.instant(begins), 'left_at', live.instant(left_at),
    'notes', (select coalesce(jsonb_agg(to_jsonb(n) || jsonb_build_object('author', case when n.author_id is not null then live.console_card(n.author_id) end) order by n.created_at desc), '[]')
                from (select * from public.shift_notes x order by x.created_at desc limit 10) n),
    'cases', (select jsonb_build_object(
                'opened', count(*) filter (where c.opened_at >= begins), 'resolved', count(*) filter (where c.resolved_at >= begins),
                'open', count(*) filter (where c.resolved_at is null),
                'critical', count(*) filter (where c.resolved_at is null and c.severity = 'critical'),
                'unclaimed', count(*) filter (where c.resolved_at is null and coalesce(c.claim_expires_at, '-infinity') < clock_timestamp()))
                from public.moderation_cases c
               where (c.resolved_at is null or c.resolved_at >= begins or c.opened_at >= begins) and c.user_id is distinct from me),
    'acts', live.shift_acts(begins),
    'incidents', (select coalesce(jsonb_agg(to_jsonb(x) order by x.times desc, x.rule), '[]') from (
                    select i.rule, count(*) as times, count(i.action_id) as acted, count(distinct i.user_id) as people
                      from public.moderation_incidents i where i.created_at >= begins group by i.rule) x),
    'appeals', (select count(*) from public.moderation_appeals p where p.decided_at is null),
    'sessions', (select count(*) from public.live_sessions s where s.started_at >= begins),
    'live', (select count(*) from public.live_sessions s where s.status = 'live'),
    'settings', (select coalesce(jsonb_agg(to_jsonb(x) || jsonb_build_object('by', case when x.requested_by is not null then live.console_card(x.requested_by) end) order by x.n desc), '[]') from (
                   select c.n, c.key, c.session_id, c.after, c.requested_by, c.changed_at, c.reason
                     from public.app_setting_changes c where c.changed_at >= begins order by c.n desc limit 20) x));
end;
$$;
comment on function public.shift_overview(timestamptz) is
  'For ops: what happened since a time (else since one''s own last hand_over, else a day; 31 days at most) and what waits: {since, left_at, notes, cases: {opened, '
  'resolved, open, critical, unclaimed}, acts, incidents, appeals, sessions, live, settings}. Cases about the caller are left out.';

create function public.operator_measures(since timestamptz, until timestamptz default now()) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  me uuid;
begin
  me := live.require_ops();
  if operator_measures.until - operator_measures.since > interval '93 days' then
    perform live.refuse(400, 'invalid_choice', 'Ask for three months at most.');
  end if;
  return (
    with acts as (
      select a.id, a.requested_by as who, a.requested_via as via, a.case_id, a.created_at, a.enforce_ms, live.took_something(a) as took,
             (select b.requested_by from public.moderation_audit v join public.moderation_actions b on b.id = v.undone_by where v.action_id = a.id) as undone_by_who,
             exists (select from public.moderation_appeals p where p.action_id = a.id and p.decision = 'lifted') as lifted
        from public.moderation_actions a
       where a.created_at between operator_measures.since and operator_measures.until
         and a.requested_by is not null and not a.dry_run and a.action <> all ('{listen,export_audit}')
    ), first_acts as (
      select a.who, extract(epoch from min(a.created_at) - c.opened_at) as seconds
        from acts a join public.moderation_cases c on c.id = a.case_id group by a.who, c.id
    ), decided as (
      select c.resolved_by as who, extract(epoch from c.resolved_at - c.opened_at) as seconds
        from public.moderation_cases c
       where c.resolved_by is not null and c.resolved_at between operator_measures.since and operator_measures.until
    ), everybody as (
      select who from acts union select who from decided
    )
    select coalesce(jsonb_agg(jsonb_build_object(
             'card', live.console_card(e.who), 'ops', live.is_ops(e.who),
             'acts', (select count(*) from acts a where a.who = e.who),
             'took', (select count(*) from acts a where a.who = e.who and a.took),
             'reversed', (select count(*) from acts a where a.who = e.who and a.took and (a.lifted or a.undone_by_who <> a.who)),
             'taken_back', (select count(*) from acts a where a.who = e.who and a.took and a.undone_by_who = a.who),
             'cases', (select count(*) from decided d where d.who = e.who),
             'response_seconds_p50', (select percentile_cont(0.5) within group (order by f.seconds) from first_acts f where f.who = e.who),
             'decision_seconds_p50', (select percentile_cont(0.5) within group (order by d.seconds) from decided d where d.who = e.who))
             order by (select count(*) from acts a where a.who = e.who) desc, e.who), '[]')
      from everybody e where e.who = me or live.am_lead());
end;
$$;
comment on function public.operator_measures(timestamptz, timestamptz) is
  'For ops, of everybody who has acted or decided in a time (93 days at most; who does not lead sees themselves): [{card, ops, acts, took, reversed, taken_back, '
  'cases, response_seconds_p50, decision_seconds_p50}]. took: acts that took something away; reversed: of those, lifted on appeal or undone by somebody else; response: from the opening of a '
  'case to the operator''s first act in it.';

grant execute on function public.hand_over(text, uuid), public.shift_overview(timestamptz), public.operator_measures(timestamptz, timestamptz) to authenticated;
