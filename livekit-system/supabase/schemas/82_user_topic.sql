-- Owns: what a person is told on their own Realtime topic, live:user:<id>: calls, invitations, bans, refunds. A hint, as every
-- broadcast: anyone who misses one reads the tables. Only that person may listen (live.may_listen).

create function live.tell_user(p_user uuid, p_event text, p_payload jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  perform realtime.send(p_payload || jsonb_build_object('now', live.instant(clock_timestamp())), p_event,
                        'live:user:' || p_user, true);
end;
$$;
comment on function live.tell_user(uuid, text, jsonb) is
  'Tells a person something on live:user:<id>: the event''s name, and its payload with the server''s time as now.';

-- ── calls ──────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.call_news(p_call public.calls, p_happened text) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object(
    'happened', p_happened,
    'call', to_jsonb(p_call) - 'desired_xid' - 'livekit_room',
    'rings_until', case when p_call.status = 'ringing'
      then live.instant(p_call.ringing_at + live.setting_interval('calls.ring_seconds')) end,
    'caller', live.card(p_call.caller_id),
    'callee', live.card(p_call.callee_id));
end;
$$;
comment on function live.call_news(public.calls, text) is
  'What both sides are told about a call: {happened, call, rings_until, caller, callee}; enough to show it without a request.';

-- The callee's devices that did not answer stop ringing; which one answered knows it by its own request.
create function live.tell_call() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  to_callee constant text := case
    when new.type <> old.type then 'video'
    when new.video_wanted_by is distinct from old.video_wanted_by then
      case when new.video_wanted_by is null then 'video_declined' else 'video_wanted' end
    when new.status = 'accepted' then 'answered_elsewhere'
    when new.status = 'failed' then 'ended'
    else new.status end;
begin
  perform live.tell_user(new.callee_id, 'call', live.call_news(new, to_callee));
  perform live.tell_user(new.caller_id, 'call',
                         live.call_news(new, case to_callee when 'answered_elsewhere' then 'accepted' else to_callee end));
  return null;
end;
$$;
comment on function live.tell_call() is
  'Trigger: both sides are told what happens to their call: ringing, accepted (the callee''s devices: answered_elsewhere), declined, '
  'cancelled, missed, ended, video_wanted, video_declined, video.';
create trigger tell_call after update on public.calls
  for each row when ((old.status, old.type, coalesce(old.video_wanted_by, old.id))
                     is distinct from (new.status, new.type, coalesce(new.video_wanted_by, new.id)))
  execute function live.tell_call();

-- ── sessions, bans, money ──────────────────────────────────────────────────────────────────────────────────────
create function live.tell_invitation() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.tell_user(new.user_id, 'invitation', jsonb_build_object(
    'session_id', new.session_id, 'role', new.invited_role, 'expires_at', live.instant(new.invite_expires_at)));
  perform live.push(array[new.user_id], 'invited', new.session_id, new.invite_expires_at);
  return null;
end;
$$;
comment on function live.tell_invitation() is 'Trigger: anyone who is invited to speak is told, in the room or elsewhere.';
create trigger tell_invitation after update on public.live_participants
  for each row when (new.invited_role is not null and (new.invited_role, new.invite_expires_at)
                     is distinct from (old.invited_role, old.invite_expires_at))
  execute function live.tell_invitation();

create function live.tell_ban() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.tell_user(new.user_id, 'ban', jsonb_build_object(
    'ban_id', new.id, 'scope', new.scope, 'session_id', new.session_id, 'creator_id', new.creator_id,
    'expires_at', live.instant(new.expires_at), 'lifted', new.lifted_at is not null));
  return null;
end;
$$;
comment on function live.tell_ban() is 'Trigger: anyone who is banned is told, and told again when it is changed or lifted. The reason is in the row.';
create trigger tell_ban after insert or update on public.live_bans
  for each row execute function live.tell_ban();

create function live.tell_refund() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.tell_user(new.user_id, 'refund', jsonb_build_object(
    'kind', new.kind, 'coins', new.delta, 'balance', new.balance_after, 'session_id', new.session_id,
    'ticket_id', new.ticket_id, 'gift_id', new.gift_id));
  perform live.push(array[new.user_id], 'refunded', new.session_id, clock_timestamp() + interval '1 day');
  return null;
end;
$$;
comment on function live.tell_refund() is 'Trigger: anyone who is paid back is told, with the new balance.';
create trigger tell_refund after insert on public.coin_ledger
  for each row when (new.kind in ('ticket_refund', 'gift_refund')) execute function live.tell_refund();
