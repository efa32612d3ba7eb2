-- Owns: how long clips are held: what a decision means for them, which files are deleted and when, where files and books
-- disagree, and what people are told about it (evidence_notice).

create function live.judge_clips() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.evidence_clips c
     set retention_until = case new.decision when 'violation'
           then new.resolved_at + make_interval(days => (live.setting('evidence.violation_days'))::int) else new.resolved_at end
   where c.case_id = new.id and c.deleted_at is null;
  return null;
end;
$$;
comment on function live.judge_clips() is 'Trigger: what no violation was is deleted at once, the clips of a violation after evidence.violation_days.';
create trigger judge_clips after update of resolved_at on public.moderation_cases
  for each row when (old.resolved_at is null and new.resolved_at is not null) execute function live.judge_clips();

create function live.link_clips() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.evidence_clips c set case_id = new.id
   where c.session_id = new.session_id and c.user_id = new.user_id and c.case_id is null and c.deleted_at is null;
  return null;
end;
$$;
comment on function live.link_clips() is 'Trigger: clips of a person that belong to no case yet belong to the one that is opened.';
create trigger link_clips after insert on public.moderation_cases
  for each row when (new.user_id is not null and new.session_id is not null) execute function live.link_clips();

create function live.clip_is_held(p_clip public.evidence_clips) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return p_clip.legal_hold or exists (
    select from public.moderation_appeals p join public.moderation_actions a on a.id = p.action_id
     where p.decided_at is null
       and (a.case_id = p_clip.case_id or a.id = (select i.action_id from public.moderation_incidents i where i.id = p_clip.incident_id)));
end;
$$;
comment on function live.clip_is_held(public.evidence_clips) is 'Whether a clip stays whatever its retention says: ops hold it, or an appeal that may rest on it is open.';

create function live.clips_over() returns setof public.evidence_clips
language plpgsql stable set search_path = '' as $$
begin
  return query
    select c.* from public.evidence_clips c
     where c.deleted_at is null and c.retention_until <= clock_timestamp() and not live.clip_is_held(c)
    union all
    -- A file that never came, or of which the worker did not learn that it had.
    select c.* from public.evidence_clips c
     where c.deleted_at is null and c.retention_until > clock_timestamp() and c.stored_at is null
       and c.created_at < clock_timestamp() - interval '1 hour';
end;
$$;
comment on function live.clips_over() is 'Clips whose files are to be deleted now.';

create function live.evidence_due() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from live.clips_over() c where coalesce(c.delete_claimed_at, '-infinity') < clock_timestamp() - interval '1 minute');
end;
$$;
comment on function live.evidence_due() is 'Whether files of clips are to be deleted now.';

create function public.evidence_to_delete(p_most int default 50) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  found jsonb;
begin
  with due as (
    select c.id from public.evidence_clips c
     where c.id in (select o.id from live.clips_over() o) and coalesce(c.delete_claimed_at, '-infinity') < clock_timestamp() - interval '1 minute'
     -- What nobody has tried yet comes first: files that Storage does not give up must not keep all younger ones waiting.
     order by c.delete_claimed_at nulls first, c.retention_until limit least(greatest(coalesce(p_most, 50), 1), 200) for update skip locked
  ), claimed as (
    update public.evidence_clips c set delete_claimed_at = clock_timestamp() from due where c.id = due.id returning c.id, c.path)
  select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'path', x.path)), '[]') into found from claimed x;
  return found;
end;
$$;
comment on function public.evidence_to_delete(int) is 'For workers: clips whose files are to be deleted, those not tried yet first, taken for a minute: [{id, path}].';
grant execute on function public.evidence_to_delete(int) to service_role;

create function public.evidence_deleted(p_ids uuid[]) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  deleted int;
begin
  -- Storage's own table is asked: what a worker says it did is not what was done.
  update public.evidence_clips c set deleted_at = clock_timestamp()
   where c.id = any (p_ids) and c.deleted_at is null and c.delete_claimed_at is not null
     and not exists (select from storage.objects o where o.bucket_id = 'evidence' and o.name = c.path);
  get diagnostics deleted = row_count;
  return jsonb_build_object('deleted', deleted);
