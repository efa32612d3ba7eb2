-- Owns: what is pushed to phones: people's devices, the outbox that is written in the transaction of the event, and how the
-- edge function push-send takes from it and says what became of it. Once for each device and event; tried again until it is
-- pointless. Nothing private is in a push: a kind, an id, and a general text.

create table public.push_devices (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  provider text not null check (provider in ('expo', 'fcm', 'apns', 'pushkit')),
  token text not null check (char_length(token) between 8 and 4096),
  installation text not null check (char_length(installation) between 8 and 200),
  platform text not null check (platform in ('ios', 'android', 'web')),
  language text not null check (language in ('en', 'tr')),
  created_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(),
  check (provider <> 'pushkit' or platform = 'ios')
);
comment on table public.push_devices is 'Where a person can be reached by push: one row for each token of each of their devices.';
comment on column public.push_devices.id is 'Id of the device''s token.';
comment on column public.push_devices.user_id is 'Who is signed in there.';
comment on column public.push_devices.provider is 'Who delivers: expo, fcm, apns, or pushkit (iOS calls only).';
comment on column public.push_devices.token is 'The provider''s token. Anyone who has it can send nothing without our keys.';
comment on column public.push_devices.installation is 'Chosen by the app once for each installation: the tokens of one device belong together.';
comment on column public.push_devices.platform is 'ios, android or web.';
comment on column public.push_devices.language is 'Language of the texts: en or tr.';
comment on column public.push_devices.created_at is 'When it was first registered.';
comment on column public.push_devices.seen_at is 'When the app registered it last, which it does at each start.';
create unique index push_devices_one_per_token on public.push_devices (provider, md5(token));
create index push_devices_of_person on public.push_devices (user_id, seen_at desc);
create index push_devices_by_age on public.push_devices (seen_at);
alter table public.push_devices enable row level security;
grant select, delete on public.push_devices to authenticated;
grant select on public.push_devices to service_role;
create policy "one sees one's own devices" on public.push_devices for select to authenticated using (user_id = (select auth.uid()));
create policy "one forgets one's own devices" on public.push_devices for delete to authenticated using (user_id = (select auth.uid()));

create table live.push_kinds (
  kind text primary key,
  urgent boolean not null,
  silent boolean not null,
  title_en text not null,
  title_tr text not null,
  body_en text not null,
  body_tr text not null
);
comment on table live.push_kinds is 'What may be pushed, and its text. Names of people and what they wrote are in none: the app asks for them.';
comment on column live.push_kinds.kind is 'Name; the app sees it as data.kind.';
comment on column live.push_kinds.urgent is 'Whether it goes before others and wakes the phone.';
comment on column live.push_kinds.silent is 'Whether only the app sees it: nothing is shown by the phone itself.';
comment on column live.push_kinds.title_en is 'Title in English.';
comment on column live.push_kinds.title_tr is 'Title in Turkish.';
comment on column live.push_kinds.body_en is 'Text in English.';
comment on column live.push_kinds.body_tr is 'Text in Turkish.';
alter table live.push_kinds enable row level security;
insert into live.push_kinds (kind, urgent, silent, title_en, title_tr, body_en, body_tr) values
  ('call_ringing', true, false, 'Incoming call', 'Gelen arama', 'Someone is calling you.', 'Sizi arayan biri var.'),
  ('call_over', true, true, 'Call over', 'Arama sona erdi', 'This call is no longer ringing.', 'Bu arama artık çalmıyor.'),
  ('call_missed', false, false, 'Missed call', 'Cevapsız arama', 'You have a missed call.', 'Cevapsız bir aramanız var.'),
  ('invited', true, false, 'You are invited to speak', 'Konuşmaya davet edildiniz', 'Open the room to answer.', 'Yanıtlamak için odayı açınız.'),
  ('refunded', false, false, 'Coins returned', 'Jetonlarınız iade edildi', 'Your coins are back in your wallet.', 'Jetonlarınız cüzdanınıza iade edildi.'),
  ('went_live', false, false, 'Live now', 'Şimdi canlı yayında', 'A creator you follow is live.', 'Takip ettiğiniz bir yayıncı canlı yayında.'),
  ('session_moved', false, false, 'Session moved', 'Yayın saati değişti', 'A session you have a ticket for has a new time.', 'Biletiniz olan bir yayının saati değişti.'),
  ('session_cancelled', false, false, 'Session cancelled', 'Yayın iptal edildi', 'A session you have a ticket for was cancelled.', 'Biletiniz olan bir yayın iptal edildi.'),
  ('session_soon', true, false, 'Starting soon', 'Az sonra başlıyor', 'A session you have a ticket for starts in a few minutes.', 'Biletiniz olan bir yayın birkaç dakika içinde başlıyor.');

