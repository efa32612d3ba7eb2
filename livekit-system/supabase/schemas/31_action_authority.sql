-- Owns: who may ask which action of the one door, on whom, and what stands against it: ranks, what undoes what, and what a
-- claim looks at once more. Nothing here writes.

create function live.permits(p_via text, p_rank int, p_action text, p_scope text, p_new_rank int) returns boolean
language plpgsql stable set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_action);
begin
  return case
    when known.action is null then false
    when p_via = 'auto' then known.automatic and p_scope is distinct from 'platform'
    when p_rank >= live.rank_of_ops() then true
    when p_rank < known.min_rank or p_scope = 'platform' or (p_scope = 'creator' and p_rank < live.host_rank()) then false
    else p_new_rank is null or p_new_rank < live.grants_below(p_rank)
  end;
end;
$$;
comment on function live.permits is
  'Whether a rank may ask for an action at all: by live_actions.min_rank, and for a wider scope or a role by more. p_new_rank is the rank that set_role gives.';

create function live.reaches(p_via text, p_rank int, p_target_rank int) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return p_target_rank is null
      or case when p_via = 'auto' then p_target_rank < live.host_rank()
              when p_rank >= live.rank_of_ops() then true
              else p_target_rank < p_rank end;
end;
$$;
comment on function live.reaches is
  'Whether a requester may act on someone of a rank: on lower ranks only; ops on anyone; the agent''s rules never on a host.';

create function live.ops_rank(p_user uuid) returns int
language plpgsql stable set search_path = '' as $$
begin
  return case when p_user is null or live.standing_fault(p_user, null, null) is null then live.rank_of_ops() else 0 end;
end;
$$;
comment on function live.ops_rank is 'Rank of ops for whom server code speaks: above all, and 0 for someone who is suspended. Null = nobody in particular.';

create function live.undoes_own(p_row public.moderation_actions, p_rank int) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
  last public.moderation_actions;
begin
  if p_row.requested_by is null or p_rank < live.staff_rank() or p_row.target_user_id is null
      or coalesce(live.action_scope(p_row.action, p_row.params), 'session') <> 'session' then
    return false;
  end if;
  select a.* into last
    from public.moderation_actions a
   where a.target_user_id = p_row.target_user_id and a.session_id = p_row.session_id and a.n < p_row.n and not a.dry_run
     and a.status not in ('failed', 'expired', 'cancelled')
     and live.action_aspect(a.action, a.params) = live.action_aspect(p_row.action, p_row.params)
   order by a.n desc limit 1;
  return last.requested_by is not distinct from p_row.requested_by
     and (live.action(last.action)).undone_by = p_row.action and last.action <> p_row.action
     -- Lifting lifts all bans of the scope: somebody else's may not be among them.
     and not (p_row.action = 'unban' and exists (
       select from live.bans_of(p_row) b where b.created_by is distinct from p_row.requested_by));
end;
$$;
comment on function live.undoes_own(public.moderation_actions, int) is
  'Whether a row takes back what its requester did last to that person in that session, and they still moderate there: what one may do, one may undo.';

-- Before anything is looked up about the target, so that a refusal tells nothing of who was where.
create function live.require_standing_to_ask(p_row public.moderation_actions) returns void
language plpgsql stable set search_path = '' as $$
begin
  if p_row.requested_rank <= 0 then
    perform live.refuse(403, 'banned', 'You have been removed: you cannot act here.');
  elsif not live.permits(
      p_row.requested_via, p_row.requested_rank, p_row.action, live.action_scope(p_row.action, p_row.params),
      live.rank_of((select s.type from public.live_sessions s where s.id = p_row.session_id), p_row.params ->> 'role'))
      and not live.undoes_own(p_row, p_row.requested_rank) then
    perform live.refuse(403, 'not_allowed', format('You may not %s here.', replace(p_row.action, '_', ' ')));
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
                      live.rank_of(context, p_row.params ->> 'role'))
      and not live.undoes_own(p_row, p_rank) then
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
    perform live.refuse(409, 'too_many_speakers', 'As many people as may speak at once do already: take the floor from somebody first.');
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
    perform live.refuse(409, 'cannot_be_invited', 'This person cannot be invited.');
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
declare
  known constant public.live_actions := live.action(p_row.action);
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
            and (p_row.requested_via <> 'auto' or p.role_by_rank >= live.rank_of_ops()))
      when p_row.action = 'unmute_all' then
        (select s.mute_all_rank from public.live_sessions s where s.id = p_row.session_id)
      when p_row.action = 'unban' then
        (select max(b.by_rank) from live.bans_of(p_row) b)
      when known.scope = 'session' and known.undone_by = known.action then
        (select a.requested_rank from public.moderation_actions a
          where a.session_id = p_row.session_id and a.status = 'applied' and not a.dry_run
            and live.action_aspect(a.action, a.params) = known.aspect
          order by a.n desc limit 1)
    end);
end;
$$;
comment on function live.outranked_by is 'Rank of the one who did what this action would undo; null when it undoes nothing.';

create function live.standing_of(p_row public.moderation_actions, out until timestamptz, out by_rank int)
language plpgsql stable set search_path = '' as $$
begin
  case p_row.action
    when 'mute' then
      select coalesce(p.mic_muted_until, 'infinity'), p.mic_by_rank into until, by_rank
        from public.live_participants p
       where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id and p.mic_muted and not p.mic_by_all;
    when 'chat_mute' then
      select p.chat_muted_until, p.chat_by_rank into until, by_rank
        from public.live_participants p
       where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id and p.chat_muted_until is not null;
    when 'ban' then
      select max(coalesce(b.expires_at, 'infinity')), max(b.by_rank) into until, by_rank from live.bans_of(p_row) b;
    else null;
  end case;
end;
$$;
comment on function live.standing_of is 'Until when the same holds already (infinity: until it is undone) and by whose rank; nulls when it does not.';

create function live.require_not_weaker(p_row public.moderation_actions) returns void
language plpgsql stable set search_path = '' as $$
declare
  standing constant record := live.standing_of(p_row);
begin
  if standing.until <= coalesce(live.until(p_row.params), 'infinity') is not false then
    return;
  elsif p_row.params @> '{"replace": true}' then
    if standing.by_rank > p_row.requested_rank then
      perform live.refuse(403, 'outranked', 'Someone of a higher rank did this, and only they can undo it.');
    end if;
  else
    perform live.refuse(409, 'weaker_than_standing', format(
      '%s holds for longer already%s: leave it, or ask with {"replace": true} to shorten it.', p_row.action,
      case when standing.until < 'infinity' then ', until ' || live.instant(standing.until) else '' end));
  end if;
end;
$$;
comment on function live.require_not_weaker is 'Refuses to shorten in silence what somebody has set for longer; params.replace says that it is meant.';

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
