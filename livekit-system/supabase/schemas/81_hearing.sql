-- Owns: what is left of hearing a session once tables, agent and policy are there: a session's own policy is checked, console
-- and app are told about incidents, and the summary of how loud everyone was.

create trigger check_policy before insert or update of moderation on public.live_sessions
  for each row execute function live.check_policy('moderation');

create function public.session_policy(session_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select live.merged_policy(live.default_policy(), live.effective_policy(s))
      from public.live_sessions s
     where s.id = session_policy.session_id
       and (live.is_service() or live.am_ops() or s.id in (select live.my_staffed_sessions())));
end;
$$;
comment on function public.session_policy is
  'The moderation policy that holds in a session, every field written out; null for who is neither its staff nor ops.';
grant execute on function public.session_policy(uuid) to authenticated, service_role;

create function live.tell_of_incidents() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.tell_session(n.session_id, 'moderation_incidents', jsonb_agg(n.id order by n.created_at, n.id))
     from new_rows n group by n.session_id;
  return null;
end;
$$;
comment on function live.tell_of_incidents is 'Trigger: tells who may see the session which incidents are new; row-level security decides who reads them.';
create trigger tell_of_incidents after insert on public.moderation_incidents
  referencing new table as new_rows for each statement execute function live.tell_of_incidents();

create view public.session_loudness with (security_invoker = true) as
  select t.session_id, t.user_id,
         sum(t.talk_seconds) as talk_seconds,
         10 * log(sum(t.talk_seconds * power(10, t.loudness_lufs / 10)) filter (where t.loudness_lufs is not null)
                  / nullif(sum(t.talk_seconds) filter (where t.loudness_lufs is not null), 0)) as loudness_lufs,
         max((t.measured ->> 'max_short_term_lufs')::double precision) as max_short_term_lufs,
         max(t.peak_dbfs) as peak_dbfs,
         sum(t.clipped_ratio * (t.measured ->> 'heard_seconds')::double precision)
           / nullif(sum((t.measured ->> 'heard_seconds')::double precision), 0) as clipped_ratio,
         case when (select live.is_service() or live.am_ops()) or t.session_id in (select live.my_staffed_sessions()) then
           (select count(*) from public.moderation_incidents i
             where i.session_id = t.session_id and i.user_id = t.user_id) end as incidents
    from public.live_audio_stats t
   group by t.session_id, t.user_id;
comment on view public.session_loudness is
  'Who spoke how long and how loud in a session: one''s own figures, everyone''s for its staff and ops.';
comment on column public.session_loudness.session_id is 'The session.';
comment on column public.session_loudness.user_id is 'Who.';
comment on column public.session_loudness.talk_seconds is 'Seconds with speech.';
comment on column public.session_loudness.loudness_lufs is 'Mean of the minutes'' loudness as energy, each weighted with its talk; null when nothing passed the gates.';
comment on column public.session_loudness.max_short_term_lufs is 'The loudest 3 s.';
comment on column public.session_loudness.peak_dbfs is 'Highest sample peak, dBFS.';
comment on column public.session_loudness.clipped_ratio is 'Share of samples that were clipped.';
comment on column public.session_loudness.incidents is 'Steps that the rules took; null for who may not see incidents.';
grant select on public.session_loudness to authenticated, service_role;
