-- Owns: what an accepted action does to the desired state (live.do_<action>, one for each row of live_actions, which the door
-- calls by name), and how that is put back when it is withdrawn. A function answers what else came of it, beside the state that
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

-- ── the whole session, and its messages ────────────────────────────────────────────────────────────────────────
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
     where p.session_id = p_session
       and (not p.mic_muted or p.mic_by_all) and not p.staff;
  end if;
end;
$$;
comment on function live.apply_mute_all is
  'Mutes everyone below moderator, now and later, or (null) frees those whom that muted. Mutes by name are left alone.';

create function live.heard_people(p_session uuid, p_muted boolean) returns int
language plpgsql stable set search_path = '' as $$
begin
  return (
    select count(*) from public.live_participants p
      join public.live_sessions s on s.id = p.session_id
      join public.live_roles r on r.context = s.type and r.role = p.role
     where p.session_id = p_session and p.is_online and p.mic_muted = p_muted and 'microphone' = any (r.can_publish_sources));
end;
$$;
comment on function live.heard_people is 'How many in the room have a role that speaks and are muted, or are not.';

create function live.do_mute_all(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
declare
  spoke constant int := live.heard_people(p_row.session_id, false);
begin
  perform live.apply_mute_all(p_row.session_id, p_row.requested_rank);
  return jsonb_build_object('people', spoke - live.heard_people(p_row.session_id, false));
end;
$$;
comment on function live.do_mute_all is 'mute_all: `people` is how many in the room it silenced.';

create function live.do_unmute_all(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
declare
  silent constant int := live.heard_people(p_row.session_id, true);
begin
  perform live.apply_mute_all(p_row.session_id, null);
  return jsonb_build_object('people', silent - live.heard_people(p_row.session_id, true));
end;
$$;
comment on function live.do_unmute_all is 'unmute_all: `people` is how many in the room may speak again.';

create function live.do_announce(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  -- The agent finishes the row when it has relayed this seq.
  update public.moderation_actions a
     set params = a.params || jsonb_build_object('seq', live.append_event(
           p_row.session_id, 'system', jsonb_build_object('kind', 'announcement', 'text', p_row.params -> 'text')))
   where a.id = p_row.id;
  return jsonb_build_object('people', (select count(*) from public.live_participants p
                                        where p.session_id = p_row.session_id and p.is_online));
end;
$$;
comment on function live.do_announce is 'announce: `people` is how many are in the room.';

create function live.do_delete_message(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_messages m set deleted_at = clock_timestamp(), deleted_by = live.unless_ops(p_row.requested_by)
   where m.id = (p_row.params ->> 'message_id')::uuid and m.deleted_at is null;
  update public.live_sessions s set pinned_message_id = null
   where s.id = p_row.session_id and s.pinned_message_id = (p_row.params ->> 'message_id')::uuid;
  return null;
end;
$$;
comment on function live.do_delete_message is 'delete_message.';

create function live.do_release_message(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_messages m set held_at = null where m.id = (p_row.params ->> 'message_id')::uuid and m.held_at is not null;
  return null;
end;
$$;
comment on function live.do_release_message is 'release_message.';

create function live.do_pin_message(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
declare
  pinned constant uuid := (p_row.params ->> 'message_id')::uuid;
begin
  if pinned is not null and not exists (select from public.live_messages m where m.id = pinned and m.session_id = p_row.session_id
                                           and m.deleted_at is null and m.held_at is null) then
    perform live.refuse(404, 'unknown_message', 'There is no such message in this session.');
  end if;
  update public.live_sessions s set pinned_message_id = pinned where s.id = p_row.session_id;
  return null;
end;
$$;
comment on function live.do_pin_message is 'pin_message: a message that everyone can see, or none.';

create function live.do_slow_mode(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_sessions s set slow_mode_seconds = coalesce((p_row.params -> 'seconds')::int, 0) where s.id = p_row.session_id;
  return null;
end;
$$;
comment on function live.do_slow_mode is 'slow_mode.';

create function live.do_chat_mode(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_sessions s set chat_mode = p_row.params ->> 'mode' where s.id = p_row.session_id;
  return null;
end;
$$;
comment on function live.do_chat_mode is 'chat_mode.';

create function live.do_end_session(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_sessions s
     set status = 'ended', end_reason = case when p_row.requested_rank >= live.rank_of_ops() then 'ops' else 'host' end
   where s.id = p_row.session_id;
  update public.calls c
     set status = case c.status when 'accepted' then 'ended' else 'cancelled' end, end_reason = 'ops'
   where c.id = p_row.call_id;
  return null;
end;
$$;
comment on function live.do_end_session is 'end_session, for sessions and calls.';

-- ── before and after ───────────────────────────────────────────────────────────────────────────────────────────
create function live.state_of_person(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  seat public.live_participants;
  session public.live_sessions;
  person jsonb;
  removed jsonb;
begin
  select * into session from public.live_sessions s where s.id = p_row.session_id;
  select * into seat from public.live_participants p
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  person := live.person(seat, session.creator_id);
  removed := coalesce(live.standing_ban(p_row.target_user_id, p_row.session_id, session.creator_id),
                      nullif(person -> 'removed', 'null')) - 'why' - 'why_texts';
  -- How the platform decided about somebody is not for the moderators of one session.
  if removed ->> 'scope' = 'platform' and p_row.requested_via = 'app' then
    removed := jsonb_build_object('reason', removed -> 'reason');
  end if;
  return case when seat.user_id is null then '{}' else (
      select jsonb_object_agg(k, person -> k) from unnest(array['role', 'mic_muted', 'mic_muted_until', 'camera_off',
                                                                'chat_muted', 'chat_muted_until', 'invited_role']) k)
      || jsonb_build_object(
        'hand_raised', seat.hand_raised_at is not null,
        'permission', (select live.permission_of(r, seat) from public.live_roles r
                        where r.context = session.type and r.role = seat.role)) end
    || jsonb_build_object('removed', removed);
end;
$$;
comment on function live.state_of_person is 'How the target of an action stands: role, mutes, invitation and the permission that follows; only `removed` of somebody without a place.';

create function live.columns_of(p_record jsonb, p_names text[]) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return (select coalesce(jsonb_object_agg(k, p_record -> k), '{}') from unnest(p_names) k where p_record ? k);
end;
$$;
comment on function live.columns_of is 'Some columns of a row that was made an object.';

create function live.state_of(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_row.action);
begin
  return case known.scope
    when 'session' then coalesce(
      (select jsonb_build_object('status', s.status, 'mute_all', s.mute_all_rank is not null)
              || live.columns_of(to_jsonb(s), array_remove(known.columns, 'mute_all_rank'))
         from public.live_sessions s where s.id = p_row.session_id),
      (select jsonb_build_object('status', c.status) from public.calls c where c.id = p_row.call_id))
    when 'message' then (
      select jsonb_build_object('deleted', m.deleted_at is not null, 'held', m.held_at is not null)
        from public.live_messages m where m.id = (p_row.params ->> 'message_id')::uuid)
    else live.state_of_person(p_row) end;
end;
$$;
comment on function live.state_of is 'What an action is about, as it is now: its `before` when it is asked for, its `after` when it has been carried out.';

create function live.replaced_by(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_row.action);
  was jsonb;
begin
  if known.aspect is null then
    return null;
  elsif p_row.action = 'unban' or (known.aspect = 'ban' and p_row.params @> '{"replace": true}') then
    return jsonb_build_object('lifted', (
      select coalesce(jsonb_agg(b.id), '[]') from live.bans_of(p_row) b where b.by_rank <= p_row.requested_rank));
  end if;
  was := case known.scope
    when 'session' then (select to_jsonb(s) from public.live_sessions s where s.id = p_row.session_id)
    when 'message' then (select to_jsonb(m) from public.live_messages m where m.id = (p_row.params ->> 'message_id')::uuid)
    else (select to_jsonb(p) from public.live_participants p
           where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id) end;
  return live.columns_of(was, known.columns);
end;
$$;
comment on function live.replaced_by is 'What an action is about to replace, to be put back when it is withdrawn; null when it decides nothing that lasts.';

create function live.put_back(p_row public.moderation_actions) returns void
language plpgsql set search_path = '' as $$
declare
  scope constant text := (live.action(p_row.action)).scope;
  names text;
begin
  if p_row.action = 'ban' then
    update public.live_bans b set lifted_at = clock_timestamp() where b.action_id = p_row.id and b.lifted_at is null;
  end if;
  if p_row.action in ('ban', 'unban') then
    update public.live_bans b set lifted_at = null, lifted_by = null
     where b.id in (select x.value::uuid from jsonb_array_elements_text(coalesce(p_row.prior -> 'lifted', '[]')) x);
  elsif p_row.action in ('mute_all', 'unmute_all') then
    perform live.apply_mute_all(p_row.session_id, (p_row.prior ->> 'mute_all_rank')::int);
  else
    select string_agg(quote_ident(k), ', ') into strict names from jsonb_object_keys(p_row.prior) k;
    if scope = 'session' then
      execute format('update public.live_sessions t set (%1$s) = (select %1$s from jsonb_populate_record(t, $1) r) where t.id = $2', names)
        using p_row.prior, p_row.session_id;
    elsif scope = 'message' then
      execute format('update public.live_messages t set (%1$s) = (select %1$s from jsonb_populate_record(t, $1) r) where t.id = $2', names)
        using p_row.prior, (p_row.params ->> 'message_id')::uuid;
    else
      execute format('update public.live_participants t set (%1$s) = (select %1$s from jsonb_populate_record(t, $1) r) '
                     'where t.session_id = $2 and t.user_id = $3', names)
        using p_row.prior, p_row.session_id, p_row.target_user_id;
    end if;
  end if;
end;
$$;
comment on function live.put_back is 'Restores the desired state that an action replaced.';

create function live.withdraw(p_row public.moderation_actions, p_status text, p_code text, p_error text) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.live_sessions s where s.id = p_row.session_id for no key update;
  update public.moderation_actions a
     set status = p_status, error_code = p_code, error = p_error, claim_expires_at = null, after = null
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
