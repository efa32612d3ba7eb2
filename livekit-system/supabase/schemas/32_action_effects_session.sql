-- Owns: what an accepted action on a whole session or its chat does to the desired state: live.do_<action>. What such a
-- function answers is said in 32_action_effects.sql.

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