end;
$$;
comment on function public.evidence_deleted(uuid[]) is 'For workers: these files were deleted; those of which Storage knows nothing any more are written so: {deleted}.';
grant execute on function public.evidence_deleted(uuid[]) to service_role;

create function live.evidence_faults() returns table (book text, id text, expected text, found text)
language sql stable security definer set search_path = '' as $$
  select 'evidence_clips: past its time', c.id::text, 'deleted', 'there since ' || c.created_at
    from live.clips_over() c where c.retention_until < clock_timestamp() - interval '1 hour'
  union all
  select 'evidence_clips: file', c.id::text, c.path, 'none'
    from public.evidence_clips c
   where c.stored_at < clock_timestamp() - interval '1 minute' and c.deleted_at is null and c.delete_claimed_at is null
     and not exists (select from storage.objects o where o.bucket_id = 'evidence' and o.name = c.path)
  union all
  select 'bucket evidence: file of no clip', o.name, 'none', 'there since ' || o.created_at
    from storage.objects o
   where o.bucket_id = 'evidence' and o.created_at < clock_timestamp() - interval '2 hours'
     and not exists (select from public.evidence_clips c where c.path = o.name and c.deleted_at is null)
  union all
  select 'bucket evidence: public', b.id, 'private', 'public' from storage.buckets b where b.id = 'evidence' and b.public
$$;
comment on function live.evidence_faults() is 'Where clips, their time and the files in Storage disagree; part of live_faults.';

-- ── what people are told ─────────────────────────────────────────────────────────────────────────────────────────
create function public.evidence_notice() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  seconds constant int := (live.setting('evidence.seconds'))::int;
  days constant int := (live.setting('evidence.unreviewed_days'))::int;
  longest constant int := (live.setting('evidence.violation_days'))::int;
  speech constant boolean := (live.setting('speech.enabled'))::boolean;
  pictures constant boolean := (live.setting('pictures.enabled'))::boolean;
begin
  return jsonb_build_object('kept', seconds > 0, 'seconds', seconds, 'speech', speech, 'pictures', pictures,
    'text_en', case when seconds = 0 then 'No sound of this room is kept as evidence.' else format(
      'Sound of this room is not recorded for moderation. Of a speaker who broke a sound rule, or whom several people reported, up to %s seconds may be '
      'kept so that a person can judge. It is deleted after %s days if nobody has judged it, at once if it was no violation, and after %s days otherwise. '
      'Calls are never kept.', seconds + (live.setting('evidence.after_seconds'))::int, days, longest) end
      || case when speech then ' Words of such a speaker are searched for threats and insults by a program; what was said is not written down.' else '' end
      || case when pictures then ' A program looks at single frames of cameras; one that it takes for sexual is kept so that a person can judge. '
        'Moderators may be shown the latest one for a moment; it is not kept.' else '' end,
    'text_tr', case when seconds = 0 then 'Bu odanın sesi kanıt olarak saklanmaz.' else format(
      'Bu odanın sesi denetim amacıyla kaydedilmez. Bir ses kuralını ihlal eden veya birden çok kişi tarafından bildirilen konuşmacının en fazla %s saniyelik '
      'sesi, bir kişinin değerlendirebilmesi için saklanabilir. Kimse değerlendirmezse %s gün sonra, ihlal yoksa hemen, ihlal varsa %s gün sonra silinir. '
      'Aramalar hiçbir zaman saklanmaz.', seconds + (live.setting('evidence.after_seconds'))::int, days, longest) end
      || case when speech then ' Böyle bir konuşmacının sözlerinde tehdit ve hakaret bir programla aranır; söylenenler yazıya geçirilip saklanmaz.' else '' end
      || case when pictures then ' Bir program kameralardan tek tek kareler inceler; cinsel içerik sandığı kare, bir kişinin değerlendirebilmesi için saklanır. '
        'Denetçiler son kareyi kısa süreyle görebilir; bu kare saklanmaz.' else '' end);
end;
$$;
comment on function public.evidence_notice() is 'What the app shows before somebody speaks: {kept, seconds, speech, pictures, text_en, text_tr}.';
grant execute on function public.evidence_notice() to authenticated;
