-- Owns: what LiveKit's webhooks mean. Each counts once, by LiveKit's own event id; times are LiveKit's own, so that
-- neither the order nor the moment of arrival changes what is recorded.

create function live.webhook_is_about_a_person(p_participant jsonb) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return coalesce(p_participant ->> 'kind', '0') not in ('EGRESS', '2', 'AGENT', '4')
     and not coalesce((p_participant #>> '{permission,hidden}')::boolean, false)
     and not coalesce((p_participant #>> '{permission,agent}')::boolean, false);
end;
$$;
comment on function live.webhook_is_about_a_person(jsonb) is
  'False for agents, recorders and anyone hidden.';

create function live.webhook_person(p_participant jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  named constant text := p_participant ->> 'identity';
begin
  if coalesce(p_participant ->> 'kind', '0') not in ('INGRESS', '1', 'SIP', '3') then
    return named;
  end if;
  -- The same order as in moderation/identity.py.
  return coalesce(
    (select x.said
       from unnest(array[named, p_participant #>> '{attributes,ipelya.person}', split_part(named, ':', 1)])
         with ordinality as x (said, place)
      where live.is_uuid(x.said) and x.said = lower(x.said)
      order by x.place limit 1),
    named);
end;
$$;
comment on function live.webhook_person(jsonb) is
  'Whom a participant stands for: an app its identity. An ingress or a telephone may be in the room beside the app: it is the '
  'person of its identity, of its attribute ipelya.person, or of the part of its identity before a colon.';

create function live.webhook_permission(p_permission jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  -- Protobuf's JSON leaves out what is false or empty, and names enums in capitals.
  return case when p_permission is not null then jsonb_build_object(
    'can_publish', coalesce((p_permission -> 'canPublish')::boolean, false),
    'can_publish_sources', (select coalesce(jsonb_agg(lower(x.source)), '[]')
                              from jsonb_array_elements_text(p_permission -> 'canPublishSources') as x (source)),
    'can_subscribe', coalesce((p_permission -> 'canSubscribe')::boolean, false)) end;
end;
$$;
comment on function live.webhook_permission(jsonb) is
  'LiveKit''s permission as agents read it: can_publish, can_publish_sources, can_subscribe; null for null.';

create function live.read_webhook_participant(p_room text, p_event text, p_payload jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  who constant jsonb := p_payload -> 'participant';
  joined_at constant timestamptz := coalesce(
    to_timestamp((who ->> 'joinedAtMs')::double precision / 1000), to_timestamp((who ->> 'joinedAt')::double precision));
  left_at constant timestamptz := case when p_event = 'participant_left' then
    to_timestamp((p_payload ->> 'createdAt')::double precision) end;
  person constant text := live.webhook_person(who);
  beside constant boolean := person <> who ->> 'identity';
  told jsonb;
begin
  if not live.webhook_is_about_a_person(who) then
    return false;
  end if;
  -- A report of leaving tells about the join as well, in case that report never came.
  told := live.record_presence('webhook', p_room, 'joined', who ->> 'sid', person, joined_at, null,
    case when p_event = 'participant_joined' then live.webhook_permission(who -> 'permission') end, left_at, beside);
  if p_event = 'participant_left' then
    told := live.record_presence('webhook', p_room, 'left', who ->> 'sid', person,
      left_at, lower(who ->> 'disconnectReason'), p_beside => beside);
  end if;
  return (told ->> 'ok')::boolean;
end;
$$;
comment on function live.read_webhook_participant(text, text, jsonb) is
  'Records participant_joined or participant_left; false when it is about nobody of ours.';

-- Where a worker is in the room, its own word counts: two servers that have lost each other may both have a room of that
-- name, and the end of one says nothing of who is in the other.
-- The millisecond lets a participant_left of the same second win, whichever comes first. Anyone who joined later is in
-- a newer room of the same name and stays.
create function live.read_webhook_room_finished(p_room text, p_payload jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  at constant timestamptz := to_timestamp((p_payload ->> 'createdAt')::double precision) + interval '1 millisecond';
begin
  if live.is_moderated(p_room) then
    return false;
  end if;
  perform live.record_presence('webhook', p_room, 'left', v.participant_sid, v.user_id::text, at, 'room_closed')
     from public.live_visits v
    where (v.session_id in (select s.id from public.live_sessions s where s.livekit_room = p_room)
           or v.call_id in (select c.id from public.calls c where c.livekit_room = p_room))
      and v.left_at is null and v.joined_at <= at;
  return found;
end;
$$;
comment on function live.read_webhook_room_finished(text, jsonb) is
  'Everyone who was in a room that LiveKit closed has left; false when nobody was, or a worker is in it and tells itself.';

create function live.webhook_ends_ingress(p_event text, p_room text) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return case when p_event = 'room_finished' and live.ingress_is_over(p_room) then true end;
end;
$$;
comment on function live.webhook_ends_ingress(text, text) is
  'True where this report says that the room of an ended session is closed, into which LiveKit still has an ingress; else null.';

create function public.record_webhook(p_id text, p_event text, p_room text, p_payload jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  recorded boolean;
begin
  -- Told again it says nothing new, and of anybody but a host it is not even filed: a guest may publish in a loop.
  if p_event in ('track_published', 'track_unpublished') then
    return jsonb_build_object('outcome', case when live.read_webhook_track(p_room, p_event, p_payload)
                                              then 'recorded' else 'ignored' end);
  end if;
  insert into public.livekit_webhook_events (id, event, room, payload)
    values (p_id, p_event, nullif(p_room, ''), p_payload #- '{room,turnPassword}') on conflict (id) do nothing;
  if not found then
    return jsonb_strip_nulls(jsonb_build_object('outcome', 'duplicate', 'ingress_over', live.webhook_ends_ingress(p_event, p_room)));
  end if;
  recorded := case
    when p_event in ('participant_joined', 'participant_left')
      then live.read_webhook_participant(p_room, p_event, p_payload)
    when p_event = 'room_finished' then live.read_webhook_room_finished(p_room, p_payload)
    when p_event in ('egress_started', 'egress_updated', 'egress_ended') then live.read_webhook_egress(p_room, p_event, p_payload)
    else false end;
  return jsonb_strip_nulls(jsonb_build_object('outcome', case when recorded then 'recorded' else 'ignored' end,
                                              'ingress_over', live.webhook_ends_ingress(p_event, p_room)));
end;
$$;
comment on function public.record_webhook(text, text, text, jsonb) is
  'Files a verified webhook of LiveKit''s under its id and records the presence it tells about, and what a host has on air: '
  '{outcome: recorded, ignored or duplicate, ingress_over?: true}. p_payload is the body as LiveKit sent it.';
grant execute on function public.record_webhook(text, text, text, jsonb) to service_role;
