-- Owns: since when and until when a host's media flowed: the stretches in which a source of theirs was published and not
-- muted. Tickets are earned by it. Told by agents, who see mutes, and by webhooks, for a show without an agent.

create table public.live_media (
  participant_sid text not null check (participant_sid ~ '^[A-Za-z0-9_-]{1,64}$'),
  source text not null check (source ~ '^[a-z_]{1,40}$'),
  started_at timestamptz not null,
  ended_at timestamptz,
  session_id uuid not null references public.live_sessions (id),
  user_id uuid not null,
  reported_by text not null check (reported_by in ('agent', 'webhook')),
  primary key (participant_sid, source, started_at),
  check (ended_at >= started_at)
);
comment on table public.live_media is
  'The stretches in which a source of a host''s was published and not muted: what a ticket pays for. Hosts only.';
comment on column public.live_media.participant_sid is 'On which connection.';
comment on column public.live_media.source is 'LiveKit''s source: camera, microphone, screen_share, screen_share_audio, unknown.';
comment on column public.live_media.started_at is 'Since when it flowed.';
comment on column public.live_media.ended_at is 'Until when: unpublished, muted, disconnected or the session over; null while it flows.';
comment on column public.live_media.session_id is 'The session.';
comment on column public.live_media.user_id is 'The host.';
comment on column public.live_media.reported_by is 'Who told about its beginning: agent, or webhook while no agent had told about that source.';
create unique index live_media_flowing on public.live_media (participant_sid, source) where ended_at is null;
create index live_media_of_session on public.live_media (session_id, started_at);
alter table public.live_media enable row level security;
grant select on public.live_media to authenticated, service_role;
create policy "hosts see when they were on air, staff and ops too" on public.live_media for select to authenticated
  using (user_id = (select auth.uid())
         or session_id in (select live.my_staffed_sessions())
         or (select live.am_ops()));

