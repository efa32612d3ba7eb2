-- Owns: the tables of who is in a session with what rights (live_participants), each connection of theirs
-- (live_visits), and who is kept out (live_bans).

create table public.live_participants (
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  user_id uuid not null,
  role text not null,
  staff boolean not null default false,
  role_by_rank int not null default 0,
  mic_muted boolean not null default false,
  mic_muted_until timestamptz,
  mic_by_rank int not null default 0,
  mic_by_all boolean not null default false,
  camera_off boolean not null default false,
  camera_by_rank int not null default 0,
  chat_muted_until timestamptz,
  chat_by_rank int not null default 0,
  hand_raised_at timestamptz,
  invited_role text,
  invited_by uuid,
  invited_by_rank int not null default 0,
  invite_expires_at timestamptz,
  access_ends_at timestamptz,
  access_removed boolean not null default false,
  free boolean not null default false,
  is_online boolean not null default false,
  first_joined_at timestamptz,
  last_joined_at timestamptz,
  left_at timestamptz,
  open_visits int not null default 0 check (open_visits >= 0),
  visits int not null default 0 check (visits >= 0),
  folded_visits int not null default 0,
  folded_until timestamptz,
  watched interval not null default '0',
  watch_seconds int not null default 0 check (watch_seconds >= 0),
  desired_xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null default clock_timestamp(),
  primary key (session_id, user_id),
  check (mic_muted or (mic_muted_until is null and not mic_by_all)),
  check ((invited_role is null) = (invite_expires_at is null))
);
comment on table public.live_participants is
  'A person in a session. Role and mute flags are the desired state: the agent makes LiveKit agree.';
comment on column public.live_participants.session_id is 'The session.';
comment on column public.live_participants.user_id is 'The person; also the LiveKit identity.';
comment on column public.live_participants.role is 'What they may do: a role that live_roles has for the session''s type.';
comment on column public.live_participants.staff is 'Whether that role moderates; kept by a trigger.';
comment on column public.live_participants.role_by_rank is 'Rank of who gave the role; a lower rank does not change it. 0 = nobody in particular.';
comment on column public.live_participants.mic_muted is 'Whether the microphone is taken away, by name or by mute_all.';
comment on column public.live_participants.mic_muted_until is 'When that ends by itself; null = not by itself.';
comment on column public.live_participants.mic_by_rank is 'Rank of who muted; a lower rank does not unmute.';
comment on column public.live_participants.mic_by_all is 'Whether it is mute_all that muted them, so that unmute_all frees them.';
comment on column public.live_participants.camera_off is 'Whether the camera and screen are taken away.';
comment on column public.live_participants.camera_by_rank is 'Rank of who took the camera; a lower rank does not give it back.';
comment on column public.live_participants.chat_muted_until is 'Until when they may not write; infinity = until lifted; null = they may.';
comment on column public.live_participants.chat_by_rank is 'Rank of who took the chat; a lower rank does not give it back.';
comment on column public.live_participants.hand_raised_at is 'Since when the hand is up: the queue''s order. Null = down.';
comment on column public.live_participants.invited_role is 'A role, as role, that they were offered and have not answered.';
comment on column public.live_participants.invited_by is 'Who offered it; null for server code and for ops.';
comment on column public.live_participants.invited_by_rank is 'Rank of who offered it.';
comment on column public.live_participants.invite_expires_at is 'Until when the offer stands.';
comment on column public.live_participants.access_ends_at is 'Paid access ended: when the grace is over. Null while access holds.';
comment on column public.live_participants.access_removed is 'Whether the grace is over and they must be out.';
comment on column public.live_participants.free is 'Whether the session is public, so that no paid access is needed; kept by triggers.';
comment on column public.live_participants.is_online is 'Whether any connection of theirs is open; derived from live_visits.';
comment on column public.live_participants.first_joined_at is 'Start of their first visit.';
comment on column public.live_participants.last_joined_at is 'Start of their latest visit.';
comment on column public.live_participants.left_at is 'End of their latest visit; null while online.';
comment on column public.live_participants.open_visits is 'How many connections of theirs are open.';
comment on column public.live_participants.visits is 'How many connections of theirs are on record in live_visits.';
comment on column public.live_participants.folded_visits is 'How many short ones beyond limits.visits_kept were taken off that list.';
comment on column public.live_participants.folded_until is 'The latest moment that any report of those told about; null = none.';
comment on column public.live_participants.watched is 'Time covered by closed visits, exactly.';
comment on column public.live_participants.watch_seconds is 'Seconds covered by closed visits; two devices at once count once.';
comment on column public.live_participants.desired_xid is 'Transaction of the last change that an agent must know of.';
comment on column public.live_participants.created_at is 'When the row was made.';
create index live_participants_by_user on public.live_participants (user_id, last_joined_at desc nulls last);
create index live_participants_free on public.live_participants (user_id) include (session_id) where free and not access_removed;
create index live_participants_paid on public.live_participants (user_id) where not free;
create index live_participants_staff on public.live_participants (user_id) include (session_id)
  where staff;
create index live_participants_changed on public.live_participants (session_id, desired_xid);
create index live_participants_online on public.live_participants (session_id) where is_online;
create index live_participants_folded on public.live_participants (folded_until) where folded_visits > 0;
create index live_participants_hosts on public.live_participants (session_id) where role = 'host';
create index live_participants_hands on public.live_participants (session_id, hand_raised_at) where hand_raised_at is not null;
create index live_participants_timed on public.live_participants (least(mic_muted_until, invite_expires_at, access_ends_at))
  where least(mic_muted_until, invite_expires_at, access_ends_at) is not null;
