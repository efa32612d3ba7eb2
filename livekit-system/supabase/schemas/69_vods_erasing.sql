-- Owns: the deletion of what is cut, and what would show it: pictures and files of the whole. A stretch that is cut is shown to nobody from that moment; a worker then deletes the segments that it
-- touches, and with them pictures and the file of the whole, which may show the same. A legal hold stops it.

alter table public.live_recording_cuts add column erase_claimed_at timestamptz, add column erased_at timestamptz;
comment on column public.live_recording_cuts.erase_claimed_at is 'When a worker last set out to delete its segments.';
comment on column public.live_recording_cuts.erased_at is 'When its segments were deleted; null while they are there.';
create index live_recording_cuts_to_erase on public.live_recording_cuts (recording_id) where decision = 'cut' and erased_at is null;

create function live.cuts_to_erase() returns setof public.live_recording_cuts
language plpgsql stable set search_path = '' as $$
begin
  return query select c.* from public.live_recording_cuts c join public.live_recordings r on r.id = c.recording_id
    where c.decision = 'cut' and c.erased_at is null and r.state = 'ready' and not r.legal_hold
      and coalesce(c.erase_claimed_at, '-infinity') < clock_timestamp() - interval '1 minute';
end;
$$;
comment on function live.cuts_to_erase() is 'Cuts whose segments are to be deleted now: of recordings that are ready and not held.';

create function live.cuts_past() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from live.cuts_to_erase());
end;
$$;
comment on function live.cuts_past() is 'Whether segments of cuts are to be deleted now.';

create function public.recording_cuts_to_erase(p_most int default 20) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  found jsonb;
begin
  with due as (
    select c.id from public.live_recording_cuts c where c.id in (select e.id from live.cuts_to_erase() e)
     order by c.erase_claimed_at nulls first, c.decided_at limit least(greatest(coalesce(p_most, 20), 1), 100) for no key update skip locked
  ), claimed as (
    update public.live_recording_cuts c set erase_claimed_at = clock_timestamp() from due where c.id = due.id returning c.*)
  select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'from_at', x.from_at, 'to_at', x.to_at,
           'parts', (select coalesce(jsonb_agg(jsonb_build_object('prefix', t.prefix, 'store', t.store, 'began', t.started_at) order by t.number), '[]')
                       from public.live_recording_parts t where t.recording_id = x.recording_id and t.started_at is not null))), '[]')
    into found from claimed x;
  return found;
end;
$$;
comment on function public.recording_cuts_to_erase(int) is
  'For workers: cuts whose segments are to be deleted, those not tried yet first, taken for a minute: [{id, from_at, to_at, parts: [{prefix, store, began}]}].';

create function public.recording_cut_erased(p_id uuid, p_paths text[]) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  -- Storage's own table is asked: what a worker says it did is not what was done.
  update public.live_recording_cuts c set erased_at = clock_timestamp()
   where c.id = p_id and c.erased_at is null and c.erase_claimed_at is not null and c.decision = 'cut'
     and not exists (select from storage.objects o where o.bucket_id = 'recordings' and o.name = any (p_paths));
  return found;
end;
$$;
comment on function public.recording_cut_erased(uuid, text[]) is
  'For workers: the files of a cut were deleted: whether that is so, and now written. p_paths: all that it touched, in the bucket recordings.';
grant execute on function public.recording_cuts_to_erase(int), public.recording_cut_erased(uuid, text[]) to service_role;

-- ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.drop_picture() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.live_vods v set thumbnail = null where v.recording_id = new.recording_id and v.thumbnail is not null;
  return null;
end;
$$;
comment on function live.drop_picture() is 'Trigger: a recording of which something is to be cut shows no picture: it might be of that.';
create trigger drop_picture after insert on public.live_recording_cuts for each row execute function live.drop_picture();

create policy "who sees a recording in a list sees its picture" on storage.objects for select to authenticated
  using (bucket_id = 'recordings' and exists (select from public.live_vods v where v.thumbnail = name));

-- ── one file ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function public.recording_files(p_user uuid, p_recording uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.live_recordings := live.recording_of_mine(p_user, p_recording);
begin
  if item.state <> 'ready' or live.is_over(item) then
    perform live.refuse(409, 'recording_not_ready', 'This recording is not ready to be watched.');
  end if;
  if not exists (select from public.live_sessions s where s.id = item.session_id and s.creator_id = p_user) then
    perform live.note_recording_act(item.id, p_user, 'watched', 'ops');
  end if;
  -- A file of the whole shows what is cut, from the moment that somebody asked for it.
  return jsonb_build_object('seconds', live.setting('recording.link_seconds'), 'files', (
    select coalesce(jsonb_agg(jsonb_build_object('number', t.number, 'path', t.prefix || '/recording.mp4', 'store', t.store) order by t.number), '[]')
      from public.live_recording_parts t
     where t.recording_id = item.id and item.mp4 and t.started_at is not null
       and (t.store <> 'supabase'
            or exists (select from storage.objects o where o.bucket_id = 'recordings' and o.name = t.prefix || '/recording.mp4'))
       and not exists (
       select from public.live_recording_cuts c where c.recording_id = item.id and c.decision is distinct from 'kept')));
end;
$$;
comment on function public.recording_files(uuid, uuid) is
  'For recording-playback: the MP4 of each part, for its creator and ops: {seconds: how long a link is good, files: [{number, path, store}]}; none where something is cut. '
  'Refuses unknown_recording, recording_not_ready.';
grant execute on function public.recording_files(uuid, uuid) to service_role;
