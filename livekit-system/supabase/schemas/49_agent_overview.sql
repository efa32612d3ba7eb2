-- Owns: what the fleet's metrics and alerts read of the database: actions that nobody claimed, backlogs, faults.

create function live.unclaimed_actions() returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(x) order by x.room), '[]')
      from (
        select coalesce(s.livekit_room, c.livekit_room) as room, count(*) as actions,
               min(coalesce(a.claim_expires_at, a.created_at)) as since
          from public.moderation_actions a
          left join public.live_sessions s on s.id = a.session_id and s.status = 'live'
          left join public.calls c on c.id = a.call_id and live.call_is_running(c.status)
         where a.status in ('pending', 'claimed')
           and coalesce(s.id, c.id) is not null
           and coalesce(a.claim_expires_at, '-infinity') <= clock_timestamp()
           and coalesce(a.expires_at, 'infinity') > clock_timestamp()
           -- Anyone who is behind an unfinished row about the same person waits for that one, not for a claim.
           and not exists (
             select from public.moderation_actions b
              where b.session_id is not distinct from a.session_id and b.call_id is not distinct from a.call_id
                and b.status in ('pending', 'claimed')
                and b.target_user_id is not distinct from a.target_user_id and b.n < a.n)
         group by 1) x);
end;
$$;
comment on function live.unclaimed_actions is
  'What the holder of a room should have claimed by now, by running room: [{"room", "actions", "since"}]; since when the '
  'first of them is due. Rooms without such rows are left out.';

create function public.agent_overview() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select jsonb_build_object('now', clock_timestamp(), 'unclaimed', live.unclaimed_actions(),
                              'rooms', coalesce(jsonb_agg(to_jsonb(x) order by x.room), '[]'))
      from (
        select s.livekit_room as room, 'session' as kind, s.id, s.status, s.started_at as since, r.worker_id, r.epoch,
               r.lease_expires_at, r.bot_identity, coalesce(r.lease_expires_at > clock_timestamp() and r.offered_at is null, false) as moderated,
               s.host_left_at is null or s.viewer_count > 0 as occupied
          from public.live_sessions s left join public.agent_rooms r on r.room = s.livekit_room
         where s.status = 'live'
        union all
        select c.livekit_room, 'call', c.id, c.status, c.created_at, r.worker_id, r.epoch,
               r.lease_expires_at, r.bot_identity,
               coalesce(r.lease_expires_at > clock_timestamp() and r.offered_at is null, false),
               exists (select from public.live_visits v where v.call_id = c.id and v.left_at is null)
          from public.calls c left join public.agent_rooms r on r.room = c.livekit_room
         where live.call_is_running(c.status)) x);
end;
$$;
comment on function public.agent_overview is
  'For the watcher: {"now", "rooms": [{"room", "kind", "id", "status", "since", "worker_id", "epoch", "lease_expires_at", '
  '"bot_identity", "moderated", "occupied" (somebody has an open visit)}], "unclaimed": as live.unclaimed_actions} of every live session and running call.';
grant execute on function public.agent_overview() to service_role, live_agent;
