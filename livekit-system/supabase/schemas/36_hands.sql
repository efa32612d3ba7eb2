-- Owns: raising a hand and answering an invitation: how someone in the audience comes to speak, by consent of both.

create function live.require_seat(p_session uuid, p_before_start boolean default false) returns public.live_participants
language plpgsql set search_path = '' as $$
declare
  me uuid := auth.uid();
  session public.live_sessions;
  seat public.live_participants;
begin
  perform live.refuse_deleted(me);
  select * into session from public.live_sessions s where s.id = p_session for no key update;
  select * into seat from public.live_participants p where p.session_id = p_session and p.user_id = me;
  if me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  elsif session.id is null then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  elsif live.is_anonymous() then
    perform live.refuse(403, 'sign_in_required', 'Make an account to take part.');
  elsif live.standing_ban(me, session.id, session.creator_id) is not null then
    perform live.refuse(403, 'banned', 'You have been removed from this session.');
  elsif session.status <> 'live' and not (p_before_start and session.status = 'scheduled') then
    perform live.refuse(409, 'session_not_live', 'The session is not live.');
  elsif seat.user_id is null or seat.access_removed then
    perform live.refuse(409, 'not_in_session', 'Join the session first.');
  end if;
  return seat;
end;
$$;
comment on function live.require_seat is 'The caller''s row in a live session, with the session locked; refuses anyone who has no place there. p_before_start: a '
  'scheduled session will do.';

create function live.is_host_of(p_session uuid, p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from public.live_participants p
                  where p.session_id = p_session and p.user_id = p_user and p.role = 'host');
end;
$$;
comment on function live.is_host_of is 'Whether a person is a host of a session.';

create function public.raise_hand(session_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  seat public.live_participants := live.require_seat(raise_hand.session_id);
  raised int;
begin
  if seat.hand_raised_at is null then
    if live.rank_of((select s.type from public.live_sessions s where s.id = seat.session_id), seat.role)
        > live.audience_rank() then
      perform live.refuse(409, 'already_speaker', 'You may speak already.');
    elsif not seat.is_online then
      perform live.refuse(409, 'not_in_session', 'Join the session first.');
    end if;
    if exists (select from public.live_participants p
                where p.session_id = seat.session_id and p.role = 'host' and live.blocked(seat.user_id, p.user_id)) then
      perform live.refuse(403, 'hand_refused', 'You cannot raise your hand in this session.');
    end if;
    perform live.spend(seat.user_id, 'hands_per_minute');
    select count(*) into raised from public.live_participants p
     where p.session_id = seat.session_id and p.hand_raised_at is not null;
    if raised >= coalesce(live.limit_of('hands_per_session'), 100) then
      perform live.refuse(429, 'too_many_hands', 'Many hands are up already: try again in a while.');
    end if;
    update public.live_participants p set hand_raised_at = clock_timestamp()
     where p.session_id = seat.session_id and p.user_id = seat.user_id
    returning * into seat;
  end if;
  return jsonb_build_object('hand_raised_at', seat.hand_raised_at, 'position', (
    select count(*) from public.live_participants p
     where p.session_id = seat.session_id and p.hand_raised_at <= seat.hand_raised_at));
end;
$$;
comment on function public.raise_hand is
  'Asks to speak: {hand_raised_at, position}. Raising it again keeps the place in the queue. It comes down by itself '
  'after limits.hand_seconds.';
grant execute on function public.raise_hand(uuid) to authenticated;

create function public.lower_hand(session_id uuid, user_id uuid default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  seat public.live_participants := live.require_seat(lower_hand.session_id);
  whose uuid := coalesce(lower_hand.user_id, seat.user_id);
begin
  if whose <> seat.user_id and live.rank_in(seat.session_id, seat.user_id) < live.staff_rank() then
    perform live.refuse(403, 'not_allowed', 'Only the host and moderators lower other people''s hands.');
  end if;
  update public.live_participants p set hand_raised_at = null
   where p.session_id = seat.session_id and p.user_id = whose and p.hand_raised_at is not null;
  return jsonb_build_object('lowered', found);
end;
$$;
comment on function public.lower_hand is 'Takes one''s hand down, or as a moderator someone else''s: {lowered}.';
grant execute on function public.lower_hand(uuid, uuid) to authenticated;

create function live.clear_invitation(p_seat public.live_participants, p_role text) returns void
language plpgsql set search_path = '' as $$
begin
  update public.live_participants p
     set role = p_role,
         role_by_rank = case when p_role <> p.role then p.invited_by_rank else p.role_by_rank end,
         hand_raised_at = case when p_role <> p.role then null else p.hand_raised_at end,
         invited_role = null, invited_by = null, invited_by_rank = 0, invite_expires_at = null
   where p.session_id = p_seat.session_id and p.user_id = p_seat.user_id;
end;
$$;
comment on function live.clear_invitation is 'Ends an invitation: with the invited role when accepted, with the old one when not.';

create function public.accept_invite(session_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  seat public.live_participants := live.require_seat(accept_invite.session_id, true);
  context text := (select s.type from public.live_sessions s where s.id = seat.session_id);
begin
  if seat.invited_role is null or seat.invite_expires_at <= clock_timestamp()
      or live.blocked(seat.user_id, seat.invited_by) then
    perform live.refuse(409, 'no_invitation', 'There is no invitation, or it is too old: raise your hand.');
  elsif seat.invited_by is not null
      and live.acting_rank(seat.session_id, seat.invited_by) <= live.rank_of(context, seat.invited_role) then
    perform live.refuse(409, 'no_invitation', 'Who invited you may not do so any more: raise your hand.');
  end if;
  if seat.invited_role = 'speaker' then
    perform live.require_room_to_speak(seat.session_id, seat.user_id);
  end if;
  perform live.clear_invitation(seat, seat.invited_role);
  return jsonb_build_object('role', seat.invited_role);
end;
$$;
comment on function public.accept_invite is 'Takes the offered role: {role}. The app then opens the microphone when the person wants it.';
grant execute on function public.accept_invite(uuid) to authenticated;

create function public.decline_invite(session_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  seat public.live_participants := live.require_seat(decline_invite.session_id, true);
begin
  perform live.clear_invitation(seat, seat.role);
  return jsonb_build_object('declined', seat.invited_role is not null);
end;
$$;
comment on function public.decline_invite is 'Turns the offered role down: {declined}.';
grant execute on function public.decline_invite(uuid) to authenticated;