alter table public.live_participants enable row level security;
grant select, insert, update on public.live_participants to service_role;
grant select on public.live_participants to authenticated;

create table public.live_visits (
  participant_sid text primary key check (participant_sid ~ '^[A-Za-z0-9_-]{1,64}$'),
  session_id uuid references public.live_sessions (id) on delete cascade,
  call_id uuid references public.calls (id) on delete cascade,
  user_id uuid not null,
  joined_at timestamptz not null,
  left_at timestamptz,
  leave_reason text,
  join_reported_at timestamptz,
  agent_left_at timestamptz,
  agent_leave_reason text,
  webhook_left_at timestamptz,
  webhook_leave_reason text,
  closed_at timestamptz,
  close_reason text,
  join_permission jsonb,
  beside boolean not null default false,
  check (num_nonnulls(session_id, call_id) = 1),
  check (left_at >= joined_at)
);
comment on table public.live_visits is
  'One row per connection, so that a late leave can never close a newer visit. What each source reported is kept, and '
  'joined_at, left_at and leave_reason follow from it: the order of arrival makes no difference.';
comment on column public.live_visits.participant_sid is 'LiveKit''s id of the connection.';
comment on column public.live_visits.session_id is 'The session, or null for a call.';
comment on column public.live_visits.call_id is 'The call, or null for a session.';
comment on column public.live_visits.user_id is 'Who.';
comment on column public.live_visits.joined_at is 'LiveKit''s own joined_at; the time of leaving while only that is known.';
comment on column public.live_visits.left_at is 'The earliest credible report of leaving, never before joined_at; null while connected.';
comment on column public.live_visits.leave_reason is 'Why, as the source of left_at says.';
comment on column public.live_visits.join_reported_at is 'Earliest joined_at that any source reported; null until one does.';
comment on column public.live_visits.join_permission is
  'LiveKit''s permission as the webhook of the join told it: can_publish, can_publish_sources, can_subscribe; null while unknown.';
comment on column public.live_visits.beside is
  'Whether it carries the person beside their app, under an identity of its own: an ingress (OBS) or a telephone.';
comment on column public.live_visits.agent_left_at is 'Earliest leaving that an agent reported.';
comment on column public.live_visits.agent_leave_reason is 'The reason in that report.';
comment on column public.live_visits.webhook_left_at is 'Earliest leaving that a webhook reported.';
comment on column public.live_visits.webhook_leave_reason is 'The reason in that report.';
comment on column public.live_visits.closed_at is 'When it was closed for want of a report; a report of leaving outranks it.';
comment on column public.live_visits.close_reason is 'Why it was closed: room_closed, session_ended, call_ended.';
create index live_visits_of_session on public.live_visits (session_id, user_id, joined_at) where session_id is not null;
create index live_visits_by_end on public.live_visits (session_id, user_id, left_at)
  where session_id is not null and left_at is not null;
create index live_visits_of_call on public.live_visits (call_id, user_id) where call_id is not null;
create index live_visits_open on public.live_visits (joined_at) where left_at is null;
create index live_visits_of_user on public.live_visits (user_id, joined_at desc);
alter table public.live_visits enable row level security;
grant select, insert, update on public.live_visits to service_role;
grant select on public.live_visits to authenticated;

create table public.live_bans (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  scope text not null check (scope in ('session', 'creator', 'platform')),
  session_id uuid references public.live_sessions (id) on delete cascade,
  creator_id uuid,
  reason text,
  created_by uuid,
  by_rank int not null default live.rank_of_ops(),
  action_id uuid,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  lifted_at timestamptz,
  lifted_by uuid,
  check ((scope = 'session') = (session_id is not null)),
  check ((scope = 'creator') = (creator_id is not null))
);
comment on table public.live_bans is 'Who is kept out of one session, of all of a creator''s, or of the platform (a suspended account).';
comment on column public.live_bans.id is 'Id of the ban.';
comment on column public.live_bans.user_id is 'Who is kept out.';
comment on column public.live_bans.scope is 'session, creator or platform.';
comment on column public.live_bans.session_id is 'The session, for the scope session only.';
comment on column public.live_bans.creator_id is 'The creator, for the scope creator only.';
comment on column public.live_bans.reason is 'Why, for the audit.';
comment on column public.live_bans.created_by is 'Who banned; null for server code and for ops, whom only the audit names.';
comment on column public.live_bans.by_rank is 'Rank of who banned; a lower rank does not lift it.';
comment on column public.live_bans.action_id is 'The moderation action that made it; null when written by server code.';
comment on column public.live_bans.created_at is 'Since when.';
comment on column public.live_bans.expires_at is 'When it ends by itself; null = never.';
comment on column public.live_bans.lifted_at is 'When it was lifted; null while it stands.';
comment on column public.live_bans.lifted_by is 'Who lifted it; null for server code and for ops.';
create index live_bans_standing on public.live_bans (
  user_id, (coalesce(session_id, creator_id, '00000000-0000-0000-0000-000000000000')), (coalesce(expires_at, 'infinity')))
  where lifted_at is null;
create index live_bans_expiring on public.live_bans (expires_at) where lifted_at is null and expires_at is not null;
alter table public.live_bans enable row level security;
grant select, insert, update on public.live_bans to service_role;
grant select on public.live_bans to authenticated;
