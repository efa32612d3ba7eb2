-- Owns: the door itself. Before the insert: who asks, does it make sense, may they. After it: the desired state, what it
-- supersedes, and the end of what needs nothing from LiveKit.

create function live.set_requester(p_row public.moderation_actions) returns public.moderation_actions
language plpgsql stable set search_path = '' as $$
declare
  me uuid := auth.uid();
begin
  if live.is_service() then
    p_row.requested_via := coalesce(p_row.requested_via, 'ops');
    p_row.requested_rank := case p_row.requested_via
      when 'auto' then 30  -- a moderator may undo what a rule did
      when 'app' then live.acting_rank(p_row.session_id, p_row.requested_by)
      else live.ops_rank(p_row.requested_by) end;
  elsif me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  else
    perform live.refuse_deleted(me);
    p_row.requested_by := me;
    p_row.requested_rank := live.acting_rank(p_row.session_id, me);
    -- Only ops may be marked: an app user's rate limit must not depend on a header.
    p_row.requested_via := case
      when p_row.requested_rank < live.rank_of_ops() then 'app'
      when live.through_assistant() then 'assistant'
      else 'ops' end;
  end if;
  return p_row;
end;
$$;
comment on function live.set_requester is
  'Fills in who asks, through which door and with what rank, from who is signed in; server code may say.';

create function live.lock_for_action(p_row public.moderation_actions) returns void
language plpgsql set search_path = '' as $$
declare
  bans constant boolean := (live.action(p_row.action)).aspect = 'ban';
begin
  -- In one order, so that bans and batches of presence cannot wait for each other in a ring. By their ids: an act in one
  -- session must not read all of them.
  perform count(*) from (
    select s.id from public.live_sessions s
     where s.id = any (array(
             select p_row.session_id
             union
             select p.session_id from public.live_participants p
               join public.live_sessions l on l.id = p.session_id and l.status = 'live'
              where bans and p.user_id = p_row.target_user_id))
       and (s.id = p_row.session_id or s.status = 'live')
     order by s.id for no key update) locked;
end;
$$;
comment on function live.lock_for_action is 'Locks the sessions that an action is about: wishes about one session are taken one by one.';

create function live.admit_action() returns trigger
language plpgsql security definer set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
declare
  known constant public.live_actions := live.action(new.action);
  fault text;
begin
  new := live.set_requester(new);
  -- Blank what only our functions write.
  new.created_at := clock_timestamp();
  new.status := 'pending';
  new.attempts := 0;
  new.params := coalesce(new.params, '{}');
  new.reason := nullif(btrim(new.reason), '');
  new.dry_run := coalesce(new.dry_run, false);
  new.id := coalesce(new.id, gen_random_uuid());
  new.error_code := null; new.error := null; new.prior := null; new.before := null;
  new.after := null; new.superseded_by := null; new.claimed_by := null; new.claimed_at := null;
  new.claim_expires_at := null; new.applied_at := null; new.enforce_ms := null;

  perform live.check_shape(new);
  perform live.require_standing_to_ask(new);
  perform live.lock_for_action(new);
  -- The order is that of the lock, not that of arrival.
  new.n := nextval(pg_get_serial_sequence('public.moderation_actions', 'n'));
  if exists (select from public.moderation_actions a where a.id = new.id) then
    return new;  -- the same request again: the primary key answers it
  end if;
  perform live.check_place(new);
  if known.scope = 'message' then
    new.target_user_id := live.author_of(new.session_id, (new.params ->> 'message_id')::uuid);
  end if;
  fault := live.authority_fault(new, new.requested_rank);
  if fault is not null then
    perform live.refuse(403, 'not_allowed', fault);
  elsif live.outranked_by(new) > new.requested_rank then
    perform live.refuse(403, 'outranked', 'Someone of a higher rank did this, and only they can undo it.');
  end if;
  perform live.require_not_weaker(new);
  perform live.check_stage(new);
  if new.requested_via = 'app' then
    perform live.spend(new.requested_by, 'actions_per_minute');
  end if;
  new.connections := case when new.action = 'kick' then array(
    select v.participant_sid from public.live_visits v
     where (v.session_id = new.session_id or v.call_id = new.call_id) and v.user_id = new.target_user_id and v.left_at is null) end;
  if known.expires_after is not null then
    new.expires_at := coalesce(new.expires_at, new.created_at + known.expires_after);
  end if;
  return new;
