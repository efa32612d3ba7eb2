-- Owns: the checks that requests begin with: who is asking, whether they are in good standing and may enter, and the
-- key that makes a retry harmless. Also the grant that a token is minted from.

update public.app_settings
   set value = '{"message_length": 500, "call_empty_seconds": 30}' || value
 where key = 'limits';

create function live.require_account(p_user uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if p_user is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  perform live.refuse_deleted(p_user);
  if not exists (select from auth.users u where u.id = p_user and not u.is_anonymous) then
    perform live.refuse(403, 'account_required', 'This needs an account: sign up first.');
  end if;
  if live.standing_ban(p_user, null, null) is not null then
    perform live.refuse(403, 'banned', 'Your account is suspended.');
  end if;
end;
$$;
comment on function live.require_account(uuid) is 'Refuses nobody, deleted accounts, anonymous sign-ins, and suspended accounts.';
revoke execute on function live.require_account(uuid) from public, anon, authenticated;

-- The token's word is enough here, and costs no query; live.require_account asks the tables, for server code.
create function live.require_member() returns void
language plpgsql stable set search_path = '' as $$
begin
  if auth.uid() is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  elsif live.is_anonymous() then
    perform live.refuse(403, 'account_required', 'This needs an account: sign up first.');
  end if;
end;
$$;
comment on function live.require_member() is 'Refuses callers who are not signed in, and anonymous sign-ins.';
revoke execute on function live.require_member() from public, anon, authenticated;

create function live.require_entry(p_session uuid, p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
  entry constant jsonb := public.can_join_as(p_session, p_user);
  reason constant text := entry ->> 'reason';
begin
  case reason
    when 'not_authenticated' then perform live.refuse(401, reason, 'Sign in first.');
    when 'account_deleted' then perform live.refuse(401, reason, 'This account was deleted.');
    when 'unknown_session' then perform live.refuse(404, reason, 'There is no such session.');
    when 'banned' then perform live.refuse(403, reason, 'You have been removed and cannot enter.');
    when 'session_ended' then perform live.refuse(409, reason, 'This session is over.');
    when 'session_not_live' then perform live.refuse(409, reason, 'This session is not live yet.');
    when 'sign_in_required' then perform live.refuse(403, reason, 'This session is for people with an account: sign up first.');
    when 'subscription_required' then perform live.refuse(403, reason, 'This session is for the creator''s subscribers.');
    when 'ticket_required' then perform live.refuse(402, reason, 'This session needs a ticket. Buy one first.');
    else
      if reason is not null then
        perform live.refuse(403, reason, 'You cannot enter this session.');
      end if;
  end case;
  return entry ->> 'role';
end;
$$;
comment on function live.require_entry(uuid, uuid) is 'Refuses whoever can_join refuses, with its reason as the code; returns the role of anyone else.';
revoke execute on function live.require_entry(uuid, uuid) from public, anon, authenticated;

create function live.one_at_a_time(p_what text, p_user uuid) returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(p_what || p_user::text, 0));
end;
$$;
comment on function live.one_at_a_time(text, uuid) is
  'Lets one person''s requests of one kind run one after the other, until the transaction ends.';
revoke execute on function live.one_at_a_time(text, uuid) from public, anon, authenticated;

create function live.require_key(p_key text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if p_key is null or char_length(p_key) not between 8 and 200 then
    perform live.refuse(400, 'invalid_idempotency_key',
      'Send an idempotency key of 8 to 200 characters, the same one at each retry.');
  end if;
end;
$$;
comment on function live.require_key(text) is 'Refuses a missing or unfit idempotency key.';
revoke execute on function live.require_key(text) from public, anon, authenticated;

create function live.relay_keys_now() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('kid', k.kid, 'public_key', k.public_key,
                                                 'not_before', k.not_before, 'not_after', k.not_after)
                              order by k.not_before), '[]')
      from public.relay_keys k
     where k.revoked_at is null and k.not_after > clock_timestamp());
end;
$$;
comment on function live.relay_keys_now() is 'The keys that packets may be signed with now: [{kid, public_key, not_before, not_after}].';
revoke execute on function live.relay_keys_now() from public, anon, authenticated;

-- Only a host and the parties of a call get rights by token; everyone else's come from the agent, at the join.
create function live.join_grant(p_room text, p_context text, p_user uuid, p_role text, p_last_seq bigint) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'room', p_room,
      'identity', p_user,
      'role', p_role,
      'can_publish_sources', case when p_role in ('host', 'party') then r.can_publish_sources else '{}' end,
      'can_subscribe', r.can_subscribe,
      'now', live.instant(clock_timestamp()),
      'last_seq', p_last_seq,
      'relay_keys', live.relay_keys_now())
      from public.live_roles r where r.context = p_context and r.role = p_role);
end;
$$;
comment on function live.join_grant(text, text, uuid, text, bigint) is
  'What a token is minted from: {room, identity, role, can_publish_sources, can_subscribe, now, last_seq, relay_keys}.';
revoke execute on function live.join_grant(text, text, uuid, text, bigint) from public, anon, authenticated;
