-- Owns: what an accepted action does to the desired state (live.do_<action>, one for each row of live_actions, which the door
-- calls by name): here those about one person. A function answers what else came of it, beside the state that
-- live.state_of shows: null, or an object that joins `after`.

create function live.until(p_params jsonb) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  return clock_timestamp() + make_interval(secs => (p_params -> 'seconds')::double precision);
end;
$$;
comment on function live.until is 'End of a timed action, counted from now; null when it has none.';

-- ── microphone, camera, chat ───────────────────────────────────────────────────────────────────────────────────
create function live.do_mute(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p set
    mic_muted = true,
    mic_by_all = false,
    -- A lower rank can lengthen what a higher rank did, and not make it its own.
    mic_by_rank = case when held.higher then p.mic_by_rank else p_row.requested_rank end,
    mic_muted_until = case
      when held.higher then case when p.mic_muted_until is not null and live.until(p_row.params) is not null
                                 then greatest(p.mic_muted_until, live.until(p_row.params)) end
      else live.until(p_row.params) end
    from (select q.mic_muted and q.mic_by_rank > p_row.requested_rank
                 and coalesce(q.mic_muted_until, 'infinity') > clock_timestamp() as higher
            from public.live_participants q
           where q.session_id = p_row.session_id and q.user_id = p_row.target_user_id) held
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_mute is 'mute: by name, which mute_all and its end leave alone.';

create function live.do_unmute(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p
     set mic_muted = false, mic_by_all = false, mic_by_rank = p_row.requested_rank, mic_muted_until = null
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_unmute is 'unmute: also whom mute_all muted.';

create function live.do_camera_off(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p
     set camera_off = true,
         camera_by_rank = case when p.camera_off then greatest(p.camera_by_rank, p_row.requested_rank)
                               else p_row.requested_rank end
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_camera_off is 'camera_off.';

create function live.do_camera_on(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p
     set camera_off = false,
         camera_by_rank = case when p.camera_off then greatest(p.camera_by_rank, p_row.requested_rank)
                               else p_row.requested_rank end
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_camera_on is 'camera_on.';

create function live.do_chat_mute(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p set
    chat_by_rank = case when held.higher then p.chat_by_rank else p_row.requested_rank end,
    chat_muted_until = case
      when held.higher then greatest(p.chat_muted_until, coalesce(live.until(p_row.params), 'infinity'))
      else coalesce(live.until(p_row.params), 'infinity') end
    from (select q.chat_muted_until > clock_timestamp() and q.chat_by_rank > p_row.requested_rank as higher
            from public.live_participants q
           where q.session_id = p_row.session_id and q.user_id = p_row.target_user_id) held
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_chat_mute is 'chat_mute.';

create function live.do_chat_unmute(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p set chat_muted_until = null, chat_by_rank = p_row.requested_rank
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_chat_unmute is 'chat_unmute.';

-- ── role and place ─────────────────────────────────────────────────────────────────────────────────────────────
create function live.do_set_role(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
declare
  session public.live_sessions;
  person public.live_participants;
  new_role text := p_row.params ->> 'role';
  invited boolean;
begin
  select * into session from public.live_sessions s where s.id = p_row.session_id;
  select * into person from public.live_participants p
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  invited := person.hand_raised_at is null
             and live.rank_of(session.type, new_role) > live.rank_of(session.type, person.role);
  update public.live_participants p set
    role = case when invited then p.role else new_role end,
    role_by_rank = case when invited then p.role_by_rank else p_row.requested_rank end,
    hand_raised_at = null,
    invited_role = case when invited then new_role end,
    invited_by = case when invited then live.unless_ops(p_row.requested_by) end,
    invited_by_rank = case when invited then p_row.requested_rank else 0 end,
    -- Before the session starts, an invitation holds for as long as it may still start.
    invite_expires_at = case when invited then greatest(
      clock_timestamp() + make_interval(secs => coalesce(live.limit_of('invite_seconds'), 120)),
      case when session.status = 'scheduled'
           then session.scheduled_at + live.setting_interval('session.no_show_seconds') end) end
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return case when invited then jsonb_build_object('invited', true) end;
end;
$$;
comment on function live.do_set_role is
  'set_role: gives the role, or invites to it when it is higher and the person has not asked.';

create function live.do_kick(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  return jsonb_build_object('kicked', true);
end;
$$;
comment on function live.do_kick is 'kick: leaves no state, the connection is the agent''s to end.';

create function live.do_ban(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
declare
  scope constant text := live.action_scope(p_row.action, p_row.params);
begin
  if p_row.params @> '{"replace": true}' then
    update public.live_bans b set lifted_at = clock_timestamp(), lifted_by = p_row.requested_by
     where b.id in (select x.id from live.bans_of(p_row) x where x.by_rank <= p_row.requested_rank);
  end if;
  insert into public.live_bans (user_id, scope, session_id, creator_id, reason, created_by, by_rank, action_id, expires_at)
  values (p_row.target_user_id, scope,
          case when scope = 'session' then p_row.session_id end,
          case when scope = 'creator'
               then (select s.creator_id from public.live_sessions s where s.id = p_row.session_id) end,
          p_row.reason, p_row.requested_by, p_row.requested_rank, p_row.id, live.until(p_row.params));
  update public.live_participants p
     set hand_raised_at = null, invited_role = null, invited_by = null, invite_expires_at = null
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  return null;
end;
$$;
comment on function live.do_ban is 'ban.';

create function live.do_unban(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_bans b set lifted_at = clock_timestamp(), lifted_by = p_row.requested_by
   where b.id in (select x.id from live.bans_of(p_row) x);
  if not found then
    perform live.refuse(404, 'not_banned', format('Nothing of scope %s keeps this person out.', live.action_scope(p_row.action, p_row.params)));
  end if;
  return null;
end;
$$;
comment on function live.do_unban is 'unban: lifts every standing ban of its scope.';
