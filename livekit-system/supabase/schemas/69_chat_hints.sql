-- Owns: the hints that a session's chat changed (live:session:<id>). Ids only: who reads them is decided when the
-- messages are asked for by them.

create function live.tell_messages() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.tell_session(n.session_id, 'live_messages', jsonb_agg(n.id order by n.created_at, n.id))
     from new_rows n group by n.session_id;
  return null;
end;
$$;
comment on function live.tell_messages() is 'Trigger: messages that were written or deleted.';
create trigger tell_new_messages after insert on public.live_messages
  referencing new table as new_rows for each statement execute function live.tell_messages();
create trigger tell_changed_messages after update on public.live_messages
  referencing new table as new_rows for each statement execute function live.tell_messages();
