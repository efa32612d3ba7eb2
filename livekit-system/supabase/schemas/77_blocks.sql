-- Owns: blocking and unblocking somebody, and saying who may call: what the person who asks does for themselves. What
-- stands between the two at that moment ends with the block.

create function live.end_calls_between(p_one uuid, p_other uuid) returns void
language plpgsql set search_path = '' as $$
begin
  -- As if p_one had hung up: the other side is not told why.
  update public.calls c
     set status = case when c.status = 'accepted' then 'ended' when c.callee_id = p_one and c.status = 'ringing'
                       then 'declined' else 'cancelled' end,
         end_reason = case when c.status = 'ringing' and c.callee_id = p_one then 'declined'
                           when c.caller_id = p_one then 'caller' else 'callee' end
   where live.call_is_running(c.status)
     and (c.caller_id, c.callee_id) in ((p_one, p_other), (p_other, p_one));
end;
$$;
comment on function live.end_calls_between(uuid, uuid) is 'Ends the call that runs between two people, as if the first had hung up.';

create function live.clear_stage_between(p_one uuid, p_other uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.live_sessions s
    where s.status <> 'ended' and s.id in (
      select p.session_id from public.live_participants p
       where p.user_id in (p_one, p_other) and (p.hand_raised_at is not null or p.invited_role is not null))
    order by s.id for no key update;
  update public.live_participants p
     set hand_raised_at = case when live.is_host_of(p.session_id, case p.user_id when p_one then p_other else p_one end)
                               then null else p.hand_raised_at end,
         invited_role = case when p.invited_by in (p_one, p_other) then null else p.invited_role end,
         invite_expires_at = case when p.invited_by in (p_one, p_other) then null else p.invite_expires_at end,
         invited_by = case when p.invited_by in (p_one, p_other) then null else p.invited_by end
   where p.user_id in (p_one, p_other) and (p.hand_raised_at is not null or p.invited_role is not null);
end;
$$;
comment on function live.clear_stage_between(uuid, uuid) is
  'Takes back the invitations that one of two people made the other, and the hand that one raised to the other as host.';

create function public.block_user(user_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  perform live.require_account(me);
  if block_user.user_id = me then
    perform live.refuse(400, 'self_block', 'You cannot block yourself.');
  elsif not live.is_or_was_account(block_user.user_id) then
    perform live.refuse(404, 'unknown_user', 'There is nobody under this id.');
  end if;
  perform live.hold_lines(array[me, block_user.user_id]);
  if not exists (select from public.user_blocks b where b.user_id = me and b.blocked_id = block_user.user_id) then
    perform live.spend(me, 'blocks_per_minute');
    if (select count(*) from public.user_blocks b where b.user_id = me) >= live.limit_of('blocks_per_person') then
      perform live.refuse(429, 'too_many_blocks', 'You have blocked as many people as is possible. Unblock somebody first.');
    end if;
    insert into public.user_blocks (user_id, blocked_id) values (me, block_user.user_id) on conflict do nothing;
  end if;
  perform live.clear_stage_between(me, block_user.user_id);
  perform live.end_calls_between(me, block_user.user_id);
  return jsonb_build_object('blocked', true);
end;
$$;
comment on function public.block_user(uuid) is
  'Blocks somebody, who is not told: {blocked}. Their call with the caller ends, invitations and hands between the two are taken back.';
grant execute on function public.block_user(uuid) to authenticated;

create function public.unblock_user(user_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  perform live.require_member();
  perform live.refuse_deleted(auth.uid());
  delete from public.user_blocks b where b.user_id = auth.uid() and b.blocked_id = unblock_user.user_id;
  return jsonb_build_object('unblocked', found);
end;
$$;
comment on function public.unblock_user(uuid) is 'Takes a block back: {unblocked}, false when there was none.';
grant execute on function public.unblock_user(uuid) to authenticated;

create function public.set_calls_from(calls_from text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  perform live.require_account(me);
  if set_calls_from.calls_from is null or set_calls_from.calls_from not in ('everyone', 'followed', 'nobody') then
    perform live.refuse(400, 'invalid_choice', 'Calls may come from everyone, followed or nobody.');
  end if;
  insert into public.call_preferences as w (user_id, calls_from) values (me, set_calls_from.calls_from)
  on conflict (user_id) do update set calls_from = excluded.calls_from, updated_at = clock_timestamp();
  return jsonb_build_object('calls_from', set_calls_from.calls_from);
end;
$$;
comment on function public.set_calls_from(text) is
  'Says who may call the caller of this: everyone, followed (creators to whom they subscribe) or nobody: {calls_from}.';
grant execute on function public.set_calls_from(text) to authenticated;
