-- Owns: what is wrong between recordings and the files of a store of another S3 provider, which the database cannot look into: who can
-- (`python -m agent verify`) says what lies there, and is answered as live.recording_faults answers of Supabase's Storage.

create function public.recording_store_faults(p_store text, p_found jsonb) returns table (book text, id text, expected text, found text)
language plpgsql stable security definer set search_path = '' as $$
begin
  return query
    select 'live_recordings: ready without files', r.id::text, r.prefix, 'none' from public.live_recordings r
     where r.state = 'ready' and r.ready_at < clock_timestamp() - interval '1 minute' and not live.is_over(r)
       and exists (select from public.live_recording_parts t where t.recording_id = r.id and t.store = p_store and t.duration_seconds is distinct from 0)
       and not p_found ? r.prefix
    union all
    select p_store || ': file of no recording', f.key, 'none', 'there since ' || f.value from jsonb_each_text(p_found) f
     where f.value::timestamptz < clock_timestamp() - interval '1 day'
       and not exists (select from public.live_recordings r where r.deleted_at is null and r.prefix = f.key);
end;
$$;
comment on function public.recording_store_faults(text, jsonb) is
  'For server code: where recordings and the files of a store disagree. p_found: {"<session>/<recording>": when the newest file below it was written} of all that lies '
  'in the store whose parts say p_store. The columns are those of live_faults.';
grant execute on function public.recording_store_faults(text, jsonb) to service_role;
