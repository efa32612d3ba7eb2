-- Owns: the tables of sessions, their state machine, their ordered event stream, and tickets.

create table public.live_sessions (
  id uuid primary key default gen_random_uuid(),
  creator_id uuid not null,
  type text not null check (type in ('video_live', 'audio_room')),
  access_type text not null default 'public' check (access_type in ('public', 'subscribers', 'pay_per_view')),
  price_coins int check (price_coins between 1 and 1000000),
  title text not null check (char_length(title) between 1 and 200),
  livekit_room text not null unique default 'live_' || replace(gen_random_uuid()::text, '-', ''),
  status text not null default 'scheduled' check (status in ('scheduled', 'live', 'ended')),
  scheduled_at timestamptz,
  planned_minutes int check (planned_minutes between 1 and 1440),
  started_at timestamptz,
  ended_at timestamptz,
  end_reason text,
  cancel_reason text check (cancel_reason is null or status = 'ended'),
  host_left_at timestamptz,
  viewer_count int not null default 0 check (viewer_count >= 0),
  peak_viewers int not null default 0 check (peak_viewers >= 0),
  total_viewers int not null default 0 check (total_viewers >= 0),
  total_gift_coins bigint not null default 0 check (total_gift_coins >= 0),
  last_seq bigint not null default 0 check (last_seq >= 0),
  relayed_seq bigint not null default 0 check (relayed_seq between 0 and last_seq),
  mute_all_rank int,
  slow_mode_seconds int not null default 0 check (slow_mode_seconds between 0 and 3600),
  chat_mode text not null default 'everyone' check (chat_mode in ('everyone', 'followers_only', 'subscribers_only')),
  pinned_message_id uuid,
  moderation jsonb not null default '{}' check (jsonb_typeof(moderation) = 'object'),
  desired_xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null default clock_timestamp(),
  check ((access_type = 'pay_per_view') = (price_coins is not null)),
  check (status <> 'scheduled' or scheduled_at is not null),
  check ((status = 'ended') = (ended_at is not null)),
  check (status <> 'live' or started_at is not null)
);
comment on table public.live_sessions is 'A creator''s broadcast (video_live) or talk (audio_room): one LiveKit room each.';
comment on column public.live_sessions.id is 'Id of the session.';
comment on column public.live_sessions.creator_id is 'The creator: its host.';
comment on column public.live_sessions.type is 'video_live or audio_room; also the context of its roles.';
comment on column public.live_sessions.access_type is 'Who may enter: public (everyone), subscribers (of the creator) or pay_per_view (holders of a ticket).';
comment on column public.live_sessions.price_coins is 'Price of a ticket; set for pay_per_view and only there.';
comment on column public.live_sessions.title is 'Title; the one column that its host may change directly.';
comment on column public.live_sessions.livekit_room is 'Name of its LiveKit room.';
comment on column public.live_sessions.status is 'scheduled, live or ended; live_session_transitions says what may follow.';
comment on column public.live_sessions.scheduled_at is 'When it is meant to start.';
comment on column public.live_sessions.planned_minutes is 'How long it is announced to be; null when that is not said.';
comment on column public.live_sessions.started_at is 'When it went live; set by the database.';
comment on column public.live_sessions.ended_at is 'When it ended; set by the database.';
comment on column public.live_sessions.end_reason is 'Why it ended: host, ops, host_gone, no_show, room_gone, account_deleted, cancelled.';
comment on column public.live_sessions.cancel_reason is 'The host''s words to ticket holders, where it was cancelled before it began.';
comment on column public.live_sessions.host_left_at is 'Since when no host has been in the room; null while one is. Starts the host''s grace.';
comment on column public.live_sessions.viewer_count is 'People in the room now other than the creator; a person on two devices counts once.';
comment on column public.live_sessions.peak_viewers is 'Most viewers at one time, by the times of their visits.';
comment on column public.live_sessions.total_viewers is 'Different people other than the creator who have ever been in the room.';
comment on column public.live_sessions.total_gift_coins is 'Coins given to this session.';
comment on column public.live_sessions.last_seq is 'Highest seq of its live_events.';
comment on column public.live_sessions.relayed_seq is 'Highest seq that an agent has relayed into the room; only grows.';
comment on column public.live_sessions.mute_all_rank is 'Rank of who muted everyone; null while nobody has. Those who join later are muted too.';
comment on column public.live_sessions.slow_mode_seconds is 'Seconds between two messages of one person in its chat, but of moderators and above; 0 = no pause.';
comment on column public.live_sessions.chat_mode is 'Who may write in its chat beside moderators and above: everyone, followers_only or subscribers_only (of the creator).';
comment on column public.live_sessions.pinned_message_id is 'The message that the app shows above its chat; null for none, also when it was deleted.';
comment on column public.live_sessions.moderation is 'Overrides of app_settings moderation.policy for this session, by ops; may name a "preset": talk, music or asmr.';
comment on column public.live_sessions.desired_xid is 'Transaction of the last change that an agent must know of.';
comment on column public.live_sessions.created_at is 'When it was created.';
create unique index live_sessions_one_live_per_creator on public.live_sessions (creator_id) where status = 'live';
create index live_sessions_running on public.live_sessions (status, scheduled_at) where status <> 'ended';
create index live_sessions_by_creator on public.live_sessions (creator_id, created_at desc);
alter table public.live_sessions enable row level security;
grant select, insert, update on public.live_sessions to service_role;
grant select on public.live_sessions to anon, authenticated;
grant update (title) on public.live_sessions to authenticated;

