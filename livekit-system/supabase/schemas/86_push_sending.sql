-- Owns: how the edge function push-send takes pushes from the outbox and says what became of them. Taking one is a lease:
-- one that is not finished before it ends is taken again. A push that was sent twice replaces itself on the phone.

create function live.pushes_due() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from public.push_outbox o where o.status = 'pending' and o.due_at <= clock_timestamp())
      or exists (select from public.push_outbox o where o.receipt_due_at <= clock_timestamp())
      or exists (select from live.push_audiences);
end;
$$;
comment on function live.pushes_due() is 'Whether push-send has something to do now.';

create function live.pushes_taken(p_ids bigint[]) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
        'id', o.id, 'provider', d.provider, 'token', d.token, 'platform', d.platform, 'kind', o.kind, 'subject_id', o.subject_id,
        'urgent', k.urgent, 'silent', k.silent,
        'title', case d.language when 'tr' then k.title_tr else k.title_en end,
        'body', case d.language when 'tr' then k.body_tr else k.body_en end,
        'expires_at', live.instant(o.expires_at),
        'seconds', greatest(1, ceil(extract(epoch from o.expires_at - clock_timestamp())))::int) order by k.urgent desc, o.id), '[]')
      from public.push_outbox o join public.push_devices d on d.id = o.device_id join live.push_kinds k on k.kind = o.kind
     where o.id = any (p_ids));
end;
$$;
comment on function live.pushes_taken(bigint[]) is 'Pushes as a sender needs them.';

create function public.push_claim(p_most int default 100) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  most constant int := least(greatest(coalesce(p_most, 100), 1), 500);
  taken bigint[];
  receipts jsonb;
begin
  perform live.push_to_followers(500);
  update public.push_outbox o set status = 'expired', error = coalesce(o.error, 'too late')
   where o.id in (select x.id from public.push_outbox x
                   where x.status = 'pending' and x.expires_at <= clock_timestamp() limit 1000 for update skip locked);
  with due as (
    select o.id from public.push_outbox o join live.push_kinds k on k.kind = o.kind
     where o.status = 'pending' and o.due_at <= clock_timestamp()
     order by k.urgent desc, o.id limit most for update of o skip locked
  ), held as (
    update public.push_outbox o set attempts = o.attempts + 1, due_at = clock_timestamp() + interval '30 seconds'
      from due where o.id = due.id returning o.id)
  select coalesce(array_agg(h.id), '{}') into taken from held h;
  with asked as (
    update public.push_outbox o set receipt_due_at = clock_timestamp() + interval '5 minutes'
     where o.id in (select x.id from public.push_outbox x where x.receipt_due_at <= clock_timestamp()
                     order by x.receipt_due_at limit most for update skip locked)
    returning o.id, o.receipt)
  select coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'receipt', a.receipt)), '[]') into receipts from asked a;
  return jsonb_build_object('pushes', live.pushes_taken(taken), 'receipts', receipts);
end;
$$;
comment on function public.push_claim(int) is
  'Takes what is due for 30 s: {pushes: [{id, provider, token, platform, kind, subject_id, urgent, silent, title, body, expires_at, seconds}], '
  'receipts: [{id, receipt}]}, the urgent ones first. For push-send.';
grant execute on function public.push_claim(int) to service_role;

create function live.finish_push(p_id bigint, p_outcome text, p_error text, p_receipt text, p_after double precision) returns void
language plpgsql set search_path = '' as $$
begin
  if p_outcome = 'dead' then
    delete from public.push_devices d where d.id = (select o.device_id from public.push_outbox o where o.id = p_id);
    return;
  end if;
  update public.push_outbox o
     set status = case when p_outcome in ('sent', 'delivered') then 'sent'
                       when p_outcome = 'retry' and o.attempts < 8 then 'pending' else 'failed' end,
         sent_at = case when p_outcome = 'sent' then clock_timestamp() else o.sent_at end,
         due_at = clock_timestamp() + make_interval(secs => least(3600, greatest(coalesce(p_after, 0), power(2, least(o.attempts, 8))))),
         receipt = coalesce(p_receipt, o.receipt),
         receipt_due_at = case when p_outcome = 'sent' and p_receipt is not null then clock_timestamp() + interval '15 minutes' end,
         error = case when p_outcome in ('sent', 'delivered') then null else left(p_error, 200) end
   where o.id = p_id and (o.status = 'pending' or o.receipt_due_at is not null);
end;
$$;
comment on function live.finish_push(bigint, text, text, text, double precision) is
  'Writes what became of one push. dead: the provider knows no such device, which is forgotten. retry: later, eight times at most.';

create function public.push_finish(p_results jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  perform live.finish_push(r.id, r.outcome, r.error, r.receipt, r.retry_after)
     from jsonb_to_recordset(p_results) as r (id bigint, outcome text, error text, receipt text, retry_after double precision)
    where r.outcome in ('sent', 'delivered', 'retry', 'dead', 'refused')
    order by r.id;
  return jsonb_build_object('due', live.pushes_due());
end;
$$;
comment on function public.push_finish(jsonb) is
  'Says what became of pushes: [{id, outcome: sent|delivered|retry|dead|refused, error?, receipt?, retry_after?}]. Answers {due}: whether '
  'more is waiting. For push-send.';
grant execute on function public.push_finish(jsonb) to service_role;
