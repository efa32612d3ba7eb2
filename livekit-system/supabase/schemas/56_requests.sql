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

create function live.refuse_token(p_reason text) returns void
language plpgsql set search_path = '' as $$
begin
  case p_reason
    when 'not_authenticated' then perform live.refuse(401, p_reason, 'Sign in first.');
    when 'account_deleted' then perform live.refuse(401, p_reason, 'This account was deleted.');
    when 'unknown_session' then perform live.refuse(404, p_reason, 'There is no such session.');
    when 'unknown_call' then perform live.refuse(404, p_reason, 'There is no such call of yours.');
    when 'banned' then perform live.refuse(403, p_reason, 'You have been removed and cannot enter.');
    when 'session_ended' then perform live.refuse(409, p_reason, 'This session is over.');
    when 'session_not_live' then perform live.refuse(409, p_reason, 'This session is not live yet.');
    when 'too_many_connections' then perform live.refuse(429, p_reason, 'You have connected too often: wait a minute.');
    when 'call_not_active' then perform live.refuse(409, p_reason, 'This call is not going on.');
    when 'not_a_creator' then perform live.refuse(403, p_reason, 'Only approved creators can go live.');
    when 'sign_in_required' then perform live.refuse(403, p_reason, 'This session is for people with an account: sign up first.');
    when 'subscription_required' then perform live.refuse(403, p_reason, 'This session is for the creator''s subscribers.');
    when 'ticket_required' then perform live.refuse(402, p_reason, 'This session needs a ticket. Buy one first.');
    else perform live.refuse(403, p_reason, 'You cannot enter.');
  end case;
end;
$$;
comment on function live.refuse_token(text) is 'Refuses with a reason of live.token_fault, in words for the person.';

create function live.require_entry(p_session uuid, p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
  entry constant jsonb := public.can_join_as(p_session, p_user);
begin
  if entry ->> 'reason' is not null then
    perform live.refuse_token(entry ->> 'reason');
  end if;
  return entry ->> 'role';
end;
$$;
comment on function live.require_entry(uuid, uuid) is 'Refuses anyone who can_join refuses, with its reason as the code; returns the role of anyone else.';

create function live.one_at_a_time(p_what text, p_user uuid) returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(p_what || p_user::text, 0));
end;
$$;
comment on function live.one_at_a_time(text, uuid) is
  'Lets one person''s requests of one kind run one after the other, until the transaction ends.';

create function live.require_key(p_key text) returns void
language plpgsql set search_path = '' as $$
begin
  if p_key is null or char_length(p_key) not between 8 and 200 then
    perform live.refuse(400, 'invalid_idempotency_key',
      'Send an idempotency key of 8 to 200 characters, the same one at each retry.');
  end if;
end;
$$;
comment on function live.require_key(text) is 'Refuses a missing or unfit idempotency key.';

create function live.require_price(p_expected bigint, p_coins bigint) returns void
language plpgsql set search_path = '' as $$
begin
  if p_expected <> p_coins then
    perform live.refuse(409, 'price_changed',
      format('It costs %s coins now. Look at the price again before you pay.', p_coins));
  end if;
end;
$$;
comment on function live.require_price(bigint, bigint) is
  'Refuses when something costs another price than the person saw; an older app does not say what it saw.';

create function live.relay_keys_now() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('kid', k.kid, 'public_key', k.public_key,
                                                 'not_before', k.not_before, 'not_after', k.not_after)
                              order by k.not_before), '[]')
      from public.relay_keys k
     where k.revoked_at is null and k.not_after > clock_timestamp()
       and k.renewed_at > clock_timestamp() - interval '2 minutes');
end;
$$;
comment on function live.relay_keys_now() is 'The keys that a worker which is alive may sign with now: [{kid, public_key, not_before, not_after}]. Any other that is valid is in relay_keys.';

-- Only a host and the parties of a call get rights by token; everyone else's come from the agent, at the join.
create function live.token_sources(p_rights public.live_roles, p_seat public.live_participants, p_sound_only boolean)
returns text[]
language plpgsql stable set search_path = '' as $$
begin
  return case when p_rights.token_publishes
    then array(select x.source from unnest(live.allowed_sources(p_rights, p_seat)) with ordinality as x (source, place)
                where not (p_sound_only and x.source in ('camera', 'screen_share')) order by x.place) else '{}' end;
end;
$$;
comment on function live.token_sources is 'The sources that a token itself lets someone publish; no pictures in an audio call.';

create function live.token_grant(p_user uuid, p_session public.live_sessions, p_call public.calls) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  reason constant text := live.token_fault(p_user, p_session, p_call);
  seat public.live_participants;
  rights public.live_roles;
begin
  if reason is not null then
    perform live.refuse_token(reason);
  end if;
  select * into seat from public.live_participants p where p.session_id = p_session.id and p.user_id = p_user;
  select * into rights from public.live_roles r
   where r.context = coalesce(p_session.type, 'call')
     and r.role = coalesce(seat.role, live.default_role(coalesce(p_session.type, 'call')));
  return jsonb_build_object(
    'room', coalesce(p_session.livekit_room, p_call.livekit_room),
    'identity', p_user,
    'role', rights.role,
    'name', coalesce(live.shown_name(p_user), ''),
    'avatar', live.shown_avatar(p_user),
    'can_publish_sources', live.token_sources(rights, seat, coalesce(p_call.type = 'audio', false)),
    'can_subscribe', rights.can_subscribe,
    'now', live.instant(clock_timestamp()),
    'last_seq', coalesce(p_session.last_seq, 0),
    'relay_keys', live.relay_keys_now());
end;
$$;
comment on function live.token_grant is
  'What a token is minted from, for a session (p_call null) or a call (p_session null): {room, identity, role, name, avatar, '
  'can_publish_sources, can_subscribe, now, last_seq, relay_keys}. Refuses whom live.token_fault refuses. Every token comes from here.';
