-- Owns: two questions that ops ask and row-level security alone cannot answer: why may someone enter or not, and is the
-- schema what the migrations built?

create function public.explain_access(session_id uuid, user_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  session public.live_sessions;
begin
  perform live.require_ops_or_service();
  select * into session from public.live_sessions s where s.id = explain_access.session_id;
  return public.can_join_as(explain_access.session_id, explain_access.user_id) || jsonb_build_object(
    'session', case when session.id is not null then jsonb_build_object(
      'status', session.status, 'access_type', session.access_type, 'price_coins', session.price_coins,
      'creator_id', session.creator_id) end,
    'account', (
      select jsonb_build_object('anonymous', coalesce(u.is_anonymous, false))
        from auth.users u where u.id = explain_access.user_id),
    'ban', live.standing_ban(explain_access.user_id, session.id, session.creator_id),
    'subscription', (
      select jsonb_build_object('status', c.status::text, 'expires_at', c.expires_at)
        from public.creator_subscriptions c
       where c.user_id = explain_access.user_id and c.creator_id = session.creator_id
       order by c.expires_at desc nulls first limit 1),
    'tickets', (
      select coalesce(jsonb_agg(jsonb_build_object(
               'id', t.id, 'coins', t.coins, 'created_at', t.created_at, 'earned_at', t.earned_at,
               'refund_due_at', t.refund_due_at, 'refunded_at', t.refunded_at)
               order by t.created_at), '[]')
        from public.live_tickets t where t.session_id = session.id and t.recording_id is null and t.user_id = explain_access.user_id),
    'stay', (
      select jsonb_build_object('access_ends_at', p.access_ends_at, 'access_removed', p.access_removed)
        from public.live_participants p
       where p.session_id = session.id and p.user_id = explain_access.user_id));
end;
$$;
comment on function public.explain_access is
  'can_join_as with the facts behind it, for ops: {allowed, reason, role, session, account, ban, subscription, tickets, stay}; '
  'null where there is none.';
grant execute on function public.explain_access(uuid, uuid) to authenticated, service_role;

create function live.described_tables() returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_agg(jsonb_build_object(
           'name', c.relname,
           'kind', case c.relkind when 'v' then 'view' else 'table' end,
           'row_level_security', c.relrowsecurity,
           'columns', (
             select jsonb_agg(jsonb_build_object(
                      'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod)) order by a.attnum)
               from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
           'policies', (
             select coalesce(jsonb_agg(jsonb_build_object(
                      'name', p.policyname, 'command', lower(p.cmd), 'roles', p.roles) order by p.cmd, p.policyname), '[]')
               from pg_catalog.pg_policies p where p.schemaname = 'public' and p.tablename = c.relname))
           order by c.relname)
    from pg_catalog.pg_class c
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'p')
$$;
comment on function live.described_tables is 'Every table and view of the schema public with its columns and policies.';

create function public.live_schema() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  contract jsonb;
begin
  perform live.require_ops_or_service();
  contract := public.live_schema_contract();
  return jsonb_build_object(
    'ok', contract -> 'ok',
    'missing', contract -> 'missing',
    'warnings', contract -> 'warnings',
    -- What has been added to our own tables by hand. The app's tables are the app's.
    'unexpected', (
      select coalesce(jsonb_agg(jsonb_build_object('kind', extra.kind, 'name', extra.name) order by extra.kind, extra.name), '[]')
        from (select n.kind, n.name from live.schema_now() n except select o.kind, o.name from live.schema_objects o) extra
       where extra.kind in ('column', 'policy', 'trigger') and exists (
         select from live.schema_objects t
          where t.kind = 'table' and (extra.name like t.name || '.%' or extra.name like t.name || ': %'))),
    'tables', live.described_tables(),
    'functions', (
      select jsonb_agg(jsonb_build_object(
               'name', p.proname, 'arguments', pg_catalog.pg_get_function_identity_arguments(p.oid),
               'returns', pg_catalog.pg_get_function_result(p.oid)) order by p.proname)
        from pg_catalog.pg_proc p where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'));
end;
$$;
comment on function public.live_schema is
  'For ops: the tables, columns, policies and functions that are really there, and how they differ from what the migrations '
  'built: {ok, missing, unexpected, warnings, tables, functions}.';
grant execute on function public.live_schema() to authenticated, service_role;

create function public.agent_surroundings(p_token uuid, p_rooms text[]) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.send(jsonb_build_object('from', 'database'), 'echo', 'live:doctor:' || p_token, true);
  return jsonb_build_object(
    'ops', (select count(*) from public.live_ops),
    'last_webhook', (select max(w.received_at) from public.livekit_webhook_events w),
    'untold_rooms', (select coalesce(jsonb_agg(r.room order by r.room), '[]') from unnest(p_rooms) as r (room)
                      where not exists (select from public.livekit_webhook_events w where w.room = r.room)));
end;
$$;
comment on function public.agent_surroundings(uuid, text[]) is
  'For the doctor: how many are ops, when the last webhook came, of which of these rooms none came, and an echo on the topic live:doctor:<token>.';
grant execute on function public.agent_surroundings(uuid, text[]) to service_role;