create table public.push_outbox (
  id bigint generated always as identity primary key,
  device_id uuid not null references public.push_devices (id) on delete cascade,
  user_id uuid not null,
  kind text not null references live.push_kinds (kind),
  subject_id uuid not null,
  status text not null default 'pending' check (status in ('pending', 'sent', 'failed', 'expired')),
  attempts int not null default 0 check (attempts >= 0),
  due_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  sent_at timestamptz,
  receipt text,
  receipt_due_at timestamptz,
  error text,
  created_at timestamptz not null default clock_timestamp(),
  unique (device_id, kind, subject_id)
);
comment on table public.push_outbox is 'What is to be pushed: one row for each device and event, written with the event itself.';
comment on column public.push_outbox.id is 'Order of writing.';
comment on column public.push_outbox.device_id is 'Where it goes.';
comment on column public.push_outbox.user_id is 'Whose device it was then: a device that changed hands gets nothing of before.';
comment on column public.push_outbox.kind is 'What it is about.';
comment on column public.push_outbox.subject_id is 'The call or session; with kind it names the push, so that a repeat replaces it on the phone.';
comment on column public.push_outbox.status is 'pending, sent (the provider has taken it), failed, or expired.';
comment on column public.push_outbox.attempts is 'How often it was taken to be sent.';
comment on column public.push_outbox.due_at is 'Not before this; while it is being sent, when it may be taken again.';
comment on column public.push_outbox.expires_at is 'Pointless from then on.';
comment on column public.push_outbox.sent_at is 'When the provider took it.';
comment on column public.push_outbox.receipt is 'The provider''s id of it, where it tells later what became of it (Expo).';
comment on column public.push_outbox.receipt_due_at is 'When to ask what became of it; null when that is known or nobody can say.';
comment on column public.push_outbox.error is 'The provider''s word for the last failure.';
comment on column public.push_outbox.created_at is 'When the event happened.';
create index push_outbox_due on public.push_outbox (due_at) where status = 'pending';
create index push_outbox_receipts on public.push_outbox (receipt_due_at) where receipt_due_at is not null;
create index push_outbox_of_person on public.push_outbox (user_id, created_at desc);
create index push_outbox_of_subject on public.push_outbox (subject_id, kind);
create index push_outbox_of_kind on public.push_outbox (kind);
create index push_outbox_by_age on public.push_outbox using brin (created_at) with (pages_per_range = 32);
alter table public.push_outbox enable row level security;
grant select on public.push_outbox to service_role;

create table live.push_audiences (
  session_id uuid primary key references public.live_sessions (id) on delete cascade,
  after_user uuid,
  created_at timestamptz not null default clock_timestamp()
);
comment on table live.push_audiences is 'Sessions that went live and whose creator''s followers are still to be told, some hundred at a time.';
comment on column live.push_audiences.session_id is 'The session.';
comment on column live.push_audiences.after_user is 'The last follower who was told; null before the first.';
comment on column live.push_audiences.created_at is 'When it went live.';
alter table live.push_audiences enable row level security;

