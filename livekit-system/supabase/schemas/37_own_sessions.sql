-- Owns: what a person's sessions are, for policies: evaluated once per query, not once per row.

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
            where t.session_id = s.id and t.recording_id is null and t.user_id = p_user and t.refund_due_at is null and t.refunded_at is null) end end;
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
  return query select t.session_id from public.live_tickets t where t.user_id = (select auth.uid()) and t.recording_id is null;
end;
$$;
comment on function live.my_tickets() is 'Sessions for which the caller has, or had, a ticket; asked once per query.';
grant execute on function live.my_tickets() to authenticated;
