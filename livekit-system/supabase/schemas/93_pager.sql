-- Owns: what calls a human who looks at no screen: the page outbox, written in the transaction of the event, and how a worker
-- takes from it and says what became of it. Once for each case and severity; tried again until the case is decided or
-- it is too late; not while somebody works on the case. A page says nothing about a person: a case, how grave, and which rule.

create table public.page_outbox (
  id uuid primary key default gen_random_uuid(),
  case_id uuid not null references public.moderation_cases (id) on delete cascade,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  status text not null default 'pending' check (status in ('pending', 'sent', 'expired')),
  attempts int not null default 0 check (attempts >= 0),
  due_at timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  error text,
  unique (case_id, severity)
);
comment on table public.page_outbox is 'What is to be sent to the operators'' pager: one row for each case and severity, written with the event itself.';
comment on column public.page_outbox.id is 'Id of the page: the same in each attempt, so that the receiver can leave out repeats.';
comment on column public.page_outbox.case_id is 'The case.';
comment on column public.page_outbox.severity is 'How grave it was then: info, warning or critical.';
comment on column public.page_outbox.status is 'pending, sent (the receiver has taken it) or expired (the case is decided, or it is too late).';
comment on column public.page_outbox.attempts is 'How often it was taken to be sent.';
comment on column public.page_outbox.due_at is 'Not before this; while it is being sent, when it may be taken again.';
comment on column public.page_outbox.created_at is 'When the event happened.';
comment on column public.page_outbox.sent_at is 'When the receiver took it.';
comment on column public.page_outbox.error is 'Why the last attempt failed, or why it was given up.';
create index page_outbox_due on public.page_outbox (due_at) where status = 'pending';
create index page_outbox_by_age on public.page_outbox (created_at);
alter table public.page_outbox enable row level security;
grant select on public.page_outbox to service_role;
insert into public.app_settings (key, value, description) values
  ('pager.retry_seconds', '21600', 'For how long a page that the receiver does not take is tried again.');
insert into live.personal_data (table_name, setting, age, kept_while, why) values
  ('public.page_outbox', 'retention.push_days', 't.created_at', 't.status = ''pending''',
   'Which cases called the operators, and when: names of cases, no person.');

create function live.page(p_case uuid, p_severity text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.page_outbox (case_id, severity, due_at)
  select c.id, p_severity, greatest(clock_timestamp(), c.claim_expires_at)
    from public.moderation_cases c where c.id = p_case and c.resolved_at is null
  on conflict (case_id, severity) do nothing;
end;
$$;
comment on function live.page(uuid, text) is
  'Calls the operators about a case, once for each severity; while somebody works on it, not before their claim ends.';

create function live.page_grave_case() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.page(new.id, 'critical');
  return null;
end;
$$;
comment on function live.page_grave_case() is 'Trigger: a case that is critical, or becomes it, calls the operators.';
create trigger page_grave_new_case after insert on public.moderation_cases
  for each row when (new.severity = 'critical') execute function live.page_grave_case();
create trigger page_graver_case after update of severity on public.moderation_cases
  for each row when (new.severity = 'critical' and old.severity <> 'critical') execute function live.page_grave_case();

create function live.pages_due() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from public.page_outbox o where o.status = 'pending' and o.due_at <= clock_timestamp());
end;
$$;
comment on function live.pages_due() is 'Whether a page waits to be sent now.';

create function live.settle_pages() returns void
language plpgsql set search_path = '' as $$
begin
  update public.page_outbox o
     set due_at = greatest(o.due_at, c.claim_expires_at),
         status = case when c.resolved_at is null and o.created_at > clock_timestamp() - live.setting_interval('pager.retry_seconds')
                       then 'pending' else 'expired' end,
         error = case when c.resolved_at is not null then 'decided before it was sent' else o.error end
    from public.moderation_cases c
   where o.id in (select x.id from public.page_outbox x
                   where x.status = 'pending' and x.due_at <= clock_timestamp() order by x.id for update skip locked)
     and c.id = o.case_id;
end;
$$;
comment on function live.settle_pages() is
  'Of the pages that are due: expires those of decided cases and those that are too old; what somebody works on waits until their claim ends.';

create function public.page_claim(p_most int default 20) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  pages jsonb;
begin
  perform live.settle_pages();
  with due as (
    select o.id from public.page_outbox o
     where o.status = 'pending' and o.due_at <= clock_timestamp()
     order by o.severity = 'critical' desc, o.created_at
     limit least(greatest(coalesce(p_most, 20), 1), 100) for update skip locked
  ), held as (
    update public.page_outbox o set attempts = o.attempts + 1, due_at = clock_timestamp() + interval '30 seconds'
      from due where o.id = due.id returning o.*)
  select coalesce(jsonb_agg(jsonb_build_object(
      'id', h.id, 'case_id', h.case_id, 'severity', h.severity, 'source', c.source, 'at', live.instant(h.created_at),
      'rules', (select coalesce(jsonb_agg(distinct i.rule), '[]') from public.moderation_incidents i where i.case_id = c.id),
      'reporters', (select count(distinct r.reporter_id) from public.user_reports r where r.case_id = c.id))
      order by h.created_at), '[]') into pages
    from held h join public.moderation_cases c on c.id = h.case_id;
  return pages;
end;
$$;
comment on function public.page_claim(int) is
  'Takes due pages for 30 s, the critical ones first: [{id, case_id, severity, source, at, rules, reporters}]. For workers.';
grant execute on function public.page_claim(int) to service_role;

create function public.page_finish(p_id uuid, p_sent boolean, p_error text default null, p_after double precision default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  update public.page_outbox o
     set status = case when p_sent then 'sent' else 'pending' end,
         sent_at = case when p_sent then clock_timestamp() end,
         error = case when p_sent then null else left(p_error, 200) end,
         due_at = clock_timestamp() + make_interval(secs => least(600, greatest(coalesce(p_after, 0), power(2, least(o.attempts, 9)))))
   where o.id = p_id and o.status = 'pending';
  return jsonb_build_object('finished', found);
end;
$$;
comment on function public.page_finish(uuid, boolean, text, double precision) is
  'Says what became of a page: {finished}. Not sent: it is due again after 2, 4, 8 … seconds, ten minutes at most, or after p_after seconds. For workers.';
grant execute on function public.page_finish(uuid, boolean, text, double precision) to service_role;