create function live.record_media(
  p_session uuid, p_user uuid, p_participant_sid text, p_flowing text[], p_at timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_media m set ended_at = greatest(m.started_at, p_at)
   where m.participant_sid = p_participant_sid and m.ended_at is null
     and m.source in ('camera', 'microphone') and m.source <> all (p_flowing);
  insert into public.live_media (participant_sid, source, started_at, session_id, user_id, reported_by)
  select p_participant_sid, f.source, p_at, p_session, p_user, 'agent' from unnest(p_flowing) as f (source)
   where exists (select from public.live_sessions s where s.id = p_session and s.status = 'live')
  on conflict do nothing;
end;
$$;
comment on function live.record_media(uuid, uuid, text, text[], timestamptz) is
  'Takes in which of camera and microphone flow from one connection of a host: what flowed and is not named has ended.';

create function public.agent_media(p_worker text, p_rows jsonb) returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
declare
  item record;
  who text;
  held boolean;
  answers jsonb := '[]';
begin
  perform live.lock_leases(p_rows);
  for item in
    select r.value as body, s.id as session_id
      from jsonb_array_elements(p_rows) with ordinality r
      left join public.live_sessions s on s.livekit_room = r.value ->> 'room'
     order by s.id, r.ordinality
  loop
    held := live.holds(p_worker, item.body ->> 'room', (item.body ->> 'epoch')::bigint);
    who := item.body ->> 'user_id';
    -- An identity is any text to LiveKit. One that is no user's id is no host's.
    if held and live.is_uuid(who) and live.is_host_of(item.session_id, who::uuid) then
      perform live.record_media(item.session_id, who::uuid, item.body ->> 'participant_sid',
        array(select f.value from jsonb_array_elements_text(item.body -> 'flowing') f),
        to_timestamp((item.body ->> 'at_ms')::double precision / 1000));
    end if;
    answers := answers || jsonb_build_object('room', item.body -> 'room', 'ok', held);
  end loop;
  return answers;
end;
$$;
comment on function public.agent_media(text, jsonb) is
  'Files what flows from hosts: [{"room", "epoch", "user_id", "participant_sid", "flowing": ["camera", "microphone"], "at_ms"}], '
  'each one all that flows of these two -> [{"room", "ok"}]; ok is false when it is fenced. Of anybody but a host nothing is kept.';
grant execute on function public.agent_media(text, jsonb) to service_role, live_agent;

create function live.read_webhook_track(p_room text, p_event text, p_payload jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  who constant jsonb := p_payload -> 'participant';
  person constant text := live.webhook_person(who);
  -- Protobuf's JSON leaves out what is zero: an unknown source, a track that is not muted.
  came_from constant text := lower(coalesce(p_payload #>> '{track,source}', 'unknown'));
  at constant timestamptz := to_timestamp((p_payload ->> 'createdAt')::double precision);
  session uuid := (select s.id from public.live_sessions s where s.livekit_room = p_room and s.status = 'live');
begin
  if session is null or not live.is_uuid(person) or not live.is_host_of(session, person::uuid) then
    return false;
  elsif p_event = 'track_unpublished' then
    update public.live_media m set ended_at = greatest(m.started_at, at)
     where m.participant_sid = who ->> 'sid' and m.source = came_from and m.ended_at is null and m.reported_by = 'webhook';
    return found;
  elsif coalesce((p_payload #> '{track,muted}')::boolean, false) or exists (
      select from public.live_media m
       where m.participant_sid = who ->> 'sid' and m.source = came_from and m.reported_by = 'agent') then
    return false;
  end if;
  insert into public.live_media (participant_sid, source, started_at, session_id, user_id, reported_by)
  values (who ->> 'sid', came_from, at, session, person::uuid, 'webhook')
  on conflict do nothing;
  return found;
end;
$$;
comment on function live.read_webhook_track(text, text, jsonb) is
  'Records track_published of a host, unless an agent has told about that source, which knows more; and track_unpublished.';

-- ── what ends by itself ────────────────────────────────────────────────────────────────────────────────────────
create function live.end_media_of_connection() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.live_media m set ended_at = greatest(m.started_at, new.left_at)
   where m.participant_sid = new.participant_sid and m.ended_at is null;
  return null;
end;
$$;
comment on function live.end_media_of_connection() is 'Trigger: who has left sends nothing any more.';
create trigger end_media_of_connection after update of left_at, agent_left_at, webhook_left_at, closed_at on public.live_visits
  for each row when (old.left_at is null and new.left_at is not null) execute function live.end_media_of_connection();

create function live.end_media_of_session() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.live_media m set ended_at = greatest(m.started_at, new.ended_at)
   where m.session_id = new.id and m.ended_at is null;
  return null;
end;
$$;
comment on function live.end_media_of_session() is 'Trigger: nothing flows in a session that is over.';
create trigger end_media_of_session after update of status on public.live_sessions
  for each row when (old.status = 'live' and new.status = 'ended') execute function live.end_media_of_session();

create function live.delivered_for_purchases_until(p_session uuid, p_seconds double precision) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  return (
    with flowing as (
      -- One range per stretch in which anything flowed from a host. LiveKit's clock may be ahead of ours: what is still
      -- to come has not flowed.
      select unnest(range_agg(tstzrange(m.started_at, greatest(m.started_at, least(m.ended_at, clock_timestamp()))))) as stretch
        from public.live_media m where m.session_id = p_session
    ), counted as (  -- from the latest back to the first
      select lower(f.stretch) as began,
             sum(extract(epoch from upper(f.stretch) - lower(f.stretch))) over (order by lower(f.stretch) desc) as seconds
        from flowing f where not isempty(f.stretch)
    )
    select c.began + make_interval(secs => (c.seconds - p_seconds)::double precision)
      from counted c where c.seconds >= p_seconds
     order by c.began desc limit 1);
end;
$$;
comment on function live.delivered_for_purchases_until(uuid, double precision) is
  'The latest moment after which a host''s media has flowed for so many seconds by now: anyone who bought until then has got it. '
  'Null when it has not flowed for so long at all.';
