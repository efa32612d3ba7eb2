-- Owns: the table of one-to-one calls. Its state machine and functions are a migration of their own.

create table public.calls (
  id uuid primary key default gen_random_uuid(),
  caller_id uuid not null,
  callee_id uuid not null,
  type text not null check (type in ('audio', 'video')),
  status text not null default 'initiated'
    check (status in ('initiated', 'ringing', 'accepted', 'declined', 'missed', 'cancelled', 'ended', 'failed')),
  livekit_room text not null unique default 'call_' || replace(gen_random_uuid()::text, '-', ''),
  ringing_at timestamptz,
  accepted_at timestamptz,
  ended_at timestamptz,
  duration_seconds int check (duration_seconds >= 0),
  end_reason text,
  video_wanted_by uuid,
  desired_xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null default clock_timestamp(),
  check (caller_id <> callee_id)
);
comment on table public.calls is 'One-to-one calls: one LiveKit room each.';
comment on column public.calls.id is 'Id of the call.';
comment on column public.calls.caller_id is 'Who calls.';
comment on column public.calls.callee_id is 'Who is called.';
comment on column public.calls.type is 'audio or video; an audio call becomes video when both sides ask for it.';
comment on column public.calls.status is 'initiated, ringing, accepted; at the end declined, missed, cancelled, ended or failed. call_transitions says what may follow.';
comment on column public.calls.livekit_room is 'Name of its LiveKit room.';
comment on column public.calls.ringing_at is 'When it began to ring.';
comment on column public.calls.accepted_at is 'When it was answered.';
comment on column public.calls.ended_at is 'When it was over, in whichever way.';
comment on column public.calls.duration_seconds is 'Seconds from the answer to the end.';
comment on column public.calls.end_reason is 'Why it is over.';
comment on column public.calls.video_wanted_by is 'The side of an audio call that has asked for video; null when nobody has.';
comment on column public.calls.desired_xid is 'Transaction of the last change that an agent must know of.';
comment on column public.calls.created_at is 'When it was started.';
create index calls_by_caller on public.calls (caller_id, created_at desc);
create index calls_by_callee on public.calls (callee_id, created_at desc);
create index calls_running on public.calls (status, ringing_at) where status in ('initiated', 'ringing', 'accepted');
alter table public.calls enable row level security;
grant select, insert, update on public.calls to service_role;
grant select on public.calls to authenticated;
create policy "both sides see their call, ops see all" on public.calls for select to authenticated
  using ((select auth.uid()) in (caller_id, callee_id) or (select live.am_ops()));

create function live.call_is_running(p_status text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return p_status in ('initiated', 'ringing', 'accepted');
end;
$$;
comment on function live.call_is_running is 'Whether a call of this status may still have a room.';