create function live.clean_title() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.title := live.clean_text(new.title, 'title', 200);
  if auth.uid() = new.creator_id and live.standing_fault(auth.uid(), new.id, new.creator_id) is not null then
    perform live.refuse(403, 'banned', 'You have been removed and cannot rename this session.');
  end if;
  return new;
end;
$$;
comment on function live.clean_title is 'Trigger: a title is one line that can be read, no matter who writes it; a banned host writes none.';
create trigger clean_title before insert or update of title on public.live_sessions
  for each row execute function live.clean_title();

-- ── state machine ──────────────────────────────────────────────────────────────────────────────────────────────
create table public.live_session_transitions (
  from_status text not null,
  to_status text not null,
  primary key (from_status, to_status)
);
comment on table public.live_session_transitions is 'Which status of a session may follow which; everything else is refused.';
comment on column public.live_session_transitions.from_status is 'The status it has; new for a row being inserted.';
comment on column public.live_session_transitions.to_status is 'A status it may have next.';
alter table public.live_session_transitions enable row level security;
grant select on public.live_session_transitions to service_role;
insert into public.live_session_transitions (from_status, to_status) values
  ('new', 'scheduled'), ('new', 'live'), ('scheduled', 'live'), ('scheduled', 'ended'), ('live', 'ended');

create function live.guard_session() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  old_status text := case tg_op when 'INSERT' then 'new' else old.status end;
begin
  if old_status <> new.status then
    if not exists (select from public.live_session_transitions t
                    where t.from_status = old_status and t.to_status = new.status) then
      perform live.refuse(409, 'illegal_transition',
        format('A session that is %s cannot become %s.', old_status, new.status));
    end if;
    -- Times are the database's word, whatever the statement says.
    new.started_at := case new.status when 'live' then clock_timestamp()
                                      when 'scheduled' then null
                                      else old.started_at end;
    new.ended_at := case new.status when 'ended' then clock_timestamp() end;
    new.host_left_at := case new.status when 'live' then clock_timestamp() end;
  elsif tg_op = 'UPDATE' then
    new.started_at := old.started_at;
    new.ended_at := old.ended_at;
  end if;
  if tg_op = 'UPDATE' and (new.id, new.creator_id, new.type, new.livekit_room, new.created_at)
      is distinct from (old.id, old.creator_id, old.type, old.livekit_room, old.created_at) then
    perform live.refuse(409, 'immutable', 'A session''s id, creator, type, room and birth never change.');
  end if;
  if tg_op = 'INSERT' or (new.status, new.mute_all_rank, new.moderation, new.access_type)
      is distinct from (old.status, old.mute_all_rank, old.moderation, old.access_type) then
    new.desired_xid := pg_current_xact_id();
  end if;
  return new;
end;
$$;
comment on function live.guard_session is 'Trigger: the session''s state machine, its times, and what never changes.';
create trigger guard_session before insert or update on public.live_sessions
  for each row execute function live.guard_session();

-- ── events ─────────────────────────────────────────────────────────────────────────────────────────────────────
create table public.live_events (
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  seq bigint not null check (seq > 0),
  id uuid not null default gen_random_uuid() unique,
  type text not null check (type ~ '^[a-z_]{1,40}$'),
  payload jsonb not null default '{}' check (jsonb_typeof(payload) = 'object'),
  created_at timestamptz not null default clock_timestamp(),
  primary key (session_id, seq)
);
comment on table public.live_events is 'The ordered stream of a session that the agent relays: gifts, system messages, changes of role, the end.';
comment on column public.live_events.session_id is 'The session.';
comment on column public.live_events.seq is '1, 2, 3… in each session, without gaps.';
comment on column public.live_events.id is 'Id of the event.';
comment on column public.live_events.type is 'Kind of event: one of those that schemas/events.json lists.';
comment on column public.live_events.payload is 'What happened, as the room is told.';
comment on column public.live_events.created_at is 'When it happened.';
alter table public.live_events enable row level security;
grant select on public.live_events to authenticated, service_role;