end;
$$;
comment on function live.admit_action is 'Trigger: refuses what makes no sense or is not allowed, in words for a moderator.';

create function live.author_of(p_session uuid, p_message uuid) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  author uuid;
begin
  select m.user_id into author from public.live_messages m where m.id = p_message and m.session_id = p_session;
  if not found then
    perform live.refuse(404, 'unknown_message', 'There is no such message in this session.');
  end if;
  return author;
end;
$$;
comment on function live.author_of is 'Who wrote a message; null for a system message. Refuses one that is not in the session.';

create function live.supersede(p_row public.moderation_actions) returns void
language plpgsql set search_path = '' as $$
begin
  if not exists (select from public.moderation_actions b
                  where b.session_id = p_row.session_id and b.status in ('pending', 'claimed') and not b.dry_run and b.n < p_row.n) then
    return;  -- mostly: an update fires its triggers also where it finds nothing
  end if;
  update public.moderation_actions a
     set status = 'cancelled', error_code = 'superseded', error = 'a later action says otherwise',
         superseded_by = p_row.id, claim_expires_at = null
   where a.id in (
     select b.id from public.moderation_actions b
      where b.session_id = p_row.session_id
        and b.status in ('pending', 'claimed')
        and not b.dry_run
        and b.n < p_row.n
        and live.action_aspect(b.action, b.params) = live.action_aspect(p_row.action, p_row.params)
        and ((b.target_user_id is not distinct from p_row.target_user_id
              and (b.action, b.params ->> 'role') is distinct from (p_row.action, p_row.params ->> 'role'))
             -- Everyone being muted overtakes a person's unmute that is not through yet.
             or (p_row.action = 'mute_all' and b.action = 'unmute' and exists (
                   select from public.live_participants p
                    where p.session_id = b.session_id and p.user_id = b.target_user_id and p.mic_by_all)))
      order by b.id for update);
end;
$$;
comment on function live.supersede is 'Cancels unfinished rows that this one contradicts.';

create function live.finish_at_once(p_id uuid, p_also jsonb default '{}') returns void
language plpgsql set search_path = '' as $$
begin
  update public.moderation_actions a
     set status = 'applied', applied_at = clock_timestamp(), claim_expires_at = null, after = coalesce(a.after, '{}') || p_also,
         enforce_ms = greatest(0, extract(epoch from clock_timestamp() - a.created_at) * 1000)
   where a.id = p_id;
end;
$$;
comment on function live.finish_at_once is 'Marks a row as applied that needs nothing from LiveKit. p_also joins its `after`.';

create function live.carry_out(p_row public.moderation_actions, out prior jsonb, out before jsonb, out after jsonb)
language plpgsql set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_row.action);
  also jsonb;
begin
  if known.scope = 'account' and known.columns <> '{}' then
    perform live.ensure_participant(s, p_row.target_user_id) from public.live_sessions s where s.id = p_row.session_id;
  end if;
  prior := live.replaced_by(p_row);
  before := live.state_of(p_row);
  execute format('select live.%I($1)', 'do_' || p_row.action) into also using p_row;
  after := coalesce(live.state_of(p_row), '{}') || coalesce(also, '{}');
  perform live.supersede(p_row);
end;
$$;
comment on function live.carry_out is
  'Writes the desired state of one action and what it overtakes; returns what it replaced, and how what it is about stood before and stands after.';

create function live.rehearse(p_row public.moderation_actions, out before jsonb, out after jsonb)
language plpgsql set search_path = '' as $$
begin
  select x.before, x.after into before, after from live.carry_out(p_row) x;
  raise exception sqlstate 'LVDRY';
exception when sqlstate 'LVDRY' then
  -- All that was written since `begin` is rolled back, hints and events too; what was learned stays.
  return;
