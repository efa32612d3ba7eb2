-- Owns: what an accepted action does to the desired state, and how that is put back when it is withdrawn.

create function live.until(p_params jsonb) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  return clock_timestamp() + make_interval(secs => (p_params -> 'seconds')::double precision);
end;
$$;
comment on function live.until is 'End of a timed action, counted from now; null when it has none.';

create function live.apply_mic(p_row public.moderation_actions) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p set
    mic_muted = p_row.action = 'mute',
    mic_by_all = false,
    -- A lower rank can lengthen what a higher rank did, and neither shorten it nor make it its own.
    mic_by_rank = case when held.higher then p.mic_by_rank else p_row.requested_rank end,
    mic_muted_until = case
      when p_row.action = 'unmute' then null
      when held.higher then case when p.mic_muted_until is not null and live.until(p_row.params) is not null
                                 then greatest(p.mic_muted_until, live.until(p_row.params)) end
      else live.until(p_row.params) end
    from (select q.mic_muted and q.mic_by_rank > p_row.requested_rank
                 and coalesce(q.mic_muted_until, 'infinity') > clock_timestamp() as higher
            from public.live_participants q
           where q.session_id = p_row.session_id and q.user_id = p_row.target_user_id) held
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
end;
$$;
comment on function live.apply_mic is 'mute and unmute.';

create function live.apply_camera(p_row public.moderation_actions) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p set
    camera_by_rank = case when p.camera_off then greatest(p.camera_by_rank, p_row.requested_rank)
                          else p_row.requested_rank end,
    camera_off = p_row.action = 'camera_off'
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
end;
$$;
comment on function live.apply_camera is 'camera_off and camera_on.';

create function live.apply_chat(p_row public.moderation_actions) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p set
    chat_by_rank = case when held.higher then p.chat_by_rank else p_row.requested_rank end,
    chat_muted_until = case
      when p_row.action = 'chat_unmute' then null
      when held.higher then greatest(p.chat_muted_until, coalesce(live.until(p_row.params), 'infinity'))
      else coalesce(live.until(p_row.params), 'infinity') end
    from (select q.chat_muted_until > clock_timestamp() and q.chat_by_rank > p_row.requested_rank as higher
            from public.live_participants q
           where q.session_id = p_row.session_id and q.user_id = p_row.target_user_id) held
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
end;
$$;
comment on function live.apply_chat is 'chat_mute and chat_unmute.';

create function live.apply_role(p_row public.moderation_actions) returns boolean
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
  return invited;
end;
$$;
comment on function live.apply_role is
  'set_role: gives the role, or invites to it when it is higher and the person has not asked. Returns whether it invited.';