-- ── devices ────────────────────────────────────────────────────────────────────────────────────────────────────
create function public.register_push_device(
  p_provider text, p_token text, p_installation text, p_platform text, p_language text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  device uuid;
begin
  perform live.require_account(me);
  if p_provider is null or p_provider not in ('expo', 'fcm', 'apns', 'pushkit')
     or p_platform is null or p_platform not in ('ios', 'android', 'web') or (p_provider = 'pushkit' and p_platform <> 'ios')
     or p_token is null or char_length(p_token) not between 8 and 4096 or p_token !~ '^[\x21-\x7e]+$'
     or p_installation is null or p_installation !~ '^[\x21-\x7e]{8,200}$' then
    perform live.refuse(400, 'invalid_device', 'Send provider, token, installation and platform as the phone gives them.');
  end if;
  perform live.spend(me, 'devices_per_minute');
  perform live.one_at_a_time('push_devices', me);
  -- A phone that is handed on, or whose owner signs in with another account, tells the new one only.
  delete from public.push_devices d
   where (d.user_id <> me and d.provider = p_provider and md5(d.token) = md5(p_token))
      or (d.installation = p_installation and d.user_id = me and d.provider = p_provider and d.token <> p_token);
  insert into public.push_devices as d (user_id, provider, token, installation, platform, language)
  values (me, p_provider, p_token, p_installation, p_platform, case when p_language like 'tr%' then 'tr' else 'en' end)
  on conflict (provider, md5(token)) do update
     set installation = excluded.installation, platform = excluded.platform, language = excluded.language,
         seen_at = clock_timestamp()
  returning d.id into device;
  delete from public.push_devices d
   where d.id in (select x.id from public.push_devices x where x.user_id = me order by x.seen_at desc offset live.limit_of('devices_per_person')::int);
  return jsonb_build_object('device_id', device);
end;
$$;
comment on function public.register_push_device(text, text, text, text, text) is
  'The caller can be reached by this token from now on: {device_id}. Call it at each start. A token belongs to one person: who '
  'registered it last. Of more than limits.devices_per_person the one not seen for longest is forgotten.';
grant execute on function public.register_push_device(text, text, text, text, text) to authenticated;

create function public.forget_push_device(p_installation text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  forgotten int;
begin
  perform live.require_member();
  delete from public.push_devices d where d.user_id = auth.uid() and d.installation = p_installation;
  get diagnostics forgotten = row_count;
  return jsonb_build_object('forgotten', forgotten);
end;
$$;
comment on function public.forget_push_device(text) is 'Before signing out: nothing more is pushed to this installation: {forgotten}, how many tokens.';
grant execute on function public.forget_push_device(text) to authenticated;

create function live.forget_push(p_user uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  devices int;
begin
  -- What waits for them goes with them.
  delete from public.push_devices d where d.user_id = p_user;
  get diagnostics devices = row_count;
  return jsonb_build_object('push_devices', devices);
end;
$$;
comment on function live.forget_push(uuid) is 'Deletes the devices of a deleted account and what waits for them: rows deleted, by table.';

-- ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────
-- PushKit wakes an iPhone for a call and for nothing else (Apple ends apps that break this). Where it rings by PushKit the
-- same phone gets no second push of the call.
create function live.push(p_users uuid[], p_kind text, p_subject uuid, p_expires_at timestamptz) returns void
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.push_outbox (device_id, user_id, kind, subject_id, expires_at)
  select d.id, d.user_id, p_kind, p_subject, p_expires_at
    from public.push_devices d
   where d.user_id = any (p_users)
     and (p_kind = 'call_ringing') >= (d.provider = 'pushkit')
     and not (p_kind = 'call_ringing' and d.provider <> 'pushkit' and exists (
       select from public.push_devices v where v.user_id = d.user_id and v.installation = d.installation and v.provider = 'pushkit'))
  -- An event that comes again, as an invitation may, is pushed again.
  on conflict (device_id, kind, subject_id) do update
     set status = 'pending', attempts = 0, due_at = clock_timestamp(), expires_at = excluded.expires_at, sent_at = null,
         receipt = null, receipt_due_at = null, error = null, created_at = clock_timestamp()
   where push_outbox.status <> 'pending';
end;
$$;
comment on function live.push(uuid[], text, uuid, timestamptz) is 'Writes a push into the outbox for each device of these people; no devices, no rows.';

create function live.push_call() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.status = 'ringing' then
    perform live.push(array[new.callee_id], 'call_ringing', new.id, new.ringing_at + live.setting_interval('calls.ring_seconds'));
    return null;
  end if;
  update public.push_outbox o set status = 'expired', error = 'over before it was sent'
   where o.subject_id = new.id and o.kind = 'call_ringing' and o.status = 'pending';
  if old.status = 'ringing' then
    perform live.push(array[new.callee_id], case new.status when 'missed' then 'call_missed' else 'call_over' end, new.id,
                      clock_timestamp() + case new.status when 'missed' then interval '1 day' else interval '1 minute' end);
  end if;
  return null;
end;
$$;
comment on function live.push_call() is 'Trigger: a call that rings is pushed to the callee''s devices, and so is that it rings no more.';
create trigger push_call after update of status on public.calls
  for each row when (old.status <> new.status) execute function live.push_call();

create function live.push_went_live() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into live.push_audiences (session_id) values (new.id) on conflict do nothing;
  return null;
end;
$$;
comment on function live.push_went_live() is 'Trigger: the followers of a creator who goes live are to be told; push_claim does it in batches.';
create trigger push_went_live after insert on public.live_sessions
  for each row when (new.status = 'live') execute function live.push_went_live();
create trigger push_started after update of status on public.live_sessions
  for each row when (old.status = 'scheduled' and new.status = 'live') execute function live.push_went_live();

create function live.push_to_followers(p_most int) returns void
language plpgsql set search_path = '' as $$
declare
  audience live.push_audiences;
  session public.live_sessions;
  followers uuid[];
begin
  select * into audience from live.push_audiences a order by a.created_at limit 1 for update skip locked;
  if not found then
    return;
  end if;
  select * into session from public.live_sessions s where s.id = audience.session_id;
  select array_agg(x.user_id order by x.user_id) into followers from (
    select c.user_id from public.creator_subscriptions c
     where c.creator_id = session.creator_id and c.status::text = 'active'
       and coalesce(c.expires_at, 'infinity') > clock_timestamp()
       and (audience.after_user is null or c.user_id > audience.after_user)
     order by c.user_id limit p_most) x;
  if followers is null or session.status <> 'live' then
    delete from live.push_audiences a where a.session_id = audience.session_id;
    return;
  end if;
  update live.push_audiences a set after_user = followers[cardinality(followers)] where a.session_id = audience.session_id;
  perform live.push(array(select f from unnest(followers) f
                           where not live.blocked(f, session.creator_id)
                             and not live.kept_out(f, session.id, session.creator_id)),
                    'went_live', session.id, clock_timestamp() + interval '1 hour');
end;
$$;
comment on function live.push_to_followers(int) is
  'Writes the next pushes for followers of a creator who went live: those of at most so many followers. Nobody is told who may not enter.';
