-- Owns: what the speech process found: flags of words, frames of cameras, and how a case shows them.

create function public.speech_flag(p_worker text, p_row jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session constant public.live_sessions := live.speech_place(p_worker, p_row ->> 'room');
  who constant uuid := (p_row ->> 'user_id')::uuid;
  found_kind text;
  met text[];
  about uuid;
begin
  if exists (select from public.content_flags f where f.id = (p_row ->> 'id')::uuid) then
    return jsonb_build_object('ok', true);
  elsif session.id is null or not (live.setting('speech.enabled'))::boolean or not live.is_flagged_speaker(session, who) then
    return jsonb_build_object('ok', false, 'error', 'no_cause');
  end if;
  -- Only what the lists have is written: no process, right or wrong, can put a transcript here.
  select array_agg(distinct x.pattern), case when bool_or(x.kind = 'threat') then 'threat' else 'words' end
    into met, found_kind
    from jsonb_array_elements_text(p_row -> 'patterns') p (pattern)
    join jsonb_to_recordset(live.speech_lists()) as x (pattern text, kind text) using (pattern);
  if met is null then
    return jsonb_build_object('ok', false, 'error', 'no_match');
  end if;
  about := live.open_case(session.id, null, who, case found_kind when 'threat' then 'critical' else 'warning' end, 'speech');
  insert into public.content_flags (id, session_id, user_id, case_id, kind, patterns, engine, from_at, to_at)
  values ((p_row ->> 'id')::uuid, session.id, who, about, found_kind, met[1:20], p_row ->> 'engine',
          (p_row ->> 'from_at')::timestamptz, (p_row ->> 'to_at')::timestamptz);
  -- One clip holds half a minute: what is said within that is in it.
  if (live.setting('evidence.seconds'))::int > 0 and not exists (
      select from live.evidence_orders o where o.case_id = about and o.asked_at > clock_timestamp() - interval '30 seconds') then
    perform live.keep_sound(about, 'speech');
  end if;
  return jsonb_build_object('ok', true, 'case_id', about);
end;
$$;
comment on function public.speech_flag(text, jsonb) is
  'Words of a flagged speaker met the lists: {"id", "room", "user_id", "patterns", "engine", "from_at", "to_at"} -> {"ok", "case_id"?, "error"?: no_cause, '
  'no_match}. Opens the person''s case and asks the worker for a clip; mutes nobody. The same id again is the same flag.';
grant execute on function public.speech_flag(text, jsonb) to service_role, live_speech;

create function public.picture_found(p_worker text, p_row jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session constant public.live_sessions := live.speech_place(p_worker, p_row ->> 'room');
  who constant uuid := (p_row ->> 'user_id')::uuid;
  clip constant uuid := (p_row ->> 'id')::uuid;
  about uuid;
  kept boolean;
begin
  if session.id is null or session.type <> 'video_live' or not (live.setting('pictures.enabled'))::boolean
      or (p_row ->> 'score')::real < (live.setting('pictures.score'))::real
      or not exists (select from public.live_participants p where p.session_id = session.id and p.user_id = who and p.is_online) then
    return jsonb_build_object('ok', false, 'error', 'no_cause');
  elsif exists (select from public.content_flags f where f.id = clip) then
    return jsonb_build_object('ok', true, 'path', (
      select c.path from public.evidence_clips c where c.id = clip and c.stored_at is null and c.deleted_at is null));
  end if;
  about := live.open_case(session.id, null, who, 'warning', 'picture');
  kept := (select count(*) from public.evidence_clips c where c.case_id = about and c.kind = 'picture')
          < (live.setting('pictures.kept_a_case'))::int;
  if kept then
    insert into public.evidence_clips (id, session_id, case_id, user_id, why, kind, from_at, to_at, path, retention_until)
    values (clip, session.id, about, who, 'picture', 'picture', (p_row ->> 'at')::timestamptz, (p_row ->> 'at')::timestamptz,
            session.id || '/' || clip || '.jpg', clock_timestamp() + make_interval(days => (live.setting('evidence.unreviewed_days'))::int));
  end if;
  insert into public.content_flags (id, session_id, user_id, case_id, kind, score, clip_id, engine, from_at, to_at)
  values (clip, session.id, who, about, 'picture', (p_row ->> 'score')::real, case when kept then clip end, p_row ->> 'engine',
          (p_row ->> 'at')::timestamptz, (p_row ->> 'at')::timestamptz);
  return jsonb_build_object('ok', true, 'case_id', about, 'path', (select c.path from public.evidence_clips c where c.id = clip));
end;
$$;
comment on function public.picture_found(text, jsonb) is
  'A frame of somebody''s camera was scored high: {"id", "room", "user_id", "score", "engine", "at"} -> {"ok", "case_id"?, "path"?: where to store it, '
  'null where the case has enough, "error"?: no_cause}. Opens the person''s case; takes nobody''s camera. The same id again is the same flag.';
grant execute on function public.picture_found(text, jsonb) to service_role, live_speech;

create function public.picture_stored(p_worker text, p_id uuid, p_sha256 text, p_bytes int) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select from public.evidence_clips c where c.id = p_id and c.kind = 'picture') then
    return jsonb_build_object('ok', false);
  end if;
  return public.agent_evidence_stored(p_worker, p_id, p_sha256, p_bytes);
end;
$$;
comment on function public.picture_stored(text, uuid, text, int) is 'The file of a frame is there: {"ok"}, as agent_evidence_stored.';
grant execute on function public.picture_stored(text, uuid, text, int) to service_role, live_speech;

create function live.frame_is_awaited(p_path text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from public.evidence_clips c
                  where c.path = p_path and c.kind = 'picture' and c.stored_at is null and c.deleted_at is null);
end;
$$;
comment on function live.frame_is_awaited(text) is 'Whether a frame is to be stored under this name: the speech process may, once.';
grant execute on function live.frame_is_awaited(text) to live_speech;
create policy "the speech process stores the frames that were asked for" on storage.objects for insert to live_speech
  with check (bucket_id = 'evidence' and live.frame_is_awaited(name));

create function live.flags_json(p_case uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(to_jsonb(f) order by f.from_at), '[]')
            from (select x.* from public.content_flags x where x.case_id = p_case order by x.from_at limit 200) f);
end;
$$;
comment on function live.flags_json(uuid) is 'What the speech process found in a case.';
