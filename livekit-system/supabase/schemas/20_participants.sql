-- Owns: the rules of a participant's row: what a role, a mute_all and a session's access mean for it, the first row of
-- anyone, and the host's seat.

create function live.guard_participant() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  session public.live_sessions;
begin
  if tg_op = 'INSERT' or new.role <> old.role or new.free <> old.free
      or new.invited_role is distinct from old.invited_role then
    -- The lock orders this against a mute_all in flight: one of the two sees the other.
    select * into session from public.live_sessions s where s.id = new.session_id for share;
    new.free := session.access_type = 'public';
    new.staff := coalesce(live.is_staff(session.type, new.role), false);
    perform live.require_role(session.type, role) from unnest(array[new.role, new.invited_role]) role;
    if live.rank_of(session.type, new.role) > live.audience_rank()
        and exists (select from auth.users u where u.id = new.user_id and u.is_anonymous) then
      perform live.refuse(409, 'cannot_be_invited', 'This person has no account: they can only watch and listen.');
    end if;
    if new.staff and new.mic_by_all then
      new.mic_muted := false;
      new.mic_muted_until := null;
      new.mic_by_all := false;
    elsif not new.staff and not new.mic_muted and session.mute_all_rank is not null
        and (tg_op = 'INSERT' or old.staff) then
      new.mic_muted := true;
      new.mic_by_all := true;
      new.mic_by_rank := session.mute_all_rank;
    end if;
  end if;
  if tg_op = 'UPDATE' and not new.mic_muted then
    new.mic_muted_until := null;
    new.mic_by_all := false;
  end if;
  if tg_op = 'INSERT' or (new.role, new.mic_muted, new.mic_muted_until, new.camera_off, new.chat_muted_until,
                          new.hand_raised_at, new.invited_role, new.access_ends_at, new.access_removed)
      is distinct from (old.role, old.mic_muted, old.mic_muted_until, old.camera_off, old.chat_muted_until,
                        old.hand_raised_at, old.invited_role, old.access_ends_at, old.access_removed) then
    new.desired_xid := pg_current_xact_id();
  end if;
  return new;
end;
$$;
comment on function live.guard_participant is
  'Trigger: mute_all binds those who come later and spares moderators and above; anonymous sign-ins only watch and listen; a '
  'change of desired state is marked.';
create trigger guard_participant before insert or update on public.live_participants
  for each row execute function live.guard_participant();

create function live.follow_staff() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.live_participants p set staff = new.staff
    from public.live_sessions s
   where s.id = p.session_id and s.type = new.context and p.role = new.role and p.staff <> new.staff;
  return null;
end;
$$;
comment on function live.follow_staff is 'Trigger: live_participants.staff repeats live_roles.staff, so that lists of one''s sessions need no join.';
create trigger follow_staff after update on public.live_roles
  for each row when (old.staff <> new.staff) execute function live.follow_staff();

create function live.tell_access_type() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.live_participants p set free = (new.access_type = 'public') where p.session_id = new.id;
  return null;
end;
$$;
comment on function live.tell_access_type is 'Trigger: its people''s rows know whether a session is free.';
create trigger tell_access_type after update of access_type on public.live_sessions
  for each row when ((old.access_type = 'public') <> (new.access_type = 'public')) execute function live.tell_access_type();

create function live.tell_role_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.append_event(new.session_id, 'role_changed',
    jsonb_build_object('user_id', new.user_id, 'role', new.role, 'previous', old.role));
  if 'host' in (new.role, old.role) then
    -- Whether a host is there may have changed without anyone coming or going.
    perform live.refresh_session(new.session_id, 0);
  end if;
  return null;
end;
$$;
comment on function live.tell_role_change is 'Trigger: the room is told about a new role; a new or former host may start or stop the host''s grace.';
create trigger tell_role_change after update of role on public.live_participants
  for each row when (old.role <> new.role) execute function live.tell_role_change();

create function live.seat_host() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.live_participants (session_id, user_id, role, role_by_rank)
  values (new.id, new.creator_id, 'host', live.rank_of_ops());
  insert into live.wake_marks (room) values (new.livekit_room), ('count:' || new.id) on conflict do nothing;
  insert into live.session_hints (session_id) values (new.id) on conflict do nothing;
  return null;
end;
$$;
comment on function live.seat_host is 'Trigger: a session''s creator is its host from the first moment.';
create trigger seat_host after insert on public.live_sessions for each row execute function live.seat_host();

create function live.ensure_participant(p_session public.live_sessions, p_user uuid) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.live_participants (session_id, user_id, role)
  values (p_session.id, p_user, live.default_role(p_session.type))
  on conflict do nothing;
end;
$$;
comment on function live.ensure_participant is 'Gives a person new to the session a row with the default role.';

create function live.rank_in(p_session uuid, p_user uuid) returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select case when live.is_ops(p_user) then live.rank_of_ops() else coalesce(
      (select live.rank_of(s.type, p.role)
         from public.live_participants p join public.live_sessions s on s.id = p.session_id
        where p.session_id = p_session and p.user_id = p_user), live.audience_rank()) end);
end;
$$;
comment on function live.rank_in is 'Rank of a person in a session: above all for ops, that of the audience for someone who was never there.';