create function live.apply_ban(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
declare
  scope text := live.action_scope(p_row.action, p_row.params);
  lifted uuid[];
begin
  if p_row.action = 'ban' then
    insert into public.live_bans (user_id, scope, session_id, creator_id, reason, created_by, by_rank, action_id, expires_at)
    values (p_row.target_user_id, scope,
            case when scope = 'session' then p_row.session_id end,
            case when scope = 'creator'
                 then (select s.creator_id from public.live_sessions s where s.id = p_row.session_id) end,
            p_row.reason, p_row.requested_by, p_row.requested_rank, p_row.id, live.until(p_row.params));
    update public.live_participants p
       set hand_raised_at = null, invited_role = null, invited_by = null, invite_expires_at = null
     where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
    return '{}';
  end if;
  select array_agg(b.id) into lifted from live.bans_of(p_row) b;
  if lifted is null then
    perform live.refuse(404, 'not_banned', format('nothing of scope %s keeps this person out', scope));
  end if;
  update public.live_bans b set lifted_at = clock_timestamp(), lifted_by = p_row.requested_by where b.id = any (lifted);
  return jsonb_build_object('lifted', to_jsonb(lifted));
end;
$$;
comment on function live.apply_ban is 'ban and unban; returns what an unban lifted.';

create function live.apply_mute_all(p_session uuid, p_rank int) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_sessions s set mute_all_rank = p_rank where s.id = p_session;
  -- Timed mutes by name: whether their end frees anyone has changed, which is news to the agent.
  update public.live_participants p set desired_xid = pg_current_xact_id()
   where p.session_id = p_session and p.mic_muted_until is not null and not p.mic_by_all;
  if p_rank is null then
    update public.live_participants p set mic_muted = false where p.session_id = p_session and p.mic_by_all;
  else
    update public.live_participants p set mic_muted = true, mic_by_all = true, mic_by_rank = p_rank
      from public.live_sessions s
     where s.id = p_session and p.session_id = p_session
       and (not p.mic_muted or p.mic_by_all) and live.rank_of(s.type, p.role) < 30;
  end if;
end;
$$;
comment on function live.apply_mute_all is
  'Mutes everyone below moderator, now and later, or (null) frees those whom that muted. Mutes by name are left alone.';

create function live.apply_end(p_row public.moderation_actions) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_sessions s
     set status = 'ended', end_reason = case when p_row.requested_rank >= 100 then 'ops' else 'host' end
   where s.id = p_row.session_id;
  update public.calls c
     set status = case c.status when 'accepted' then 'ended' else 'cancelled' end, end_reason = 'ops'
   where c.id = p_row.call_id;
end;
$$;
comment on function live.apply_end is 'end_session, for sessions and calls.';

create function live.aspect_of_person(p_row public.live_participants, p_aspect text) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return case p_aspect
    when 'mic' then jsonb_build_object('mic_muted', p_row.mic_muted, 'mic_muted_until', p_row.mic_muted_until,
                                       'mic_by_rank', p_row.mic_by_rank, 'mic_by_all', p_row.mic_by_all)
    when 'camera' then jsonb_build_object('camera_off', p_row.camera_off, 'camera_by_rank', p_row.camera_by_rank)
    when 'chat' then jsonb_build_object('chat_muted_until', p_row.chat_muted_until, 'chat_by_rank', p_row.chat_by_rank)
    when 'role' then jsonb_build_object('role', p_row.role, 'role_by_rank', p_row.role_by_rank,
                                        'hand_raised_at', p_row.hand_raised_at)
  end;
end;
$$;
comment on function live.aspect_of_person is 'The columns that an aspect is made of, to be put back when an action is withdrawn.';

create function live.put_back(p_row public.moderation_actions) returns void
language plpgsql set search_path = '' as $$
begin
  if p_row.action = 'ban' then
    update public.live_bans b set lifted_at = clock_timestamp() where b.action_id = p_row.id and b.lifted_at is null;
  elsif p_row.action = 'unban' then
    update public.live_bans b set lifted_at = null, lifted_by = null
     where b.id in (select x.value::uuid from jsonb_array_elements_text(p_row.prior -> 'lifted') x);
  elsif p_row.action in ('mute_all', 'unmute_all') then
    perform live.apply_mute_all(p_row.session_id, (p_row.prior ->> 'mute_all_rank')::int);
  else
    update public.live_participants p set
      (role, role_by_rank, hand_raised_at, mic_muted, mic_muted_until, mic_by_rank, mic_by_all,
       camera_off, camera_by_rank, chat_muted_until, chat_by_rank)
      = (select r.role, r.role_by_rank, r.hand_raised_at, r.mic_muted, r.mic_muted_until, r.mic_by_rank, r.mic_by_all,
                r.camera_off, r.camera_by_rank, r.chat_muted_until, r.chat_by_rank
           from jsonb_populate_record(p, p_row.prior) r)
     where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  end if;
end;
$$;
comment on function live.put_back is 'Restores the desired state that an action replaced.';

create function live.withdraw(p_row public.moderation_actions, p_status text, p_code text, p_error text) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.live_sessions s where s.id = p_row.session_id for no key update;
  update public.moderation_actions a
     set status = p_status, error_code = p_code, error = p_error, claim_expires_at = null
   where a.id = p_row.id;
  -- A later word on the same matter stands.
  if p_row.prior is not null and not p_row.dry_run and not exists (
      select from public.moderation_actions a
       where a.session_id is not distinct from p_row.session_id
         and a.target_user_id is not distinct from p_row.target_user_id
         and a.n > p_row.n and a.status not in ('cancelled', 'failed') and not a.dry_run
         and live.action_aspect(a.action, a.params) = live.action_aspect(p_row.action, p_row.params)) then
    perform live.put_back(p_row);
  end if;
end;
$$;
comment on function live.withdraw is 'Ends an unfinished row without effect: its desired state is put back, unless a later row decided the same.';