create function live.append_events(p_session uuid, p_type text, p_payloads jsonb[], p_gift_coins bigint default 0)
returns bigint
language plpgsql set search_path = '' as $$
declare
  top bigint;
begin
  -- As a packet carries it: JSON text inside JSON text. The rest of the 15 KiB is the envelope's.
  if exists (select from unnest(p_payloads) x where octet_length(to_jsonb(x::text)::text) > 14000) then
    perform live.refuse(413, 'event_too_large', 'This is too long to be told to the room: shorten it.');
  end if;
  -- The row lock is what makes seq gapless: it is held until the events' own transaction ends.
  update public.live_sessions s
     set last_seq = s.last_seq + cardinality(p_payloads), total_gift_coins = s.total_gift_coins + p_gift_coins
   where s.id = p_session returning s.last_seq into top;
  if top is null then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  end if;
  insert into public.live_events (session_id, seq, type, payload)
  select p_session, top - cardinality(p_payloads) + x.ordinality, p_type, x.payload
    from unnest(p_payloads) with ordinality as x (payload);
  return top;
end;
$$;
comment on function live.append_events is
  'Appends events of one type to a session''s stream, at the cost of one hint, and returns the last seq. Refuses one that '
  'no packet could carry. p_gift_coins: what they add to the session''s total; a burst of gifts waits for one lock and one '
  'write of the row, not for two. For definer functions: nobody may call it directly.';

create function live.append_event(p_session uuid, p_type text, p_payload jsonb) returns bigint
language plpgsql set search_path = '' as $$
begin
  return live.append_events(p_session, p_type, array[p_payload]);
end;
$$;
comment on function live.append_event is 'Appends one event to a session''s stream and returns its seq.';

create function live.instant(p_at timestamptz) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return to_char(p_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
end;
$$;
comment on function live.instant is 'A moment as packets word it: ISO 8601 in UTC with milliseconds.';

create function live.announce_session_end() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.append_event(new.id, 'session_ended', jsonb_build_object('reason', new.end_reason));
  return null;
end;
$$;
comment on function live.announce_session_end is 'Trigger: a session that ends says so in its stream.';
create trigger announce_session_end after update of status on public.live_sessions
  for each row when (old.status = 'live' and new.status = 'ended') execute function live.announce_session_end();

-- ── tickets ────────────────────────────────────────────────────────────────────────────────────────────────────
create table public.live_tickets (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  recording_id uuid,
  user_id uuid not null,
  coins int not null check (coins >= 0),
  idempotency_key text not null check (char_length(idempotency_key) between 1 and 200),
  earned_at timestamptz,
  refund_due_at timestamptz,
  refund_reason text check (refund_reason in ('not_delivered', 'removed', 'ops')),
  refunded_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  unique (user_id, idempotency_key),
  check (refund_due_at is null or refund_reason is not null)
);
comment on table public.live_tickets is 'Tickets for pay-per-view sessions and for recordings that are sold by themselves.';
comment on column public.live_tickets.id is 'Id of the ticket.';
comment on column public.live_tickets.session_id is 'The session it admits to, or whose recording.';
comment on column public.live_tickets.recording_id is 'The recording it admits to, and then not to the session; null for a ticket of the session. No key: it outlives the recording.';
comment on column public.live_tickets.user_id is 'Who holds it.';
comment on column public.live_tickets.coins is 'What was paid.';
comment on column public.live_tickets.idempotency_key is 'The buyer''s key of the purchase: the same key is the same purchase.';
comment on column public.live_tickets.earned_at is
  'When the creator had earned it: the host''s media has flowed long enough after this purchase, or the recording was watched. Null: its coins are held.';
comment on column public.live_tickets.refund_due_at is 'Since when it is to be paid back; it admits nobody from then on.';
comment on column public.live_tickets.refund_reason is
  'Why: not_delivered (the show was too short, or never was, or the recording is gone), removed (by the creator or their moderators, before it was earned), ops.';
comment on column public.live_tickets.refunded_at is 'When it was refunded; it admits nobody from then on.';
comment on column public.live_tickets.created_at is 'When it was bought.';
create unique index live_tickets_one_valid on public.live_tickets (session_id, user_id) where refunded_at is null and recording_id is null;
create unique index live_tickets_one_valid_replay on public.live_tickets (recording_id, user_id) where refunded_at is null and recording_id is not null;
create index live_tickets_held on public.live_tickets (session_id, user_id)
  where recording_id is null and earned_at is null and refund_due_at is null and refunded_at is null;
create index live_tickets_held_replays on public.live_tickets (recording_id, created_at)
  where recording_id is not null and earned_at is null and refund_due_at is null and refunded_at is null;
create index live_tickets_due on public.live_tickets (refund_due_at) where refund_due_at is not null and refunded_at is null;
alter table public.live_tickets enable row level security;
grant select on public.live_tickets to authenticated, service_role;
