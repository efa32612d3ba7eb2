-- Owns: how much of a trail connections leave. Who connects again and again with a token that they have already keeps their
-- latest visits; older ones shorter than a minute are taken off the list and counted. What follows from a visit (watch time,
-- viewers, peak) was worked out when it was reported, and stays. Longer visits are as many as there are minutes.

update public.app_settings set value = value || '{"visits_kept": 200}' where key = 'limits';

create function live.foldable(p_visit public.live_visits) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  -- Two minutes: by then every source has told what it had to tell, in all but an outage.
  return p_visit.left_at < clock_timestamp() - interval '2 minutes' and p_visit.left_at < p_visit.joined_at + interval '1 minute';
end;
$$;
comment on function live.foldable is 'Whether a visit was short and is over for long enough to be folded.';

create function live.fold_visits(p_session uuid, p_user uuid) returns void
language plpgsql set search_path = '' as $$
declare
  kept constant int := live.limit_of('visits_kept');
begin
  with too_many as (
    select v.participant_sid
      from public.live_visits v
      join public.live_participants p on p.session_id = v.session_id and p.user_id = v.user_id
     where v.session_id = p_session and v.user_id = p_user and v.joined_at > p.first_joined_at and live.foldable(v)
     order by v.joined_at
     limit (select greatest(0, p.visits - kept) from public.live_participants p
             where p.session_id = p_session and p.user_id = p_user)
  ), folded as (
    delete from public.live_visits v using too_many t where v.participant_sid = t.participant_sid
    returning greatest(v.left_at, v.agent_left_at, v.webhook_left_at) as latest
  ), sums as (
    select count(*)::int as visits, max(f.latest) as until from folded f
  )
  update public.live_participants p
     set visits = p.visits - s.visits, folded_visits = p.folded_visits + s.visits,
         folded_until = greatest(p.folded_until, s.until)
    from sums s
   where p.session_id = p_session and p.user_id = p_user and s.visits > 0;
end;
$$;
comment on function live.fold_visits is
  'Folds the oldest short visits of a person to a session beyond limits.visits_kept. The caller holds the session''s lock.';

create function live.fold_call_visits(p_call uuid, p_user uuid) returns void
language plpgsql set search_path = '' as $$
begin
  delete from public.live_visits v
   where v.participant_sid in (
     select x.participant_sid from (
       select o as visit, o.participant_sid, row_number() over (order by o.joined_at desc) as n
         from public.live_visits o where o.call_id = p_call and o.user_id = p_user) x
      where x.n > live.limit_of('visits_kept') and live.foldable(x.visit));
end;
$$;
comment on function live.fold_call_visits is
  'The same for one side of a call, of which nothing is derived from visits but the latest. The caller holds the call''s lock.';

create function live.fold_when_many(p_session uuid, p_call uuid, p_user uuid) returns void
language plpgsql set search_path = '' as $$
declare
  kept constant int := live.limit_of('visits_kept');
  visits int;
begin
  if p_session is not null then
    update public.live_participants p set visits = p.visits + 1
     where p.session_id = p_session and p.user_id = p_user returning p.visits into visits;
  else
    visits := (select count(*) from public.live_visits v where v.call_id = p_call and v.user_id = p_user);
  end if;
  -- Now and then: to look for short ones among long ones costs more than a report may.
  if visits <= kept or visits % 50 <> 0 then
    return;
  elsif p_session is not null then
    perform live.fold_visits(p_session, p_user);
  else
    perform live.fold_call_visits(p_call, p_user);
  end if;
end;
$$;
comment on function live.fold_when_many is 'A person has one connection more on record: folds now and then, when there are many.';

create function live.is_folded(
  p_session uuid, p_user uuid, p_source text, p_event text, p_sid text, p_latest timestamptz
) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  -- An agent that reports a join sees the person there now.
  return not (p_source = 'agent' and p_event = 'joined')
     and exists (select from public.live_participants p
                  where p.session_id = p_session and p.user_id = p_user and p.folded_until >= p_latest)
     and not exists (select from public.live_visits v where v.participant_sid = p_sid);
end;
$$;
comment on function live.is_folded is
  'Whether a report is a late one of a visit that was folded: it was counted before. p_latest: the latest moment that it tells about.';
