-- Owns: what the edge functions ask about calls: starting, answering, ending one, and entering its room.
-- p_user is whom the edge function has verified; each answers with all that a token needs.

-- In one order, so that two people who call each other at once wait for each other and never deadlock.
create function live.hold_lines(p_users uuid[]) returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform live.one_at_a_time('calls', x.id) from (select u.id from unnest(p_users) as u (id) order by u.id) x;
end;
$$;
comment on function live.hold_lines(uuid[]) is
  'Lets what concerns the calls of these people happen one after the other, until the transaction ends. Taken before any row of calls.';

create function live.require_call(p_call uuid, p_user uuid) returns public.calls
language plpgsql set search_path = '' as $$
declare
  call public.calls;
begin
  select * into call from public.calls c where c.id = p_call and p_user in (c.caller_id, c.callee_id) for update;
  if not found then
    perform live.refuse(404, 'unknown_call', 'There is no such call of yours.');
  end if;
  return call;
end;
$$;
comment on function live.require_call(uuid, uuid) is 'Locks and returns a call of this person''s; refuses any other as unknown.';

create function live.call_reply(p_call public.calls, p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('call', to_jsonb(p_call) - 'desired_xid', 'join',
    case when live.call_is_running(p_call.status) then live.token_grant(p_user, null, p_call) end);
end;
$$;
comment on function live.call_reply(public.calls, uuid) is '{call, join}; join is null once the call is over.';

create function live.rings_too_long(p_call public.calls) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return p_call.status = 'ringing' and p_call.ringing_at + live.setting_interval('calls.ring_seconds') <= clock_timestamp();
end;
$$;
comment on function live.rings_too_long(public.calls) is 'Whether a ringing call is past calls.ring_seconds.';

create function live.miss_calls(p_users uuid[] default null) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  missed integer;
begin
  with overdue as (
    select c.id from public.calls c
     where c.status = 'ringing' and live.rings_too_long(c)
       and (p_users is null or c.caller_id = any (p_users) or c.callee_id = any (p_users))
     order by c.id limit live.at_a_time() for update skip locked)
  update public.calls c set status = 'missed', end_reason = 'no_answer' from overdue o where c.id = o.id;
  get diagnostics missed = row_count;
  return missed;
end;
$$;
comment on function live.miss_calls(uuid[]) is
  'Closes calls that rang too long as missed, of these people or of everyone; returns how many.';

create function live.is_on_air(p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (
    select from public.live_participants p
      join public.live_sessions s on s.id = p.session_id and s.status = 'live'
      join public.live_roles r on r.context = s.type and r.role = p.role and r.can_publish_sources <> '{}'
     where p.user_id = p_user and p.is_online);
end;
$$;
comment on function live.is_on_air(uuid) is 'Whether a person is in a live session in a role that may be heard or seen.';

create function live.spend_call(p_caller uuid, p_callee uuid) returns void
language plpgsql set search_path = '' as $$
declare
  begun bigint;
  unanswered bigint;
begin
  perform live.spend(p_caller, 'calls_per_minute');
  select count(*), count(*) filter (where c.callee_id = p_callee and c.accepted_at is null) into begun, unanswered
    from public.calls c where c.caller_id = p_caller and c.created_at > clock_timestamp() - interval '1 hour';
  if begun >= live.limit_of('calls_per_hour') then
    perform live.refuse(429, 'rate_limited', 'Too many calls in one hour: try again later.');
  elsif unanswered >= live.limit_of('calls_per_pair_per_hour') then
    perform live.refuse(429, 'rate_limited', 'They have not answered many calls of yours: try again later.');
  end if;
end;
$$;
comment on function live.spend_call(uuid, uuid) is
  'Counts one call of a caller against the rates of app_settings.limits: a minute''s, an hour''s, and an hour''s unanswered ones to one person.';

-- A block and a wish come before who is busy: anyone who may not call learns nothing of the callee.
create function live.require_line(p_caller uuid, p_callee uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if exists (select from public.user_blocks b where b.user_id = p_caller and b.blocked_id = p_callee) then
    perform live.refuse(409, 'blocked_by_you', 'You have blocked them. Unblock them first.');
  elsif live.standing_ban(p_callee, null, null) is not null or not live.accepts_calls_from(p_callee, p_caller) then
    perform live.refuse(409, 'callee_unavailable', 'They cannot be called now.');
  elsif exists (select from public.call_engagements e where e.user_id = p_caller)
     or exists (select from public.calls c where c.caller_id = p_caller and c.status in ('initiated', 'ringing')) then
    perform live.refuse(409, 'already_in_call', 'You are in another call. End it first.');
  elsif exists (select from public.call_engagements e where e.user_id = p_callee)
     or ((live.setting('calls.busy_on_air'))::boolean and live.is_on_air(p_callee)) then
    perform live.refuse(409, 'callee_busy', 'They are busy. Try again later.');
  end if;
end;
$$;
comment on function live.require_line(uuid, uuid) is
  'Refuses a call between two people that the callee does not want, or for which one of them is busy. A call that rings keeps no line busy.';

create function public.call_start(p_user uuid, p_callee uuid, p_type text, p_sign_in text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  call public.calls;
begin
  if not (live.setting('calls.enabled'))::boolean then
    perform live.refuse(403, 'calls_disabled', 'Calls are switched off for now.');
  end if;
  if p_type is null or p_type not in ('audio', 'video') then
    perform live.refuse(400, 'invalid_type', 'A call is audio or video.');
  end if;
  perform live.require_account(p_user);
  if p_user = p_callee then
    perform live.refuse(400, 'self_call', 'You cannot call yourself.');
  end if;
  if not exists (select from public.profiles p where p.id = p_callee) then
    perform live.refuse(404, 'unknown_user', 'There is nobody to call under this id.');
  end if;
  perform live.hold_lines(array[p_user, p_callee]);
  perform live.miss_calls(array[p_user, p_callee]);
  -- Two people who call each other at once want one call: anyone who comes second answers the first.
  select * into call from public.calls c
   where c.caller_id = p_callee and c.callee_id = p_user and c.status = 'ringing';
  if found then
    return public.call_answer(p_user, call.id, true, p_sign_in);
  end if;
  perform live.require_line(p_user, p_callee);
  perform live.spend_call(p_user, p_callee);
  insert into public.calls (caller_id, callee_id, type) values (p_user, p_callee, p_type) returning * into call;
  update public.calls set status = 'ringing' where id = call.id returning * into call;
  return live.call_reply(call, p_user);
end;
$$;
comment on function public.call_start(uuid, uuid, text, text) is
  'Starts a call, which rings at once: {call, join}. Anyone who is being called by the other at that moment answers that call. '
  'Refused while calls are off, to oneself, to someone busy, and to someone who does not want it.';

create function live.require_same_device(p_call uuid, p_user uuid, p_sign_in text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if exists (select from public.call_engagements e
              where e.user_id = p_user and e.call_id = p_call and e.answered_in <> p_sign_in) then
    perform live.refuse(409, 'answered_elsewhere', 'You have answered this call on another device.');
  end if;
end;
$$;
comment on function live.require_same_device(uuid, uuid, text) is 'Refuses a callee who has answered the call on another device.';

create function public.call_answer(p_user uuid, p_call uuid, p_accept boolean, p_sign_in text default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  call public.calls;
  wanted constant text := case when p_accept then 'accepted' else 'declined' end;
begin
  perform live.hold_lines(array[c.caller_id, c.callee_id]) from public.calls c where c.id = p_call;
  call := live.require_call(p_call, p_user);
  if p_user <> call.callee_id then
    perform live.refuse(403, 'callee_only', 'Only the person who is called can answer.');
  end if;
  if p_accept then
    perform live.require_account(p_user);
  end if;
  if call.status = wanted then
    perform live.require_same_device(call.id, p_user, p_sign_in);
    return live.call_reply(call, p_user);
  end if;
  if call.status <> 'ringing' or live.rings_too_long(call) then
    perform live.refuse(409, 'call_not_ringing', 'This call is not ringing any more.');
  end if;
  if p_accept then
    -- Anyone who answers has stopped calling somebody else.
    update public.calls c set status = 'cancelled', end_reason = 'caller'
     where c.caller_id = p_user and c.status in ('initiated', 'ringing');
  end if;
  update public.calls set status = wanted, end_reason = case when not p_accept then 'declined' end
   where id = call.id returning * into call;
  update public.call_engagements e set answered_in = p_sign_in where e.user_id = p_user and e.call_id = call.id;
  return live.call_reply(call, p_user);
end;
$$;
comment on function public.call_answer(uuid, uuid, boolean, text) is
  'The callee accepts or declines: {call, join}; join is null when declined. Repeating the same answer changes nothing; of '
  'two devices, the first that accepts is in the call, and the other is refused. p_sign_in: the access token''s session_id.';

create function public.call_token(p_user uuid, p_call uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  call constant public.calls := live.require_call(p_call, p_user);
begin
  perform live.require_account(p_user);
  if not live.call_is_running(call.status) then
    perform live.refuse(409, 'call_not_active', 'This call is not going on.');
  end if;
  -- token_fault refuses a callee who has not answered.
  return live.call_reply(call, p_user);
end;
$$;
comment on function public.call_token(uuid, uuid) is
  'Either side enters the room again while the call is accepted, and the caller already while it rings: {call, join}.';

create function public.call_end(p_user uuid, p_call uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  call public.calls := live.require_call(p_call, p_user);
begin
  if live.call_is_running(call.status) then
    update public.calls
       set status = case call.status when 'accepted' then 'ended' else 'cancelled' end,
           end_reason = case p_user when call.caller_id then 'caller' else 'callee' end
     where id = call.id returning * into call;
  end if;
  return live.call_reply(call, p_user);
end;
$$;
comment on function public.call_end(uuid, uuid) is
  'Either side ends the call, or cancels it before the answer: {call, join: null}. Ending again changes nothing.';

grant execute on function
  public.call_start(uuid, uuid, text, text), public.call_answer(uuid, uuid, boolean, text),
  public.call_token(uuid, uuid), public.call_end(uuid, uuid)
  to service_role;
