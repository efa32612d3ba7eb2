-- Owns: who may put files into the bucket of recordings: the account that Egress stores them as, which an operator makes with
-- app_metadata {"recorder": true}, and the service role. That account reaches the files of recordings that are not over, and nothing else
-- in Storage. Supabase's own S3 keys, which pass over these policies in every bucket, are given to nobody.

create function live.may_record_to(p_path text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return coalesce((auth.jwt() -> 'app_metadata' ->> 'recorder')::boolean, false)
    and exists (select from public.live_recordings r
                 where r.prefix = split_part(p_path, '/', 1) || '/' || split_part(p_path, '/', 2) and not live.recording_is_over(r.state));
end;
$$;
comment on function live.may_record_to(text) is 'Whether the caller is the account that recordings are stored as, and this path belongs to one that is not over.';
grant execute on function live.may_record_to(text) to authenticated;

create policy "the recorder stores what is recorded" on storage.objects for insert to authenticated
  with check (bucket_id = 'recordings' and live.may_record_to(name));
-- Over S3 a file that is stored again replaces the one before: playlists grow.
create policy "the recorder finds what it replaces" on storage.objects for select to authenticated
  using (bucket_id = 'recordings' and live.may_record_to(name));
create policy "the recorder replaces what it stored" on storage.objects for update to authenticated
  using (bucket_id = 'recordings' and live.may_record_to(name)) with check (bucket_id = 'recordings' and live.may_record_to(name));
