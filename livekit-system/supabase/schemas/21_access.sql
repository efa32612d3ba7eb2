-- Owns: who may enter a session or a call: status, bans, paid access. can_join is the one place where entry is decided.

create function live.access_fault(p_session public.live_sessions, p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select case
      when p_session.access_type = 'public' or live.rank_in(p_session.id, p_user) >= live.staff_rank() then null
      when coalesce((select u.is_anonymous from auth.users u where u.id = p_user), true) then 'sign_in_required'
      when p_session.access_type = 'subscribers' then
        case when not live.subscribes(p_user, p_session.creator_id) then 'subscription_required' end
      when not exists (
        select from public.live_tickets t
         where t.session_id = p_session.id and t.recording_id is null and t.user_id = p_user
           and t.refund_due_at is null and t.refunded_at is null) then 'ticket_required'
    end);
end;
$$;
comment on function live.access_fault is
  'What paid access a person lacks: sign_in_required, subscription_required or ticket_required; null when none. '
  'Moderators and above need none.';

create function live.connects_too_often(p_user uuid, p_session uuid, p_call uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
  most constant int := live.limit_of('connections_per_minute');
begin
  return most is not null and most = (
    select count(*) from (
      select from public.live_visits v
       where v.session_id = p_session and v.user_id = p_user and v.joined_at > clock_timestamp() - interval '1 minute'
      union all
      select from public.live_visits v
       where v.call_id = p_call and v.user_id = p_user and v.joined_at > clock_timestamp() - interval '1 minute'
       limit most) recent);
end;
$$;
comment on function live.connects_too_often is
  'Whether a person has connected to a session or a call limits.connections_per_minute times within a minute: no further token until it is over.';

create function live.token_fault(p_user uuid, p_session public.live_sessions, p_call public.calls) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
  standing text := live.standing_fault(p_user, p_session.id, p_session.creator_id);
begin
  return case
    when standing in ('not_authenticated', 'account_deleted') then standing
    when p_session.id is null and (p_call.id is null or p_user not in (p_call.caller_id, p_call.callee_id))
      then case when p_call.id is null then 'unknown_session' else 'unknown_call' end
    when standing is not null then standing
    when p_session.id is null then
      case when not (p_call.status = 'accepted' or (live.call_is_running(p_call.status) and p_user = p_call.caller_id))
           then 'call_not_active'
           when live.connects_too_often(p_user, null, p_call.id) then 'too_many_connections' end
    when p_session.status = 'ended' or live.account_gone(p_session.creator_id) then 'session_ended'
    when p_session.status <> 'live' then 'session_not_live'
    when live.connects_too_often(p_user, p_session.id, null) then 'too_many_connections'
    when p_session.creator_id = p_user then
      case when not exists (select from public.profiles f where f.id = p_user and f.is_creator) then 'not_a_creator' end
    when p_session.access_type <> 'public' then live.access_fault(p_session, p_user)
  end;
end;
$$;
comment on function live.token_fault is
  'Why nobody mints this person a token for a session (p_call null) or a call (p_session null); null when they may have one. The '
  'one place where that is decided: every door asks it.';

create function public.can_join_as(session_id uuid, user_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  session public.live_sessions;
  reason text;
begin
  select * into session from public.live_sessions s where s.id = can_join_as.session_id;
  reason := live.token_fault(can_join_as.user_id, session, null);
  return jsonb_build_object(
    'allowed', reason is null,
    'reason', reason,
    'role', coalesce(
      (select p.role from public.live_participants p
        where p.session_id = session.id and p.user_id = can_join_as.user_id),
      live.default_role(session.type)));
end;
$$;
comment on function public.can_join_as is
  'Whether a person may enter a session: {allowed, reason, role}. Reasons: not_authenticated, account_deleted, '
  'unknown_session, banned, session_ended, session_not_live, too_many_connections, not_a_creator, sign_in_required, subscription_required, '
  'ticket_required. For server code.';
grant execute on function public.can_join_as(uuid, uuid) to service_role;

create function public.can_join(session_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return public.can_join_as(can_join.session_id, (select auth.uid()));
end;
$$;
comment on function public.can_join is 'can_join_as for who is signed in.';
grant execute on function public.can_join(uuid) to authenticated, service_role;
