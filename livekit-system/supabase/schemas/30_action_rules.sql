-- Owns: what may be asked of the one door: the shape of each action, who may ask it, and what outranks whom. Nothing
-- here writes; the migration after this one carries the wishes out.

create function live.action_scope(p_action text, p_params jsonb) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return case when p_action in ('ban', 'unban') then coalesce(p_params ->> 'scope', 'session') end;
end;
$$;
comment on function live.action_scope is 'Scope of a ban or unban: session unless it says otherwise. Null for other actions.';

create function live.action_aspect(p_action text, p_params jsonb) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return case
    when p_action in ('mute', 'unmute', 'mute_all', 'unmute_all') then 'mic'
    when p_action in ('camera_off', 'camera_on') then 'camera'
    when p_action in ('chat_mute', 'chat_unmute') then 'chat'
    when p_action = 'set_role' then 'role'
    when p_action in ('ban', 'unban') then 'ban:' || live.action_scope(p_action, p_params)
  end;
end;
$$;
comment on function live.action_aspect is
  'What an action decides about a person. Two rows of one aspect that differ contradict each other; null decides nothing lasting.';

create function live.params_fault(p_action text, p_params jsonb) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return (
    with allowed (keys) as (
      select case p_action
        when 'set_role' then array['role']
        when 'mute' then array['seconds']
        when 'chat_mute' then array['seconds']
        when 'ban' then array['seconds', 'scope']
        when 'unban' then array['scope']
        when 'announce' then array['text']
        when 'delete_message' then array['message_id']
        else '{}'::text[] end)
    select case
      when exists (select from jsonb_object_keys(p_params) k where k <> all (allowed.keys))
        then format('%s takes %s', p_action,
               case when allowed.keys = '{}' then 'no params' else 'only ' || array_to_string(allowed.keys, ' and ') end)
      when p_action = 'set_role' and coalesce(p_params ->> 'role', '')
           not in ('host', 'co_host', 'moderator', 'speaker', 'listener', 'viewer')
        then 'set_role needs a role: host, co_host, moderator, speaker, listener or viewer'
      when p_params ? 'seconds' and (jsonb_typeof(p_params -> 'seconds') <> 'number'
           or (p_params -> 'seconds')::numeric not between 1 and 315360000)
        then 'seconds must be a number between 1 and 315360000'
      when p_params ? 'scope' and coalesce(p_params ->> 'scope', '') not in ('session', 'creator', 'platform')
        then 'scope must be session, creator or platform'
      when p_action = 'announce' and (jsonb_typeof(p_params -> 'text') is distinct from 'string'
           or live.text_fault(p_params ->> 'text', 1000, true) is not null)
        then 'announce needs a text of 1 to 1000 characters: it '
             || coalesce(live.text_fault(p_params ->> 'text', 1000, true), 'must be a string')
      when p_action = 'delete_message' and (p_params ->> 'message_id' is null
           or not live.is_uuid(p_params ->> 'message_id'))
        then 'delete_message needs the message_id of a message'
    end
    from allowed);
end;
$$;
comment on function live.params_fault is 'What is wrong with an action''s params, in words; null when nothing is.';

create function live.check_shape(p_row public.moderation_actions) returns void
language plpgsql stable set search_path = '' as $$
declare
  whole boolean := p_row.action in ('mute_all', 'unmute_all', 'announce', 'end_session');
  fault text := live.params_fault(p_row.action, p_row.params);
  everywhere boolean := live.action_scope(p_row.action, p_row.params) is not distinct from 'platform';
begin
  if p_row.action is null or live.action_is_known(p_row.action) is not true then
    perform live.refuse(400, 'unknown_action', format('%s is not an action', coalesce(p_row.action, 'nothing')));
  elsif fault is not null then
    perform live.refuse(400, 'bad_params', fault);
  elsif p_row.reason is not null and live.text_fault(p_row.reason, 1000, true) is not null then
    perform live.refuse(400, 'bad_reason', format('a reason %s', live.text_fault(p_row.reason, 1000, true)));
  elsif num_nonnulls(p_row.session_id, p_row.call_id) <> 1
      and not (num_nonnulls(p_row.session_id, p_row.call_id) = 0 and everywhere) then
    perform live.refuse(400, 'bad_place', 'say where: a session or a call, and only one of them');
  elsif p_row.call_id is not null
      and not (p_row.action in ('kick', 'end_session') or everywhere) then
    perform live.refuse(400, 'not_in_calls', format('%s is not possible in a call', p_row.action));
  elsif whole and p_row.target_user_id is not null then
    perform live.refuse(400, 'bad_target', format('%s is about the whole session: name nobody', p_row.action));
  elsif not whole and p_row.target_user_id is null and p_row.action <> 'delete_message' then
    perform live.refuse(400, 'bad_target', format('say whom to %s', replace(p_row.action, '_', ' ')));
  elsif p_row.expires_at is not null and p_row.action not in ('kick', 'announce') then
    perform live.refuse(400, 'bad_expiry', 'only a kick or an announcement expires; give seconds in params for a time limit');
  end if;
