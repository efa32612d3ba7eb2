-- Owns: who of the app's users reads which rows, which Realtime topics they may listen to, and the two reading functions
-- of the room: watch_levels and live_events_since. The service role passes by row-level security.

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
