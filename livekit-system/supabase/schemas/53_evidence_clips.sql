-- Owns: a clip as it comes and is listened to: why it may be kept, that its file is stored, and who of ops opens it, with a
-- reason on record.

create function live.clip_cause(p_session uuid, p_row jsonb) returns text
language plpgsql stable set search_path = '' as $$
begin
  return case
    when exists (select from public.moderation_incidents i
                  where i.id = (p_row ->> 'incident_id')::uuid and i.session_id = p_session
                    and i.user_id = (p_row ->> 'user_id')::uuid and i.severity in ('warning', 'critical')) then 'incident'
    else (select o.why from live.evidence_orders o join public.moderation_cases c on c.id = o.case_id
           where o.id = (p_row ->> 'id')::uuid and c.session_id = p_session and c.user_id = (p_row ->> 'user_id')::uuid) end;
end;
$$;
comment on function live.clip_cause(uuid, jsonb) is 'Why a clip may be kept: incident, reports or ops; null: it may not.';

create function public.agent_evidence(p_worker text, p_row jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session constant uuid := (select s.id from public.live_sessions s where s.livekit_room = p_row ->> 'room');
  cause constant text := live.clip_cause(session, p_row);
  item public.evidence_clips;
begin
  if p_worker is null or session is null or cause is null then
    return jsonb_build_object('ok', false, 'error', 'no_cause');
  end if;
  insert into public.evidence_clips (id, session_id, incident_id, case_id, user_id, why, from_at, to_at, path, retention_until)
  values ((p_row ->> 'id')::uuid, session, case when cause = 'incident' then (p_row ->> 'incident_id')::uuid end,
          coalesce(live.open_case_of(session, null, (p_row ->> 'user_id')::uuid),
                   (select o.case_id from live.evidence_orders o where o.id = (p_row ->> 'id')::uuid),
                   (select i.case_id from public.moderation_incidents i where i.id = (p_row ->> 'incident_id')::uuid)),
          (p_row ->> 'user_id')::uuid, cause, (p_row ->> 'from_at')::timestamptz, (p_row ->> 'to_at')::timestamptz,
          session || '/' || (p_row ->> 'id') || '.ogg',
          clock_timestamp() + make_interval(days => (live.setting('evidence.unreviewed_days'))::int))
  on conflict (id) do nothing;
  select * into item from public.evidence_clips c where c.id = (p_row ->> 'id')::uuid;
  return jsonb_build_object('ok', true, 'path', item.path);
end;
$$;
comment on function public.agent_evidence(text, jsonb) is
  'A worker is about to store a clip: {"room", "id", "user_id", "incident_id" or null, "from_at", "to_at"} -> {"ok", "path"?, "error"?: no_cause}. '
  'Refused without an incident of warning or above, or an order, of this person in this session. The same id again is the same clip.';
grant execute on function public.agent_evidence(text, jsonb) to service_role;

create function public.agent_evidence_stored(p_worker text, p_id uuid, p_sha256 text, p_bytes int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  about uuid;
begin
  update public.evidence_clips c set stored_at = clock_timestamp(), sha256 = p_sha256, bytes = p_bytes
   where c.id = p_id and c.stored_at is null and c.deleted_at is null and p_worker is not null
  returning c.case_id into about;
  if about is not null then
    perform realtime.send(jsonb_build_object('id', k.id, 'severity', k.severity, 'state', live.case_state(k)), 'changed', 'live:cases', true)
       from public.moderation_cases k where k.id = about;
  end if;
  return jsonb_build_object('ok', exists (select from public.evidence_clips c where c.id = p_id and c.sha256 = p_sha256 and c.deleted_at is null));
end;
$$;
comment on function public.agent_evidence_stored(text, uuid, text, int) is
  'The file of a clip is there: {"ok"}; not ok when it was deleted meanwhile or is another file, which must be deleted then. Rings live:cases.';
grant execute on function public.agent_evidence_stored(text, uuid, text, int) to service_role;

-- ── who listens ──────────────────────────────────────────────────────────────────────────────────────────────────
create function live.clip_to_see(p_user uuid, p_clip uuid) returns public.evidence_clips
language plpgsql stable set search_path = '' as $$
declare
  item public.evidence_clips;
begin
  if p_user is null or not live.is_ops(p_user) then
    perform live.refuse_others_than_ops();
  end if;
  select * into item from public.evidence_clips c where c.id = p_clip;
  if item.id is null then
    perform live.refuse(404, 'unknown_clip', 'There is no such clip.');
  elsif item.user_id = p_user then
    perform live.refuse(403, 'own_case', 'This case is about you: somebody else decides it.');
  elsif item.deleted_at is not null then
    perform live.refuse(410, 'clip_deleted', 'This clip has been deleted: its time was over.');
  end if;
  return item;
end;
$$;
comment on function live.clip_to_see(uuid, uuid) is 'A clip for an operator; refuses one''s own, and one that is deleted.';

create function live.note_access(p_clip uuid, p_user uuid, p_act text, p_reason text) returns void
language plpgsql set search_path = '' as $$
begin
  if p_reason is null or char_length(btrim(p_reason)) < 3 or live.text_fault(p_reason, 500, true) is not null then
    perform live.refuse(400, 'bad_reason', 'Say why, in 3 to 500 characters.');
  end if;
  insert into public.evidence_access (clip_id, user_id, act, reason) values (p_clip, p_user, p_act, btrim(p_reason));
end;
$$;
comment on function live.note_access(uuid, uuid, text, text) is 'Writes who did what with a clip, and why.';

create function public.evidence_open(p_user uuid, p_clip uuid, p_reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.evidence_clips := live.clip_to_see(p_user, p_clip);
begin
  if item.stored_at is null then
    perform live.refuse(409, 'clip_not_ready', 'This clip is still being stored. Try again in a moment.');
  end if;
  perform live.spend(p_user, 'evidence_links_per_minute');
  perform live.note_access(item.id, p_user, 'opened', p_reason);
  return jsonb_build_object('path', item.path, 'sha256', item.sha256, 'seconds', live.setting('evidence.link_seconds'));
end;
$$;
comment on function public.evidence_open(uuid, uuid, text) is
  'For evidence-open: writes that an operator listens, and where the file is: {path, sha256, seconds}. Refuses ops_only, own_case, unknown_clip, '
  'clip_deleted, clip_not_ready, bad_reason.';
grant execute on function public.evidence_open(uuid, uuid, text) to service_role;

create function public.hold_evidence(clip_id uuid, hold boolean, reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  item constant public.evidence_clips := live.clip_to_see(me, hold_evidence.clip_id);
begin
  if hold_evidence.hold is null then
    perform live.refuse(400, 'invalid_choice', 'Say true to hold it, false to let it go.');
  end if;
  perform live.note_access(item.id, me, case when hold_evidence.hold then 'held' else 'released' end, hold_evidence.reason);
  update public.evidence_clips c set legal_hold = hold_evidence.hold, held_by = case when hold_evidence.hold then me end where c.id = item.id;
  return jsonb_build_object('clip_id', item.id, 'legal_hold', hold_evidence.hold);
end;
$$;
comment on function public.hold_evidence(uuid, boolean, text) is 'Ops hold a clip whatever its retention says, or let it go: {clip_id, legal_hold}.';
grant execute on function public.hold_evidence(uuid, boolean, text) to authenticated;

create function live.clips_json(p_case uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(to_jsonb(e) order by e.from_at), '[]')
            from (select c.*, (select coalesce(jsonb_agg(jsonb_build_object('user_id', a.user_id, 'act', a.act, 'reason', a.reason, 'at', a.at)
                                                         order by a.at), '[]')
                                 from public.evidence_access a where a.clip_id = c.id) as access
                    from public.evidence_clips c where c.case_id = p_case order by c.from_at limit 100) e);
end;
$$;
comment on function live.clips_json(uuid) is 'The clips of a case, each with who looked at it.';