end;
$$;
comment on function live.check_shape is 'Refuses an action that makes no sense whoever asks it.';

create function live.action_is_known(p_action text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return p_action in ('mute', 'unmute', 'mute_all', 'unmute_all', 'camera_off', 'camera_on', 'set_role', 'kick', 'ban',
                      'unban', 'chat_mute', 'chat_unmute', 'delete_message', 'announce', 'end_session');
end;
$$;
comment on function live.action_is_known is 'Whether there is such an action.';

create function live.check_place(p_row public.moderation_actions) returns void
language plpgsql stable set search_path = '' as $$
declare
  session public.live_sessions;
  call public.calls;
  lasting boolean := p_row.action in ('ban', 'unban', 'delete_message');
begin
  select * into session from public.live_sessions s where s.id = p_row.session_id;
  select * into call from public.calls c where c.id = p_row.call_id;
  if p_row.session_id is not null and session.id is null then
    perform live.refuse(404, 'unknown_session', 'there is no such session');
  elsif p_row.call_id is not null and call.id is null then
    perform live.refuse(404, 'unknown_call', 'there is no such call');
  elsif (session.status = 'ended' or not live.call_is_running(call.status)) and not lasting then
    perform live.refuse(409, 'session_not_live', 'it is over: nothing can be done in it any more');
  elsif session.status = 'scheduled' and p_row.action in ('kick', 'announce') then
    perform live.refuse(409, 'session_not_live', 'the session has not begun: nobody is in it yet');
  elsif p_row.target_user_id is not null
      and not live.is_or_was_account(p_row.target_user_id) then
    perform live.refuse(404, 'unknown_user', 'there is no such person');
  elsif p_row.call_id is not null and p_row.action = 'kick'
      and p_row.target_user_id not in (call.caller_id, call.callee_id) then
    perform live.refuse(404, 'not_a_participant', 'this person is not in the call');
  elsif p_row.session_id is not null
      and p_row.action in ('mute', 'unmute', 'camera_off', 'camera_on', 'kick', 'chat_mute', 'chat_unmute')
      and not exists (select from public.live_participants p
                       where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id) then
    perform live.refuse(404, 'not_a_participant', 'this person has never been in the session');
  end if;
end;
$$;
comment on function live.check_place is 'Refuses an action about a session, call or person that is not there.';

create function live.permits(
  p_via text, p_rank int, p_action text, p_scope text, p_target_rank int, p_new_rank int
) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return case
    when p_via = 'auto' then p_action <> 'end_session' and p_scope is distinct from 'platform'
    when p_rank >= 100 then true
    when p_scope = 'platform' then false
    when p_rank >= 50 then coalesce(p_new_rank, 0) <= 40
    when p_rank >= 40 then p_action <> 'end_session' and p_scope is distinct from 'creator'
                           and coalesce(p_new_rank, 0) <= 20
    when p_rank >= 30 then
      (p_action in ('mute', 'unmute', 'camera_off', 'kick', 'chat_mute', 'delete_message')
       or (p_action = 'ban' and p_scope = 'session')
       or (p_action = 'set_role' and p_target_rank <= 20 and p_new_rank <= 20))
    else false
  end;
end;
$$;
comment on function live.permits is
  'Whether a rank may ask for an action at all: the table of who may ask what. p_new_rank is the rank that set_role gives.';

create function live.reaches(p_via text, p_rank int, p_target_rank int) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return p_target_rank is null
      or case when p_via = 'auto' then p_target_rank < 50
              when p_rank >= 100 then true
              else p_target_rank < p_rank end;
end;
$$;
comment on function live.reaches is
  'Whether a requester may act on someone of a rank: on lower ranks only; ops on anyone; the agent''s rules never on a host.';

create function live.ops_rank(p_user uuid) returns int
language plpgsql stable set search_path = '' as $$
begin
  return case when p_user is null or live.standing_fault(p_user, null, null) is null then 100 else 0 end;
end;
$$;
comment on function live.ops_rank is 'Rank of ops for whom server code speaks: 100, and 0 for someone who is suspended. Null = nobody in particular.';

-- Before anything is looked up about the target, so that a refusal tells nothing of who was where.
create function live.require_standing_to_ask(p_row public.moderation_actions) returns void
language plpgsql stable set search_path = '' as $$
begin
  if p_row.requested_rank <= 0 then
    perform live.refuse(403, 'banned', 'you have been removed: you cannot act here');
  elsif not live.permits(
      p_row.requested_via, p_row.requested_rank, p_row.action, live.action_scope(p_row.action, p_row.params), 0,
      live.rank_of((select s.type from public.live_sessions s where s.id = p_row.session_id), p_row.params ->> 'role')) then
    perform live.refuse(403, 'not_allowed', format('you may not %s here', replace(p_row.action, '_', ' ')));
  end if;
end;
$$;
comment on function live.require_standing_to_ask is
  'Refuses a requester who may not ask this of anybody there: with the same words for every place and target.';

create function live.authority_fault(p_row public.moderation_actions, p_rank int) returns text
language plpgsql stable set search_path = '' as $$
declare
  context text := (select s.type from public.live_sessions s where s.id = p_row.session_id);
  target_rank int := case when p_row.target_user_id is not null
                          then live.rank_in(p_row.session_id, p_row.target_user_id) end;
begin
  if not live.permits(p_row.requested_via, p_rank, p_row.action, live.action_scope(p_row.action, p_row.params),
                      target_rank, live.rank_of(context, p_row.params ->> 'role')) then
    return format('you may not %s here', replace(p_row.action, '_', ' '));
  elsif not live.reaches(p_row.requested_via, p_rank, target_rank)
      and not (p_row.action = 'delete_message' and p_row.target_user_id is not distinct from p_row.requested_by) then
    return 'you may not act on someone of the same or a higher rank';
  end if;
  return null;
end;
$$;
comment on function live.authority_fault is 'Why a requester of this rank may not ask this; null when they may.';

create function live.require_room_to_speak(p_session uuid, p_user uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
  if (select count(*) from public.live_participants p
       where p.session_id = p_session and p.role = 'speaker' and p.user_id <> p_user)
     >= live.limit_of('speakers_per_session') then
    perform live.refuse(409, 'too_many_speakers', 'as many people as may speak at once do already: take the floor from somebody first');
  end if;
end;
$$;
comment on function live.require_room_to_speak is 'Refuses one more speaker than limits.speakers_per_session. The caller holds the session''s lock.';

create function live.check_stage(p_row public.moderation_actions) returns void
language plpgsql stable security definer set search_path = '' as $$
declare
  context constant text := (select s.type from public.live_sessions s where s.id = p_row.session_id);
  new_role constant text := p_row.params ->> 'role';
  new_rank constant int := live.rank_of(context, new_role);
begin
  if p_row.action <> 'set_role' or new_rank <= live.rank_of(context, coalesce(
      (select p.role from public.live_participants p
        where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id), live.default_role(context))) then
    return;  -- only raising somebody needs their consent, and a place
  elsif exists (select from auth.users u where u.id = p_row.target_user_id and u.is_anonymous)
      or (p_row.requested_via = 'app' and live.blocked(p_row.requested_by, p_row.target_user_id)) then
    perform live.refuse(409, 'cannot_be_invited', 'this person cannot be invited');
  elsif new_role = 'speaker' then
    perform live.require_room_to_speak(p_row.session_id, p_row.target_user_id);
  end if;
end;
$$;
comment on function live.check_stage is
  'Refuses to raise an anonymous sign-in, somebody between whom and the asker a block stands, and one speaker too many.';

create function live.bans_of(p_row public.moderation_actions) returns setof public.live_bans
language plpgsql stable set search_path = '' as $$
begin
  return query
    select b.*
      from public.live_bans b
      left join public.live_sessions s on s.id = p_row.session_id
     where b.user_id = p_row.target_user_id
       and b.lifted_at is null
       and (b.expires_at is null or b.expires_at > clock_timestamp())
       and b.scope = live.action_scope('unban', p_row.params)
       and (b.scope = 'platform' or b.session_id = s.id or b.creator_id = s.creator_id);
end;
$$;
comment on function live.bans_of is 'The standing bans that an unban would lift.';

create function live.outranked_by(p_row public.moderation_actions) returns int
language plpgsql stable set search_path = '' as $$
begin
  return (
    select case
      when p_row.action = 'unmute' then
        (select p.mic_by_rank from public.live_participants p
          where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id and p.mic_muted)
      when p_row.action = 'camera_on' then
        (select p.camera_by_rank from public.live_participants p
          where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id and p.camera_off)
      when p_row.action = 'chat_unmute' then
        (select p.chat_by_rank from public.live_participants p
          where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id
            and p.chat_muted_until > clock_timestamp())
      when p_row.action = 'set_role' then
        (select p.role_by_rank from public.live_participants p
          where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id
            -- A rule may demote whom a host has promoted; what ops did, only ops undo.
            and (p_row.requested_via <> 'auto' or p.role_by_rank >= 100))
      when p_row.action = 'unmute_all' then
        (select s.mute_all_rank from public.live_sessions s where s.id = p_row.session_id)
      when p_row.action = 'unban' then
        (select max(b.by_rank) from live.bans_of(p_row) b)
    end);
end;
$$;
comment on function live.outranked_by is 'Rank of whoever did what this action would undo; null when it undoes nothing.';

create function live.refusal_at_claim(p_row public.moderation_actions) returns text
language plpgsql stable set search_path = '' as $$
begin
  return live.authority_fault(p_row, case
    when p_row.requested_by is null or p_row.requested_via = 'auto' then p_row.requested_rank
    when p_row.requested_via = 'app' then live.acting_rank(p_row.session_id, p_row.requested_by)
    else live.ops_rank(p_row.requested_by) end);
end;
$$;
comment on function live.refusal_at_claim is 'Why a row may no longer be carried out, by the ranks of now; null when it may.';
