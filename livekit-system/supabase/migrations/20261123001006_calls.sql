-- Owns: what the edge functions ask about calls: starting, answering, ending one, and entering its room.
-- p_user is whom the edge function has verified; each answers with all that a token needs.

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
revoke execute on function live.require_call(uuid, uuid) from public, anon, authenticated;

create function live.call_reply(p_call public.calls, p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('call', to_jsonb(p_call) - 'desired_xid', 'join',
    case when live.call_is_running(p_call.status) then live.token_grant(p_user, null, p_call) end);
end;
$$;
comment on function live.call_reply(public.calls, uuid) is '{call, join}; join is null once the call is over.';
revoke execute on function live.call_reply(public.calls, uuid) from public, anon, authenticated;

create function live.rings_too_long(p_call public.calls) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return p_call.status = 'ringing' and p_call.ringing_at + live.setting_interval('calls.ring_seconds') <= clock_timestamp();
end;
$$;
comment on function live.rings_too_long(public.calls) is 'Whether a ringing call is past calls.ring_seconds.';
revoke execute on function live.rings_too_long(public.calls) from public, anon, authenticated;

create function live.miss_calls(p_users uuid[] default null) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  missed integer;
begin
  with overdue as (
    select c.id from public.calls c
     where c.status = 'ringing' and live.rings_too_long(c)
       and (p_users is null or c.caller_id = any (p_users) or c.callee_id = any (p_users))
       for update skip locked)
  update public.calls c set status = 'missed', end_reason = 'no_answer' from overdue o where c.id = o.id;
  get diagnostics missed = row_count;
  return missed;
end;
$$;
comment on function live.miss_calls(uuid[]) is
  'Closes calls that rang too long as missed, of these people or of everyone; returns how many.';
revoke execute on function live.miss_calls(uuid[]) from public, anon, authenticated;

create function public.call_start(p_user uuid, p_callee uuid, p_type text) returns jsonb
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
  if live.standing_ban(p_callee, null, null) is not null then
    perform live.refuse(409, 'callee_unavailable', 'They cannot be called now.');
  end if;
  perform live.spend(p_user, 'calls_per_minute');
  perform live.miss_calls(array[p_user, p_callee]);
  insert into public.calls (caller_id, callee_id, type) values (p_user, p_callee, p_type) returning * into call;
  update public.calls set status = 'ringing' where id = call.id returning * into call;
  return live.call_reply(call, p_user);
end;
$$;
comment on function public.call_start(uuid, uuid, text) is
  'Starts a call, which rings at once: {call, join}. Refused while calls are off, to oneself, and to someone busy.';

create function public.call_answer(p_user uuid, p_call uuid, p_accept boolean) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  call public.calls := live.require_call(p_call, p_user);
  wanted constant text := case when p_accept then 'accepted' else 'declined' end;
begin
  if p_user <> call.callee_id then
    perform live.refuse(403, 'callee_only', 'Only the person who is called can answer.');
  end if;
  if p_accept then
    perform live.require_account(p_user);
  end if;
  if call.status = wanted then
    return live.call_reply(call, p_user);
  end if;
  if call.status <> 'ringing' or live.rings_too_long(call) then
    perform live.refuse(409, 'call_not_ringing', 'This call is not ringing any more.');
  end if;
  update public.calls set status = wanted, end_reason = case when not p_accept then 'declined' end
   where id = call.id returning * into call;
  return live.call_reply(call, p_user);
end;
$$;
comment on function public.call_answer(uuid, uuid, boolean) is
  'The callee accepts or declines: {call, join}; join is null when declined. Repeating the same answer changes nothing.';

create function public.call_token(p_user uuid, p_call uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  call constant public.calls := live.require_call(p_call, p_user);
begin
  perform live.require_account(p_user);
  if call.status <> 'accepted' then
    perform live.refuse(409, 'call_not_active', 'This call is not going on.');
  end if;
  return live.call_reply(call, p_user);
end;
$$;
comment on function public.call_token(uuid, uuid) is 'Either side enters the room again, while the call is accepted: {call, join}.';

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

revoke execute on function
  public.call_start(uuid, uuid, text), public.call_answer(uuid, uuid, boolean),
  public.call_token(uuid, uuid), public.call_end(uuid, uuid)
  from public, anon, authenticated;
grant execute on function
  public.call_start(uuid, uuid, text), public.call_answer(uuid, uuid, boolean),
  public.call_token(uuid, uuid), public.call_end(uuid, uuid)
  to service_role;
