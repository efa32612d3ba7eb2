-- Owns: who may be in a session and with what rights: the rules of a participant's row, standing bans, paid access,
-- and can_join, the one place where entry is decided.

-- ── the participant's row ──────────────────────────────────────────────────────────────────────────────────────
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

-- ── bans ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- PL/pgSQL keeps its plan, where this would be planned anew for each gift and each message.
create function live.standing_ban(p_user uuid, p_session uuid, p_creator uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if live.account_gone(p_user) then
    return jsonb_build_object('reason', 'account_deleted', 'scope', 'platform', 'until', null, 'why', null);
  end if;
  return (
    select jsonb_build_object('reason', 'banned', 'scope', b.scope, 'until', b.expires_at, 'why', b.reason,
                              'why_texts', live.reason_texts(a.reason_code))
      from public.live_bans b
      left join public.moderation_actions a on a.id = b.action_id
     where b.user_id = p_user
       and b.lifted_at is null
       and coalesce(b.expires_at, 'infinity') > clock_timestamp()
       -- Of many bans only those that may concern this place are looked at.
       and coalesce(b.session_id, b.creator_id, '00000000-0000-0000-0000-000000000000') in
           (p_session, p_creator, '00000000-0000-0000-0000-000000000000')
     order by b.expires_at desc nulls first
     limit 1);
end;
$$;
comment on function live.standing_ban is
  'What keeps a person out, as PERSON.removed: the longest standing ban, or, above all bans, that their account is deleted '
  '(reason account_deleted); null when nothing does. For a call give null, null.';

create function live.kept_out(p_user uuid, p_session uuid, p_creator uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  -- Every read of ops asks this: it reads no more than it needs, so that a column that somebody renamed blinds nobody.
  return live.account_gone(p_user) or exists (
    select from public.live_bans b
     where b.user_id = p_user and b.lifted_at is null
       and (b.expires_at is null or b.expires_at > clock_timestamp())
       and (b.scope = 'platform' or b.session_id = p_session or b.creator_id = p_creator));
end;
$$;
comment on function live.kept_out is 'Whether standing_ban keeps a person out, without its words.';

create function live.standing_fault(p_user uuid, p_session uuid, p_creator uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return case when p_user is null then 'not_authenticated'
              else live.standing_ban(p_user, p_session, p_creator) ->> 'reason' end;
end;
$$;
comment on function live.standing_fault is
  'Why a person may neither enter nor act: not_authenticated, account_deleted, or banned anywhere in scope; null when they '
  'may. For a call or the platform give null, null.';

create function live.acting_rank(p_session uuid, p_user uuid) returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select case when live.standing_fault(p_user, p_session, (
                       select s.creator_id from public.live_sessions s where s.id = p_session)) is null
                then live.rank_in(p_session, p_user) else 0 end);
end;
$$;
comment on function live.acting_rank is
  'With what rank a person acts in a session: rank_in, and 0 while a ban keeps them out. Null as the session: on the platform.';

create function live.unless_ops(p_user uuid) returns uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return case when not exists (select from public.live_ops o where o.user_id = p_user) then p_user end;
end;
$$;
comment on function live.unless_ops(uuid) is
  'A person as rows name them that the people concerned may read: null for ops, whom only the audit names.';

create function live.name_no_ops() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.created_by := live.unless_ops(new.created_by);
  new.lifted_by := live.unless_ops(new.lifted_by);
  return new;
end;
$$;
comment on function live.name_no_ops is 'Trigger: anyone who is banned reads the ban, and must not learn which account of ops it was.';
create trigger name_no_ops before insert or update on public.live_bans
  for each row execute function live.name_no_ops();

create function live.touch_banned() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.live_participants p
     set desired_xid = pg_current_xact_id()
    from public.live_sessions s
   where p.user_id = new.user_id
     and s.id = p.session_id
     and s.status = 'live'
     and (new.scope = 'platform' or s.id = new.session_id or s.creator_id = new.creator_id);
  if new.scope = 'platform' then
    update public.calls c
       set desired_xid = pg_current_xact_id()
     where new.user_id in (c.caller_id, c.callee_id) and live.call_is_running(c.status);
  end if;
  return null;
end;
$$;
comment on function live.touch_banned is 'Trigger: a ban made, changed or lifted is news to every running room that it concerns.';
create trigger touch_banned after insert or update on public.live_bans
  for each row execute function live.touch_banned();

-- The latest visit is nearly always the open one. Asked for open visits at once, Postgres would look through everybody's.
create function live.connection(p_session uuid, p_call uuid, p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  latest public.live_visits;
begin
  if p_session is not null then
    select * into latest from public.live_visits v
     where v.session_id = p_session and v.user_id = p_user and not v.beside order by v.joined_at desc limit 1;
  else
    select * into latest from public.live_visits v
     where v.call_id = p_call and v.user_id = p_user and not v.beside order by v.joined_at desc limit 1;
  end if;
  if latest.left_at is not null then
    select * into latest from public.live_visits v
     where (v.session_id = p_session or v.call_id = p_call) and v.user_id = p_user and v.left_at is null and not v.beside
     order by v.joined_at desc limit 1;
  end if;
  return case when latest.participant_sid is not null then jsonb_build_object(
    'sid', latest.participant_sid, 'permission', latest.join_permission,
    'joined_at_ms', round(extract(epoch from latest.joined_at) * 1000)::bigint) end;
end;
$$;
comment on function live.connection is
  'The latest open visit of someone''s app, which the webhook may know of seconds before the room shows it; null when away.';

create function live.bound_by_mute_all(p_row public.live_participants) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return (
    select exists (select from public.live_sessions s
                    where s.id = p_row.session_id and s.mute_all_rank is not null and not p_row.staff));
end;
$$;
comment on function live.bound_by_mute_all is 'Whether everyone of this person''s rank is muted in their session now.';

-- ── PERSON: what agents are told about someone ────────────────────────────────────────────────────────────────────
create function live.shown_name(p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select case when live.text_fault(f.display_name, 200) is null then f.display_name
                when live.text_fault(f.username, 200) is null then f.username end
      from public.profiles f where f.id = p_user);
end;
$$;
comment on function live.shown_name is
  'A person''s name as others are shown it: the display name, or the username where that is missing or hides something. Null when neither will do.';

create function live.is_staff_in(p_session public.live_sessions, p_user uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return live.rank_in(p_session.id, p_user) >= live.rank_of(p_session.type, 'moderator');
end;
$$;
comment on function live.is_staff_in is 'Whether somebody is a moderator of a session or above.';

create function live.allowed_sources(p_rights public.live_roles, p_seat public.live_participants) returns text[]
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(array_agg(x.source order by x.place), '{}')
      from unnest(p_rights.can_publish_sources) with ordinality as x (source, place)
     where not (coalesce(p_seat.mic_muted and coalesce(p_seat.mic_muted_until > clock_timestamp(), true), false)
                and x.source in ('microphone', 'screen_share_audio'))
       and not (coalesce(p_seat.camera_off, false) and x.source in ('camera', 'screen_share'))
       and (p_seat.session_id is null or coalesce(live.publish_until(p_seat.session_id, p_seat.user_id) > clock_timestamp(), true)));
end;
$$;
comment on function live.allowed_sources is 'The sources that someone may publish: their role''s, without what a moderator took; none where they are to be recorded and do not consent.';

create function live.permission_of(p_rights public.live_roles, p_seat public.live_participants) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  sources constant text[] := live.allowed_sources(p_rights, p_seat);
begin
  return jsonb_build_object('can_publish', sources <> '{}', 'can_subscribe', p_rights.can_subscribe,
                            'can_publish_sources', (select coalesce(jsonb_agg(x order by x), '[]') from unnest(sources) x));
end;
$$;
comment on function live.permission_of is 'LiveKit''s permission as desired, in the words of webhooks and agents: can_publish, can_publish_sources, can_subscribe.';

create function live.shown_avatar(p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  -- The app's column, where it has one: its tables are its own to shape.
  return (
    select to_jsonb(f) ->> 'avatar_url' from public.profiles f
     where f.id = p_user and char_length(to_jsonb(f) ->> 'avatar_url') <= 2000
       and to_jsonb(f) ->> 'avatar_url' ~ '^https?://[^[:space:][:cntrl:]]+$');
end;
$$;
comment on function live.shown_avatar is 'The address of a person''s picture (profiles.avatar_url); null when there is none, or it is no web address.';

create function live.card(p_user uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return jsonb_build_object('id', p_user, 'name', live.shown_name(p_user), 'avatar', live.shown_avatar(p_user));
end;
$$;
comment on function live.card is 'A person as others are shown them: {id, name, avatar}; name and avatar may be null.';

create function live.person(p_row public.live_participants, p_creator uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'user_id', p_row.user_id,
      'role', p_row.role,
      'mic_muted', p_row.mic_muted,
      -- While everyone is muted, the end of a mute by name frees nobody.
      'mic_muted_until', case when not live.bound_by_mute_all(p_row) then p_row.mic_muted_until end,
      'camera_off', p_row.camera_off,
      'chat_muted_until', nullif(p_row.chat_muted_until, 'infinity'),
      'chat_muted', p_row.chat_muted_until > clock_timestamp() is true,
      'removed', coalesce(
        live.standing_ban(p_row.user_id, p_row.session_id, p_creator),
        case when p_row.access_removed then jsonb_build_object('reason', 'access', 'until', null) end),
      'access_ends_at', p_row.access_ends_at,
      'publish_until', live.publish_until(p_row.session_id, p_row.user_id),
      'invited_role', p_row.invited_role,
      'invite_expires_at', p_row.invite_expires_at,
      'connection', case when p_row.is_online then live.connection(p_row.session_id, null, p_row.user_id) end));
end;
$$;
comment on function live.person is 'PERSON: the desired state of someone in a session, as agents read it.';

create function live.person_in_session(p_session uuid, p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select live.person(p, s.creator_id)
      from public.live_participants p join public.live_sessions s on s.id = p.session_id
     where p.session_id = p_session and p.user_id = p_user);
end;
$$;
comment on function live.person_in_session is 'PERSON of one participant; null for someone who was never there.';

create function live.person_in_call(p_call public.calls, p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'user_id', p_user, 'role', live.default_role('call'), 'mic_muted', false, 'mic_muted_until', null, 'camera_off', false,
      'sound_only', p_call.type = 'audio',
      'removed', live.standing_ban(p_user, null, null),
      'connection', live.connection(null, p_call.id, p_user))
     where p_user in (p_call.caller_id, p_call.callee_id));
end;
$$;
comment on function live.person_in_call is 'PERSON of one side of a call; null for anyone else.';

-- ── entry ──────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.access_fault(p_session public.live_sessions, p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select case
      when p_session.access_type = 'public' or live.rank_in(p_session.id, p_user) >= live.staff_rank() then null
      when coalesce((select u.is_anonymous from auth.users u where u.id = p_user), true) then 'sign_in_required'
      when p_session.access_type = 'subscribers' then
        case when not live.subscribes(p_user, p_session.creator_id) then 'subscription_required' end
      when not exists (
        select from public.live_tickets t
         where t.session_id = p_session.id and t.user_id = p_user
           and t.refund_due_at is null and t.refunded_at is null) then 'ticket_required'
    end);
end;
$$;
comment on function live.access_fault is
  'What paid access a person lacks: sign_in_required, subscription_required or ticket_required; null when none. '
  'Moderators and above need none.';

create function live.connects_too_often(p_user uuid, p_session uuid, p_call uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
declare
  most constant int := live.limit_of('connections_per_minute');
begin
  return most is not null and most = (
    select count(*) from (
      select from public.live_visits v
       where v.session_id = p_session and v.user_id = p_user and v.joined_at > clock_timestamp() - interval '1 minute'
      union all
      select from public.live_visits v
       where v.call_id = p_call and v.user_id = p_user and v.joined_at > clock_timestamp() - interval '1 minute'
       limit most) recent);
end;
$$;
comment on function live.connects_too_often is
  'Whether a person has connected to a session or a call limits.connections_per_minute times within a minute: no further token until it is over.';

create function live.token_fault(p_user uuid, p_session public.live_sessions, p_call public.calls) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
  standing text := live.standing_fault(p_user, p_session.id, p_session.creator_id);
begin
  return case
    when standing in ('not_authenticated', 'account_deleted') then standing
    when p_session.id is null and (p_call.id is null or p_user not in (p_call.caller_id, p_call.callee_id))
      then case when p_call.id is null then 'unknown_session' else 'unknown_call' end
    when standing is not null then standing
    when p_session.id is null then
      case when not (p_call.status = 'accepted' or (live.call_is_running(p_call.status) and p_user = p_call.caller_id))
           then 'call_not_active'
           when live.connects_too_often(p_user, null, p_call.id) then 'too_many_connections' end
    when p_session.status = 'ended' or live.account_gone(p_session.creator_id) then 'session_ended'
    when p_session.status <> 'live' then 'session_not_live'
    when live.connects_too_often(p_user, p_session.id, null) then 'too_many_connections'
    when p_session.creator_id = p_user then
      case when not exists (select from public.profiles f where f.id = p_user and f.is_creator) then 'not_a_creator' end
    when p_session.access_type <> 'public' then live.access_fault(p_session, p_user)
  end;
end;
$$;
comment on function live.token_fault is
  'Why nobody mints this person a token for a session (p_call null) or a call (p_session null); null when they may have one. The '
  'one place where that is decided: every door asks it.';

create function public.can_join_as(session_id uuid, user_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  session public.live_sessions;
  reason text;
begin
  select * into session from public.live_sessions s where s.id = can_join_as.session_id;
  reason := live.token_fault(can_join_as.user_id, session, null);
  return jsonb_build_object(
    'allowed', reason is null,
    'reason', reason,
    'role', coalesce(
      (select p.role from public.live_participants p
        where p.session_id = session.id and p.user_id = can_join_as.user_id),
      live.default_role(session.type)));
end;
$$;
comment on function public.can_join_as is
  'Whether a person may enter a session: {allowed, reason, role}. Reasons: not_authenticated, account_deleted, '
  'unknown_session, banned, session_ended, session_not_live, too_many_connections, not_a_creator, sign_in_required, subscription_required, '
  'ticket_required. For server code.';
grant execute on function public.can_join_as(uuid, uuid) to service_role;

create function public.can_join(session_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return public.can_join_as(can_join.session_id, (select auth.uid()));
end;
$$;
comment on function public.can_join is 'can_join_as for who is signed in.';
grant execute on function public.can_join(uuid) to authenticated, service_role;
