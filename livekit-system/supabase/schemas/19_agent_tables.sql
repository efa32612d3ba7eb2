-- Owns: the tables of the machinery: leases on rooms, the public keys of relayed packets, LiveKit's webhooks as they
-- came, who looks at levels, and the marks that keep wake-ups few.

create table public.agent_rooms (
  room text primary key,
  worker_id text not null,
  epoch bigint not null check (epoch > 0),
  lease_expires_at timestamptz not null,
  bot_identity text not null,
  claimed_at timestamptz not null default clock_timestamp(),
  renewed_at timestamptz default clock_timestamp(),
  offered_at timestamptz
) with (fillfactor = 50);  -- each beat rewrites its rows: there is room beside them for the new ones
comment on table public.agent_rooms is 'Who moderates which room now. A write with an older epoch is refused.';
comment on column public.agent_rooms.room is 'LiveKit room.';
comment on column public.agent_rooms.worker_id is 'The worker that holds it, or held it last.';
comment on column public.agent_rooms.epoch is 'Grows with every claim; the fencing token.';
comment on column public.agent_rooms.lease_expires_at is 'From then on another worker may claim it.';
comment on column public.agent_rooms.bot_identity is 'LiveKit identity of the agent that is real; any other is a ghost.';
comment on column public.agent_rooms.claimed_at is 'When it was claimed last.';
comment on column public.agent_rooms.renewed_at is
  'Last sign of its worker: a claim, a beat or its goodbye; null once the room was closed.';
comment on column public.agent_rooms.offered_at is
  'Since when its worker, which is leaving, offers it to others while it goes on moderating; null otherwise.';
alter table public.agent_rooms enable row level security;
grant select, insert, update, delete on public.agent_rooms to service_role;
grant select on public.agent_rooms to authenticated;
create policy "ops see the leases" on public.agent_rooms for select to authenticated using ((select live.am_ops()));

create table public.agent_workers (
  worker_id text primary key,
  lane text not null default 'api' check (lane in ('api', 'own')),
  takes boolean not null default true,
  rooms int not null default 0 check (rooms >= 0),
  load real not null default 0 check (load >= 0),
  handed jsonb not null default '[]',
  seen_at timestamptz not null default clock_timestamp(),
  fallen_at timestamptz
);
comment on table public.agent_workers is 'The worker processes that are up, or were a minute ago: how they are woken, and what each carries.';
comment on column public.agent_workers.worker_id is 'The worker; a restarted one has a new name.';
comment on column public.agent_workers.lane is 'How it is woken: api (Realtime, live:wake:<worker>) or own (LISTEN on its own connection).';
comment on column public.agent_workers.takes is 'Whether it takes rooms; false while it leaves or cannot see LiveKit.';
comment on column public.agent_workers.rooms is 'How many rooms it has.';
comment on column public.agent_workers.load is 'Share of what it can carry: the greater of processor and memory; 1 is full.';
comment on column public.agent_workers.handed is 'Rooms that it shall take and has not fetched: [{"room", "at"}], at = from when on its claim is granted.';
comment on column public.agent_workers.seen_at is 'Its last check-in.';
comment on column public.agent_workers.fallen_at is
  'Since when its session lock is known to be free, so that what it has not renewed since may be claimed; null: not fallen.';
alter table public.agent_workers enable row level security;
grant select, insert, update, delete on public.agent_workers to service_role;
grant select on public.agent_workers to authenticated;
create policy "ops see the workers" on public.agent_workers for select to authenticated using ((select live.am_ops()));

create table public.relay_keys (
  kid text primary key check (kid ~ '^[A-Za-z0-9_-]{1,64}$'),
  public_key text not null check (public_key ~ '^[A-Za-z0-9_-]{43}$'),
  not_before timestamptz not null default clock_timestamp(),
  not_after timestamptz not null,
  renewed_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  check (not_after > not_before)
);
comment on table public.relay_keys is 'Ed25519 public keys of the agents'' packets: what clients trust.';
comment on column public.relay_keys.kid is 'Id of the key, as packets name it.';
comment on column public.relay_keys.public_key is 'The 32 bytes in base64url without padding.';
comment on column public.relay_keys.not_before is 'Valid from.';
comment on column public.relay_keys.not_after is 'Valid until.';
comment on column public.relay_keys.renewed_at is 'When its worker prolonged it last, which it does every 15 s: who has not for two minutes signs no more.';
comment on column public.relay_keys.revoked_at is 'When it was revoked; packets signed with it are refused.';
alter table public.relay_keys enable row level security;
grant select, insert, update on public.relay_keys to service_role;
grant select on public.relay_keys to authenticated;
create policy "signed-in people read the keys" on public.relay_keys for select to authenticated using (true);

create table public.livekit_webhook_events (
  id text primary key check (char_length(id) between 1 and 200),
  event text not null,
  room text,
  payload jsonb not null,
  received_at timestamptz not null default clock_timestamp()
);
comment on table public.livekit_webhook_events is 'LiveKit''s webhooks as they came; the primary key makes each count once.';
comment on column public.livekit_webhook_events.id is 'LiveKit''s id of the event.';
comment on column public.livekit_webhook_events.event is 'Kind of event.';
comment on column public.livekit_webhook_events.room is 'LiveKit room; null when it concerns none.';
comment on column public.livekit_webhook_events.payload is 'The verified body.';
comment on column public.livekit_webhook_events.received_at is 'When it came.';
create index livekit_webhook_events_received on public.livekit_webhook_events (received_at);
alter table public.livekit_webhook_events enable row level security;
grant select, insert, delete on public.livekit_webhook_events to service_role;

create table public.live_level_watches (
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  user_id uuid not null,
  expires_at timestamptz not null,
  primary key (session_id, user_id)
);
comment on table public.live_level_watches is 'Which moderator looks at a session''s levels now: the agent sends none when nobody does.';
comment on column public.live_level_watches.session_id is 'The session.';
comment on column public.live_level_watches.user_id is 'Who looks.';
comment on column public.live_level_watches.expires_at is 'The lease: watch_levels renews it.';
alter table public.live_level_watches enable row level security;
grant select, delete on public.live_level_watches to service_role;

create table live.wake_marks (
  room text primary key,
  woken_at timestamptz not null default '-infinity'
);
comment on table live.wake_marks is 'When each room was last woken, so that a burst wakes it once (live.wake); and count:<session> for its viewer count.';
comment on column live.wake_marks.room is 'LiveKit room, or count:<session>.';
comment on column live.wake_marks.woken_at is 'When a message was last sent for it.';
alter table live.wake_marks enable row level security;

create table live.sweeps (
  name text primary key,
  worker_id text not null,
  lease_expires_at timestamptz not null,
  deputy text,
  deputy_until timestamptz
);
comment on table live.sweeps is 'The leases under which one worker does something for all: watch (looks after rooms that nobody has) and sessions (the sweep).';
comment on column live.sweeps.name is 'watch or sessions.';
comment on column live.sweeps.worker_id is 'The worker that does it now.';
comment on column live.sweeps.lease_expires_at is 'From then on another worker may.';
comment on column live.sweeps.deputy is 'The one worker that does it too because the lease was not renewed in time; null: nobody needed to.';
comment on column live.sweeps.deputy_until is 'Until when no other becomes the deputy.';
alter table live.sweeps enable row level security;
