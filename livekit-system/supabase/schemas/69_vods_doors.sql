-- Owns: what creators and ops do with recordings that are made: publish, cut, delete, hold, take down and restore; and how long files are kept.

create function live.recording_of_mine(p_user uuid, p_recording uuid) returns public.live_recordings
language plpgsql set search_path = '' as $$
declare
  item public.live_recordings;
begin
  perform live.require_account(p_user);
  select r.* into item from public.live_recordings r join public.live_sessions s on s.id = r.session_id
   where r.id = p_recording and (s.creator_id = p_user or live.is_ops(p_user)) for no key update of r;
  if item.id is null or item.state = 'deleted' then
    perform live.refuse(404, 'unknown_recording', 'There is no such recording of yours.');
  end if;
  return item;
end;
$$;
comment on function live.recording_of_mine(uuid, uuid) is 'A recording for its creator or ops, locked; refuses everyone else.';

create function public.publish_vod(
  recording_id uuid, published boolean, title text default null, access_type text default null, price_coins int default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.live_recordings := live.recording_of_mine(auth.uid(), publish_vod.recording_id);
  vod public.live_vods;
  access text;
  price int;
begin
  select * into vod from public.live_vods v where v.recording_id = item.id for no key update;
  access := coalesce(publish_vod.access_type, vod.access_type);
  price := case when access = 'pay_per_view' then coalesce(publish_vod.price_coins, vod.price_coins) end;
  if published is null then
    perform live.refuse(400, 'invalid_choice', 'Say true to publish it, false to take it back.');
  elsif item.state <> 'ready' or live.is_over(item) then
    perform live.refuse(409, 'recording_not_ready', 'This recording is not ready to be watched.');
  elsif vod.creator_id <> auth.uid() then
    perform live.refuse(403, 'not_allowed', 'A recording is published by its creator.');
  elsif published and vod.taken_down_at is not null then
    perform live.refuse(410, 'taken_down', 'This recording was taken down.');
  elsif access not in ('public', 'subscribers', 'pay_per_view') then
    perform live.refuse(400, 'invalid_choice', 'A recording is public, for subscribers, or sold: pay_per_view.');
  elsif access = 'pay_per_view' and coalesce(price, 0) not between 1 and 1000000 then
    perform live.refuse(400, 'invalid_choice', 'A recording that is sold costs 1 to 1,000,000 coins: price_coins.');
  elsif access <> 'pay_per_view' and publish_vod.price_coins is not null then
    perform live.refuse(400, 'invalid_choice', 'Only pay_per_view has price_coins.');
  end if;
  update public.live_vods v
     set published_at = case when published then coalesce(v.published_at, clock_timestamp()) end,
         title = case when publish_vod.title is null then v.title else live.clean_text(publish_vod.title, 'title', 200) end,
         access_type = access, price_coins = price
   where v.recording_id = item.id returning * into vod;
  return to_jsonb(vod);
end;
$$;
comment on function public.publish_vod(uuid, boolean, text, text, int) is
  'A creator publishes a recording, or takes it back: its row of live_vods. access_type: public, subscribers, or pay_per_view at price_coins. Who has bought it watches on when it '
  'is taken back, and whatever its access is then.';

create function public.cut_recording(recording_id uuid, from_seconds double precision, to_seconds double precision) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item constant public.live_recordings := live.recording_of_mine(auth.uid(), cut_recording.recording_id);
  made int;
begin
  if from_seconds is null or to_seconds is null or from_seconds < 0 or to_seconds <= from_seconds then
    perform live.refuse(400, 'invalid_choice', 'Give the first and the last second, in order.');
  end if;
  insert into public.live_recording_cuts (recording_id, why, from_at, to_at, decision, decided_at)
  select item.id, 'creator', x.began + make_interval(secs => greatest(from_seconds - x.offset_seconds, 0)),
         least(x.began + make_interval(secs => to_seconds - x.offset_seconds), x.ended), 'cut', clock_timestamp()
    from live.vod_stretches(item.id) x
   where to_seconds > x.offset_seconds and x.began + make_interval(secs => from_seconds - x.offset_seconds) < x.ended;
  get diagnostics made = row_count;
  return jsonb_build_object('recording_id', item.id, 'cuts', made);
end;
$$;
comment on function public.cut_recording(uuid, double precision, double precision) is
  'A creator, or ops, cut a stretch out of a recording, by its clock: {recording_id, cuts}. Whole segments that it touches are shown to nobody any more.';

create function public.decide_cut(cut_id uuid, decision text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  asked public.live_recording_cuts;
begin
  select * into asked from public.live_recording_cuts c where c.id = decide_cut.cut_id;
  perform live.recording_of_mine(auth.uid(), asked.recording_id);
  if decide_cut.decision is null or decide_cut.decision not in ('cut', 'kept') or (asked.why <> 'withdrawn' and decide_cut.decision = 'kept') then
    perform live.refuse(400, 'invalid_choice', 'Decide cut or kept; what an erased account asked for is cut.');
  elsif asked.erased_at is not null and decide_cut.decision = 'kept' then
    perform live.refuse(400, 'invalid_choice', 'What was cut is deleted.');
  end if;
  update public.live_recording_cuts c set decision = decide_cut.decision, decided_at = clock_timestamp() where c.id = asked.id returning * into asked;
  return to_jsonb(asked);
end;
$$;
comment on function public.decide_cut(uuid, text) is
  'The creator decides what becomes of a stretch in which somebody is heard who took their consent back: cut (its segments are deleted) or kept. Until then nobody is shown it.';
grant execute on function public.publish_vod(uuid, boolean, text, text, int), public.cut_recording(uuid, double precision, double precision),
  public.decide_cut(uuid, text) to authenticated;

-- ── deletion ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function public.recording_delete(p_user uuid, p_recording uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item public.live_recordings := live.recording_of_mine(p_user, p_recording);
begin
  if not live.recording_is_over(item.state) then
    perform live.refuse(409, 'recording_running', 'Stop the recording first.');
  elsif item.legal_hold then
    perform live.refuse(409, 'recording_held', 'This recording is held and cannot be deleted now.');
  end if;
  if item.retention_until > clock_timestamp() then
    update public.live_recordings r set retention_until = clock_timestamp() where r.id = item.id returning * into item;
    update public.live_vods v set published_at = null where v.recording_id = item.id;
    perform live.note_recording_act(item.id, p_user, 'deleted',
      case when exists (select from public.live_sessions s where s.id = item.session_id and s.creator_id = p_user) then 'app' else 'ops' end);
  end if;
  return live.recording_answer(item);
end;
$$;
comment on function public.recording_delete(uuid, uuid) is
  'For recording-delete: its creator, or ops, have a recording deleted: {recording}. Nobody watches it from now on; a worker deletes the files. Refuses '
  'unknown_recording, recording_running, recording_held.';
grant execute on function public.recording_delete(uuid, uuid) to service_role;

create function public.hold_recording(recording_id uuid, hold boolean, reason text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  item constant public.live_recordings := live.recording_of_mine(me, hold_recording.recording_id);
begin
  if hold is null then
    perform live.refuse(400, 'invalid_choice', 'Say true to hold it, false to let it go.');
  elsif reason is null or char_length(btrim(reason)) < 3 or live.text_fault(reason, 500, true) is not null then
    perform live.refuse(400, 'bad_reason', 'Say why, in 3 to 500 characters.');
  end if;
  update public.live_recordings r set legal_hold = hold where r.id = item.id;
  perform live.note_recording_act(item.id, me, case when hold then 'held' else 'released' end, 'ops', reason);
  return jsonb_build_object('recording_id', item.id, 'legal_hold', hold);
end;
$$;
comment on function public.hold_recording(uuid, boolean, text) is 'Ops hold a recording whatever its retention says, or let it go: {recording_id, legal_hold}.';
grant execute on function public.hold_recording(uuid, boolean, text) to authenticated;

create function live.recordings_over() returns setof public.live_recordings
language plpgsql stable set search_path = '' as $$
begin
  return query select r.* from public.live_recordings r
    where r.deleted_at is null and r.retention_until <= clock_timestamp() and not r.legal_hold and live.recording_is_over(r.state);
end;
$$;
comment on function live.recordings_over() is 'Recordings whose files are to be deleted now.';

create function live.recordings_past() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return live.cuts_past() or live.look_is_due()
    or exists (select from live.recordings_over() r where coalesce(r.delete_claimed_at, '-infinity') < clock_timestamp() - interval '1 minute');
end;
$$;
comment on function live.recordings_past() is 'Whether files of recordings are to be deleted now, whole ones or what is cut, or a store is to be looked at.';

create function public.recordings_to_delete(p_most int default 10) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  found jsonb;
begin
  with due as (
    select r.id from public.live_recordings r
     where r.id in (select o.id from live.recordings_over() o) and coalesce(r.delete_claimed_at, '-infinity') < clock_timestamp() - interval '1 minute'
     order by r.delete_claimed_at nulls first, r.retention_until limit least(greatest(coalesce(p_most, 10), 1), 100) for no key update skip locked
  ), claimed as (
    update public.live_recordings r set delete_claimed_at = clock_timestamp() from due where r.id = due.id returning r.id, r.prefix)
  select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'prefix', x.prefix,
           'parts', (select coalesce(jsonb_agg(jsonb_build_object('prefix', t.prefix, 'store', t.store) order by t.number), '[]')
                       from public.live_recording_parts t where t.recording_id = x.id))), '[]')
    into found from claimed x;
  return found;
end;
$$;
comment on function public.recordings_to_delete(int) is
  'For workers: recordings whose files are to be deleted, those not tried yet first, taken for a minute: [{id, prefix, parts: [{prefix, store}]}].';

create function public.recordings_deleted(p_ids uuid[]) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  deleted int;
begin
  -- Storage's own table is asked: what a worker says it did is not what was done. Of another store nobody here can ask but the worker.
  update public.live_recordings r set state = 'deleted'
   where r.id = any (p_ids) and r.deleted_at is null and r.delete_claimed_at is not null and r.retention_until <= clock_timestamp() and not r.legal_hold
     and not exists (select from storage.objects o where o.bucket_id = 'recordings' and o.name like r.prefix || '/%');
  get diagnostics deleted = row_count;
  return jsonb_build_object('deleted', deleted);
end;
$$;
comment on function public.recordings_deleted(uuid[]) is
  'For workers, after a listing has shown it: these files are gone; recordings of which Storage has nothing any more are written so: {deleted}.';
grant execute on function public.recordings_to_delete(int), public.recordings_deleted(uuid[]) to service_role;

create function live.recording_faults() returns table (book text, id text, expected text, found text)
language sql stable security definer set search_path = '' as $$
  select 'live_recordings: past its time', r.id::text, 'deleted', r.state from live.recordings_over() r where r.retention_until < clock_timestamp() - interval '1 hour'
  union all
  select 'live_recordings: not wanted for a minute', r.id::text, 'stopped', r.state from public.live_recordings r
   where not r.wanted and live.recording_runs(r.state) and r.unwanted_at < clock_timestamp() - interval '1 minute'
  union all
  select 'live_recordings: ready without files', r.id::text, r.prefix, 'none' from public.live_recordings r
   where r.state = 'ready' and r.ready_at < clock_timestamp() - interval '1 minute' and not live.is_over(r)
     and exists (select from public.live_recording_parts t where t.recording_id = r.id and t.store = 'supabase')
     and not exists (select from storage.objects o where o.bucket_id = 'recordings' and o.name like r.prefix || '/%')
  union all
  select 'bucket recordings: file of no recording', o.name, 'none', 'there since ' || o.created_at from storage.objects o
   where o.bucket_id = 'recordings' and o.created_at < clock_timestamp() - interval '1 day'
     and not exists (select from public.live_recordings r where r.deleted_at is null and starts_with(o.name, r.prefix || '/'))
  union all
  select 'bucket recordings: public', b.id, 'private', 'public' from storage.buckets b where b.id = 'recordings' and b.public
$$;
comment on function live.recording_faults() is 'Where recordings, their wishes, their time and the files in Storage disagree; part of live_faults.';

-- ── the one door ─────────────────────────────────────────────────────────────────────────────────────────────────
insert into public.live_actions (action, aspect, scope, needs_target, in_calls, needs_agent, params_schema, min_rank, undone_by, automatic,
                                 after_end, expires_after, columns, place, description)
select x.action, null, 'session', false, false, false,
       live.object_schema(jsonb_build_object('recording_id', '{"type": "string", "format": "uuid"}'::jsonb), '{recording_id}'), live.rank_of_ops(), null,
       false, true, null, '{}', (select max(a.place) from public.live_actions a) + x.place, x.description
  from (values (1, 'take_down', 'nobody but ops watches this recording of the session; who is watching it stops at the next segment'),
               (2, 'restore', 'a recording that was taken down may be watched again')) as x (place, action, description);

create function live.take_down_vod(p_row public.moderation_actions, p_at timestamptz) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.live_vods v set taken_down_at = case when p_at is null then null else coalesce(v.taken_down_at, p_at) end
   where v.recording_id = (p_row.params ->> 'recording_id')::uuid and v.session_id = p_row.session_id;
  if not found then
    perform live.refuse(404, 'unknown_recording', 'There is no such recording of this session.');
  end if;
  return '{}';
end;
$$;
comment on function live.take_down_vod(public.moderation_actions, timestamptz) is 'Takes a recording of the session down, or (null) restores it.';

create function live.do_take_down(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  return live.take_down_vod(p_row, clock_timestamp());
end;
$$;
comment on function live.do_take_down(public.moderation_actions) is 'take_down.';

create function live.do_restore(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  return live.take_down_vod(p_row, null);
end;
$$;
comment on function live.do_restore(public.moderation_actions) is 'restore.';

-- ── the end of an account ────────────────────────────────────────────────────────────────────────────────────────
create function live.forget_recordings(p_user uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  ending int;
  cuts int;
begin
  update public.live_recordings r set retention_until = clock_timestamp()
    from public.live_sessions s
   where s.id = r.session_id and s.creator_id = p_user and r.deleted_at is null and live.recording_is_over(r.state) and r.retention_until > clock_timestamp();
  get diagnostics ending = row_count;
  update public.live_vods v set published_at = null where v.creator_id = p_user and v.published_at is not null;
  select coalesce(sum(live.ask_for_cuts(r, p_user, 'erased')), 0) into cuts
    from public.live_recordings r join public.live_sessions s on s.id = r.session_id
   where r.deleted_at is null and r.active_at is not null and s.creator_id <> p_user
     and exists (select from public.live_recording_consents c where c.session_id = r.session_id and c.user_id = p_user);
  delete from public.live_recording_stops t where t.creator_id = p_user;
  return jsonb_build_object('live_recordings', ending, 'live_recording_cuts', cuts);
end;
$$;
comment on function live.forget_recordings(uuid) is
  'What becomes of recordings with an account: those of its own sessions are deleted, and in others'' what is heard of it is cut: how many of each.';
