-- Owns: PERSON, what agents are told about somebody: name, picture, role, permission and what stands against them.

create function live.shown_name(p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select case when live.text_fault(f.display_name, 200) is null then f.display_name
                when live.text_fault(f.username, 200) is null then f.username end
      from public.profiles f where f.id = p_user);
end;
$$;
comment on function live.shown_name is
  'A person''s name as others are shown it: the display name, or the username where that is missing or hides something. Null when neither will do.';

create function live.is_staff_in(p_session public.live_sessions, p_user uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return live.rank_in(p_session.id, p_user) >= live.rank_of(p_session.type, 'moderator');
end;
$$;
comment on function live.is_staff_in is 'Whether somebody is a moderator of a session or above.';

create function live.allowed_sources(p_rights public.live_roles, p_seat public.live_participants) returns text[]
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(array_agg(x.source order by x.place), '{}')
      from unnest(p_rights.can_publish_sources) with ordinality as x (source, place)
     where not (coalesce(p_seat.mic_muted and coalesce(p_seat.mic_muted_until > clock_timestamp(), true), false)
                and x.source in ('microphone', 'screen_share_audio'))
       and not (coalesce(p_seat.camera_off, false) and x.source in ('camera', 'screen_share'))
       and (p_seat.session_id is null or coalesce(live.publish_until(p_seat.session_id, p_seat.user_id) > clock_timestamp(), true)));
end;
$$;
comment on function live.allowed_sources is 'The sources that someone may publish: their role''s, without what a moderator took; none where they are to be recorded and do not consent.';

create function live.permission_of(p_rights public.live_roles, p_seat public.live_participants) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  sources constant text[] := live.allowed_sources(p_rights, p_seat);
begin
  return jsonb_build_object('can_publish', sources <> '{}', 'can_subscribe', p_rights.can_subscribe,
                            'can_publish_sources', (select coalesce(jsonb_agg(x order by x), '[]') from unnest(sources) x));
end;
$$;
comment on function live.permission_of is 'LiveKit''s permission as desired, in the words of webhooks and agents: can_publish, can_publish_sources, can_subscribe.';

create function live.shown_avatar(p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  -- The app's column, where it has one: its tables are its own to shape.
  return (
    select to_jsonb(f) ->> 'avatar_url' from public.profiles f
     where f.id = p_user and char_length(to_jsonb(f) ->> 'avatar_url') <= 2000
       and to_jsonb(f) ->> 'avatar_url' ~ '^https?://[^[:space:][:cntrl:]]+$');
end;
$$;
comment on function live.shown_avatar is 'The address of a person''s picture (profiles.avatar_url); null when there is none, or it is no web address.';

create function live.card(p_user uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return jsonb_build_object('id', p_user, 'name', live.shown_name(p_user), 'avatar', live.shown_avatar(p_user));
end;
$$;
comment on function live.card is 'A person as others are shown them: {id, name, avatar}; name and avatar may be null.';

create function live.person(p_row public.live_participants, p_creator uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'user_id', p_row.user_id,
      'role', p_row.role,
      'mic_muted', p_row.mic_muted,
      -- While everyone is muted, the end of a mute by name frees nobody.
      'mic_muted_until', case when not live.bound_by_mute_all(p_row) then p_row.mic_muted_until end,
      'camera_off', p_row.camera_off,
      'chat_muted_until', nullif(p_row.chat_muted_until, 'infinity'),
      'chat_muted', p_row.chat_muted_until > clock_timestamp() is true,
      'removed', coalesce(
        live.standing_ban(p_row.user_id, p_row.session_id, p_creator),
        case when p_row.access_removed then jsonb_build_object('reason', 'access', 'until', null) end),
      'access_ends_at', p_row.access_ends_at,
      'publish_until', live.publish_until(p_row.session_id, p_row.user_id),
      'invited_role', p_row.invited_role,
      'invite_expires_at', p_row.invite_expires_at,
      'connection', case when p_row.is_online then live.connection(p_row.session_id, null, p_row.user_id) end));
end;
$$;
comment on function live.person is 'PERSON: the desired state of someone in a session, as agents read it.';

create function live.person_in_session(p_session uuid, p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select live.person(p, s.creator_id)
      from public.live_participants p join public.live_sessions s on s.id = p.session_id
     where p.session_id = p_session and p.user_id = p_user);
end;
$$;
comment on function live.person_in_session is 'PERSON of one participant; null for someone who was never there.';

create function live.person_in_call(p_call public.calls, p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'user_id', p_user, 'role', live.default_role('call'), 'mic_muted', false, 'mic_muted_until', null, 'camera_off', false,
      'sound_only', p_call.type = 'audio',
      'removed', live.standing_ban(p_user, null, null),
      'connection', live.connection(null, p_call.id, p_user))
     where p_user in (p_call.caller_id, p_call.callee_id));
end;
$$;
comment on function live.person_in_call is 'PERSON of one side of a call; null for anyone else.';
