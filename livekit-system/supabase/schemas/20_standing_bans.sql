-- Owns: what stands against a person: bans and what they keep out, a mute_all, and the connection that it is about. Also the
-- rank somebody acts with.

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
