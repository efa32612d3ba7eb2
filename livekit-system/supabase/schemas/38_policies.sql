-- Owns: who of the app's users reads which rows, which Realtime topics they may listen to, and the two reading functions
-- of the room: watch_levels and live_events_since. The service role passes by row-level security.

-- ── what a person's sessions are: evaluated once per query, not once per row ───────────────────────────────────
-- All of them take what keeps a person out as a set as well: somebody may have been in ten thousand sessions.
create function live.closed_to(p_user uuid) returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  by_creators uuid[];
begin
  return query
    select b.session_id from public.live_bans b
     where b.user_id = p_user and b.lifted_at is null and b.session_id is not null
       and coalesce(b.expires_at, 'infinity') > clock_timestamp();
  select array_agg(b.creator_id) into by_creators from public.live_bans b
   where b.user_id = p_user and b.lifted_at is null and b.creator_id is not null
     and coalesce(b.expires_at, 'infinity') > clock_timestamp();
  if by_creators is not null then
    return query select s.id from public.live_sessions s where s.creator_id = any(by_creators);
  end if;
end;
$$;
comment on function live.closed_to is 'Sessions that a standing ban of session or creator keeps a person out of.';

create function live.shut_out(p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return p_user is null or live.kept_out(p_user, null, null);
end;
$$;
comment on function live.shut_out is 'Whether nothing is open to a person: a ban from the platform, or their account is deleted.';

create function live.paid_sessions(p_user uuid) returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  if live.is_ops(p_user) then
    return query select p.session_id from public.live_participants p
      where p.user_id = p_user and not p.free and not p.access_removed;
    return;
  end if;
  return query
    select p.session_id from public.live_participants p
     where p.user_id = p_user and not p.free and not p.access_removed and p.staff;
  if (select u.is_anonymous from auth.users u where u.id = p_user) is not false then
    return;
  end if;
  return query
    select p.session_id
      from public.live_participants p join public.live_sessions s on s.id = p.session_id
     where p.user_id = p_user and not p.free and not p.access_removed
       and not p.staff
       and case when s.creator_id = p_user then true else case s.access_type
         when 'subscribers' then s.creator_id in (
           select c.creator_id from public.creator_subscriptions c
            where c.user_id = p_user and c.status::text = 'active'
              and coalesce(c.expires_at, 'infinity') > clock_timestamp())
         else exists (
           select from public.live_tickets t
            where t.session_id = s.id and t.user_id = p_user and t.refund_due_at is null and t.refunded_at is null) end end;
end;
$$;
comment on function live.paid_sessions is
  'Of the sessions with paid access that a person is or was in, those that they may be in now: access_fault for all at once.';

create function live.my_open_sessions() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  if live.shut_out(me) then
    return;
  end if;
  return query
    select p.session_id from public.live_participants p
     where p.user_id = me and p.free and not p.access_removed
       and p.session_id not in (select live.closed_to(me));
  return query select paid from live.paid_sessions(me) paid where paid not in (select live.closed_to(me));
end;
$$;
comment on function live.my_open_sessions is
  'Sessions that the caller is or was in and is not kept out of: neither by a ban nor because paid access has ended.';
grant execute on function live.my_open_sessions() to authenticated;

create function live.my_recent_sessions() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  if live.shut_out(me) then
    return;
  end if;
  return query
    select s.id
      from (select x.session_id, x.free, x.access_removed from public.live_participants x
             where x.user_id = me order by x.last_joined_at desc nulls last limit 50) p
      join public.live_sessions s on s.id = p.session_id
     where not p.access_removed
       and p.session_id not in (select live.closed_to(me))
       and (p.free or s.creator_id = me or live.access_fault(s, me) is null);
end;
$$;
comment on function live.my_recent_sessions is
  'Of my_open_sessions those of the last fifty that the caller was in. Policies ask for them first: most '
  'reads are of these, and then nobody''s whole past is looked through.';
grant execute on function live.my_recent_sessions() to authenticated;

create function live.may_look_back(p_session uuid, p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (
    select from public.live_participants p join public.live_sessions s on s.id = p.session_id
     where p.session_id = p_session and p.user_id = p_user and not p.access_removed
       and not live.kept_out(p.user_id, s.id, s.creator_id)
       and (p.free or s.creator_id = p.user_id or live.access_fault(s, p.user_id) is null));
end;
$$;
comment on function live.may_look_back is 'Whether a session is among my_open_sessions, asked for one.';

create function live.my_staffed_sessions() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  if live.shut_out(me) then
    return;
  end if;
  return query
    select p.session_id from public.live_participants p
     where p.user_id = me and p.staff
       and p.session_id not in (select live.closed_to(me));
end;
$$;
comment on function live.my_staffed_sessions is 'Sessions in which the caller is host, co-host or moderator.';
grant execute on function live.my_staffed_sessions() to authenticated;

-- From the sessions that are live, and not from all that the caller was ever in.
create function live.my_chats() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  if live.shut_out(me) then
    return;
  end if;
  return query
    select s.id
      from public.live_sessions s
      cross join lateral (select p.free from public.live_participants p
                           where p.session_id = s.id and p.user_id = me and not p.access_removed limit 1) mine
     where s.status = 'live'
       and s.id not in (select live.closed_to(me))
       and (mine.free or live.access_fault(s, me) is null);
end;
$$;
comment on function live.my_chats() is 'Live sessions that the caller has joined and may still be in; asked once per query, not once per row.';
grant execute on function live.my_chats() to authenticated;

create function live.my_own_sessions() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return query select s.id from public.live_sessions s where s.creator_id = (select auth.uid());
end;
$$;
comment on function live.my_own_sessions is 'Sessions that the caller created.';
grant execute on function live.my_own_sessions() to authenticated;

create function live.my_tickets() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return query select t.session_id from public.live_tickets t where t.user_id = (select auth.uid());
end;
$$;
comment on function live.my_tickets() is 'Sessions for which the caller has, or had, a ticket; asked once per query.';
grant execute on function live.my_tickets() to authenticated;

-- ── rows ───────────────────────────────────────────────────────────────────────────────────────────────────────
create policy "public listings are for everyone" on public.live_sessions for select to anon
  using (access_type = 'public' and status <> 'ended');
-- What costs something must be seen to be bought; entering is can_join's to decide.
create policy "listings, and what one took part in" on public.live_sessions for select to authenticated
  using ((status <> 'ended' and (access_type = 'public' or not (select live.is_anonymous())))
         or creator_id = (select auth.uid())
         or id in (select live.my_recent_sessions())
         or id in (select live.my_open_sessions())
         -- One who paid sees what became of it.
         or id in (select live.my_tickets())
         or (select live.am_ops()));
create policy "hosts rename their session" on public.live_sessions for update to authenticated
  using (creator_id = (select auth.uid()) and status <> 'ended')
  with check (creator_id = (select auth.uid()));

-- First what is live: for that nobody's past is looked through.
create policy "who is in a session sees who is there" on public.live_participants for select to authenticated
  using (user_id = (select auth.uid())
         or session_id in (select live.my_chats())
         or session_id in (select live.my_recent_sessions())
         or session_id in (select live.my_open_sessions())
         or (select live.am_ops()));

create policy "one sees one's visits, staff those of the session" on public.live_visits for select to authenticated
  using (user_id = (select auth.uid())
         or session_id in (select live.my_staffed_sessions())
         or (select live.am_ops()));

create policy "one sees one's bans, staff those of the session" on public.live_bans for select to authenticated
  using (user_id = (select auth.uid())
         or creator_id = (select auth.uid())
         or session_id in (select live.my_staffed_sessions())
         or (select live.am_ops()));

create policy "who is in a session reads its events" on public.live_events for select to authenticated
  using (session_id in (select live.my_chats())
         or session_id in (select live.my_recent_sessions())
         or session_id in (select live.my_open_sessions())
         or (select live.am_ops()));

create policy "one sees one's tickets, the creator those sold" on public.live_tickets for select to authenticated
  using (user_id = (select auth.uid())
         or session_id in (select live.my_own_sessions())
         or (select live.am_ops()));

create policy "staff see what was done, askers what they asked" on public.moderation_actions for select to authenticated
  using (requested_by = (select auth.uid())
         -- What ops rehearse is not for those whom it may be about.
         or (session_id in (select live.my_staffed_sessions()) and not (dry_run and requested_via = 'ops') and action <> 'listen')
         or (select live.am_ops()));
-- Who may ask what is decided by the door's own trigger, with reasons; here only that nobody asks in another's name.
create policy "one asks in one's own name" on public.moderation_actions for insert to authenticated
  with check (requested_by = (select auth.uid()));

create policy "staff see incidents" on public.moderation_incidents for select to authenticated
  using (session_id in (select live.my_staffed_sessions()) or (select live.am_ops()));

create policy "ops see cases, but for their own" on public.moderation_cases for select to authenticated
  using ((select live.am_ops()) and user_id is distinct from (select auth.uid()));

create policy "one sees one's own figures, staff those of the session" on public.live_audio_stats for select to authenticated
  using (user_id = (select auth.uid())
         or session_id in (select live.my_staffed_sessions())
         or (select live.am_ops()));

-- ── Realtime ───────────────────────────────────────────────────────────────────────────────────────────────────
create function live.may_listen(p_topic text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
  parts text[] := regexp_match(p_topic, '^live:(session|levels|user):([0-9a-f-]{36})$');
  me uuid := auth.uid();
  session public.live_sessions;
begin
  if p_topic = 'live:cases' then
    return live.is_ops(me);
  elsif me is null or parts is null or not live.is_uuid(parts[2]) then
    return false;
  elsif parts[1] = 'user' then
    -- Also for a suspended account: it has to learn that it is.
    return parts[2] = me::text and not live.account_gone(me);
  end if;
  select * into session from public.live_sessions s where s.id = parts[2]::uuid;
  if session.id is null then
    return false;
  elsif live.is_ops(me) then
    return true;
  elsif live.standing_ban(me, session.id, session.creator_id) is not null then
    return false;
  elsif parts[1] = 'levels' then
    return live.rank_in(session.id, me) >= live.staff_rank();
  end if;
  return live.access_fault(session, me) is null;
end;
$$;
comment on function live.may_listen is
  'Whether the caller may listen to a Realtime topic of ours: live:levels:<id> for staff, live:session:<id> for anyone who may '
  'be in the session, live:user:<id> for that person, live:cases for ops, live:wake for nobody (the service role passes by policies).';
grant execute on function live.may_listen(text) to authenticated;

create policy "live topics" on realtime.messages for select to authenticated
  using (extension = 'broadcast' and (select live.may_listen(realtime.topic())));

-- ── reading functions ──────────────────────────────────────────────────────────────────────────────────────────
create function public.watch_levels(session_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me uuid := auth.uid();
  lease timestamptz := clock_timestamp() + interval '15 seconds';
begin
  perform live.refuse_deleted(me);
  if me is null or live.acting_rank(watch_levels.session_id, me) < live.staff_rank() then
    perform live.refuse(403, 'not_allowed', 'Levels are for the host, co-hosts, moderators and ops.');
  elsif not exists (select from public.live_sessions s where s.id = watch_levels.session_id and s.status = 'live') then
    perform live.refuse(409, 'session_not_live', 'The session is not live.');
  end if;
  insert into public.live_level_watches as w (session_id, user_id, expires_at)
  values (watch_levels.session_id, me, lease)
  on conflict on constraint live_level_watches_pkey do update set expires_at = excluded.expires_at;
  perform live.wake(live.room_of(watch_levels.session_id, null));
  return jsonb_build_object('expires_at', lease, 'topic', 'live:levels:' || watch_levels.session_id);
end;
$$;
comment on function public.watch_levels is
  'Asks for levels for 15 s: {expires_at, topic}. Call it again while someone is looking.';
grant execute on function public.watch_levels(uuid) to authenticated;

create function public.live_events_since(session_id uuid, after_seq bigint, "limit" int default 200)
returns setof public.live_events
language plpgsql stable security definer set search_path = '' as $$
begin
  if not (live.is_service() or live.is_ops(auth.uid())
          or live.may_look_back(live_events_since.session_id, auth.uid())
          or (public.can_join_as(live_events_since.session_id, auth.uid()) ->> 'allowed')::boolean) then
    perform live.refuse(403, 'not_in_session', 'Join the session first.');
  end if;
  return query
    select * from public.live_events e
     where e.session_id = live_events_since.session_id and e.seq > coalesce(after_seq, 0)
     order by e.seq
     limit least(greatest(coalesce("limit", 200), 1), 500);
end;
$$;
comment on function public.live_events_since is
  'Catching up: events of a session after a seq, in order, at most 500. For anyone who is or was in it, or may join.';
grant execute on function public.live_events_since(uuid, bigint, int) to authenticated, service_role;