end;
$$;
comment on function live.rehearse is 'A dry run: carries an action out and rolls it back; returns how what it is about stands, and how it would stand.';

create function live.needs_agent(p_row public.moderation_actions) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return (
    select (live.action(p_row.action)).needs_agent
       and (exists (select from public.live_sessions s
                     where s.id = p_row.session_id
                       and (s.status = 'live' or (p_row.action = 'end_session' and s.started_at is not null)))
            or p_row.call_id is not null));
end;
$$;
comment on function live.needs_agent is
  'Whether LiveKit has to be made to agree: by live_actions, and not where no room is up.';

create function live.after_action() returns trigger
language plpgsql security definer set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
declare
  done record;
begin
  if new.dry_run then
    select null::jsonb as prior, x.before, x.after into done from live.rehearse(new) x;
  else
    select * into done from live.carry_out(new);
  end if;
  update public.moderation_actions a set prior = done.prior, before = done.before, after = done.after where a.id = new.id;
  if new.dry_run or done.after ? 'invited' or not live.needs_agent(new) then
    perform live.finish_at_once(new.id);
  end if;
  return null;
end;
$$;
comment on function live.after_action is 'Trigger: an accepted action takes effect in the desired state, in the insert''s own transaction.';

create trigger admit_action before insert on public.moderation_actions
  for each row execute function live.admit_action();
create trigger after_action after insert on public.moderation_actions
  for each row execute function live.after_action();

create function live.close_session_books() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.moderation_actions a
     set status = case when known.after_end then 'applied' else 'expired' end,
         applied_at = case when known.after_end then clock_timestamp() end,
         enforce_ms = case when known.after_end
                           then greatest(0, extract(epoch from clock_timestamp() - a.created_at) * 1000) end,
         error_code = case when not known.after_end then 'session_ended' end,
         error = case when not known.after_end then 'the session ended before this could be made true' end,
         claim_expires_at = null
    from public.live_actions known
   where known.action = a.action
     and a.id in (select b.id from public.moderation_actions b
                   where b.session_id = new.id and b.status in ('pending', 'claimed') and b.action <> 'end_session'
                   order by b.id for update);
  update public.live_participants p
     set hand_raised_at = null, invited_role = null, invited_by = null, invite_expires_at = null
   where p.session_id = new.id and (p.hand_raised_at is not null or p.invited_role is not null);
  return null;
end;
$$;
comment on function live.close_session_books is 'Trigger: when a session ends, what was asked of its room and not done is over; bans hold.';
create trigger close_session_books after update of status on public.live_sessions
  for each row when (old.status <> 'ended' and new.status = 'ended') execute function live.close_session_books();

create function public.cancel_action(id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  item public.moderation_actions;
  me uuid := auth.uid();
begin
  perform live.refuse_deleted(me);
  -- The session before the row, as the door itself does.
  perform from public.live_sessions s
    where s.id = (select a.session_id from public.moderation_actions a where a.id = cancel_action.id)
      for no key update;
  select * into item from public.moderation_actions a where a.id = cancel_action.id for update;
  if item.id is null or not (live.is_service() or live.is_ops(me)
                             or (item.requested_by = me and live.acting_rank(item.session_id, me) > 0) is true
                             or live.acting_rank(item.session_id, me) > item.requested_rank) then
    perform live.refuse(404, 'unknown_action', 'There is no such action of yours.');
  elsif item.status = 'cancelled' then
    return jsonb_build_object('id', item.id, 'status', item.status);
  elsif item.status <> 'pending' or item.action = 'end_session' then
    perform live.refuse(409, 'too_late', format('It is %s already: ask for the opposite instead.', item.status));
  end if;
  perform live.withdraw(item, 'cancelled', 'cancelled', 'withdrawn before it was carried out');
  return jsonb_build_object('id', item.id, 'status', 'cancelled');
end;
$$;
comment on function public.cancel_action is
  'Withdraws an action that no agent has claimed yet: {id, status}. For who asked it, a higher rank, ops and server code.';
grant execute on function public.cancel_action(uuid) to authenticated, service_role;
