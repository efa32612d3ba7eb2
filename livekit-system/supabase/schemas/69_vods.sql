-- Owns: what is published of recordings: title, access, chapters, the chat beside it, and who may watch. A VOD is made when a
-- recording is ready and is nobody's but its creator's until they publish it. The clock of a VOD is its parts one after the other.

create table public.live_vods (
  recording_id uuid primary key references public.live_recordings (id) on delete cascade,
  session_id uuid not null references public.live_sessions (id) on delete restrict,
  creator_id uuid not null,
  title text not null check (char_length(title) between 1 and 200),
  access_type text not null check (access_type in ('public', 'subscribers', 'pay_per_view')),
  price_coins int check (price_coins between 1 and 1000000),
  thumbnail text check (char_length(thumbnail) <= 300),
  duration_seconds double precision not null default 0 check (duration_seconds >= 0),
  chapters jsonb not null default '[]' check (jsonb_typeof(chapters) = 'array'),
  published_at timestamptz,
  taken_down_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  check ((access_type = 'pay_per_view') = (price_coins is not null))
);
comment on table public.live_vods is 'Recordings as they can be watched: what its creator publishes, to whom, and whether ops have taken it down.';
comment on column public.live_vods.recording_id is 'The recording.';
comment on column public.live_vods.session_id is 'The session that was recorded.';
comment on column public.live_vods.creator_id is 'Whose it is.';
comment on column public.live_vods.title is 'Title; at first the session''s.';
comment on column public.live_vods.access_type is 'Who may watch: public (everyone), subscribers (of the creator) or pay_per_view (holders of its own ticket, and of the session''s by recording.tickets_valid).';
comment on column public.live_vods.price_coins is 'What its own ticket costs: at first what the session''s did; null where none is needed.';
comment on column public.live_vods.thumbnail is 'A picture of it in the bucket recordings, which who sees this row may fetch; null where there is none, or something was to be cut.';
comment on column public.live_vods.duration_seconds is 'How long it plays.';
comment on column public.live_vods.chapters is 'From the events of the session: [{"at_seconds", "kind": start, gifts, speaker or announcement, "coins"?, "text"?}].';
comment on column public.live_vods.published_at is 'Since when others may watch it; null while they may not.';
comment on column public.live_vods.taken_down_at is 'Since when ops have taken it down; null while they have not.';
comment on column public.live_vods.created_at is 'When it was made.';
create index live_vods_published on public.live_vods (published_at desc, recording_id) where published_at is not null and taken_down_at is null;
create index live_vods_of_creator on public.live_vods (creator_id, created_at desc);
create index live_vods_of_session on public.live_vods (session_id);
alter table public.live_vods enable row level security;
grant select on public.live_vods to authenticated, service_role;
create policy "what is published, one's own, and ops all" on public.live_vods for select to authenticated
  using ((published_at is not null and taken_down_at is null) or creator_id = (select auth.uid()) or (select live.am_ops()));
insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('public.live_vods', '{creator_id}', '{}', 'true', null, null, 'false',
   'What a creator published of their sessions: gone with the row of the recording, which retention deletes after its files.');

-- ── the clock ────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.vod_stretches(p_recording uuid) returns table (
  number int, prefix text, store text, began timestamptz, ended timestamptz, offset_seconds double precision)
language sql stable set search_path = '' as $$
  select t.number, t.prefix, t.store, t.started_at, t.started_at + make_interval(secs => t.plays),
         sum(t.plays) over (order by t.number) - t.plays
    from (select x.*, coalesce(x.duration_seconds, extract(epoch from x.ended_at - x.started_at), 0)::double precision as plays
            from public.live_recording_parts x where x.recording_id = p_recording and x.started_at is not null) t
$$;
comment on function live.vod_stretches(uuid) is 'The parts of a recording on its own clock: when each began and ended, and at which second of the whole it begins.';

create function live.vod_second(p_recording uuid, p_at timestamptz) returns double precision
language plpgsql stable set search_path = '' as $$
begin
  return (select x.offset_seconds + extract(epoch from p_at - x.began) from live.vod_stretches(p_recording) x
           where p_at >= x.began and p_at < x.ended order by x.number limit 1);
end;
$$;
comment on function live.vod_second(uuid, timestamptz) is 'The second of a recording at which a moment is seen; null in a gap and outside.';

-- ── chapters ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.chapters_of(p_recording public.live_recordings) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    with told as (
      select e.type, e.payload, e.created_at, live.vod_second(p_recording.id, e.created_at) as second
        from public.live_events e where e.session_id = p_recording.session_id and e.type in ('gift', 'role_changed', 'system')
    ), peaks as (
      select min(t.second) as second, sum((t.payload ->> 'coins')::bigint) as coins
        from told t where t.type = 'gift' and t.second is not null group by floor(t.second / 60) order by 2 desc limit 3
    ), found as (
      select 0::double precision as second, jsonb_build_object('kind', 'start') as what
      union all
      select p.second, jsonb_build_object('kind', 'gifts', 'coins', p.coins) from peaks p
      union all
      -- No name: who spoke may be gone by the time that it is watched.
      select t.second, jsonb_build_object('kind', 'speaker') from told t
       where t.type = 'role_changed' and t.payload ->> 'role' = 'speaker' and t.second is not null
      union all
      select t.second, jsonb_build_object('kind', 'announcement', 'text', left(t.payload ->> 'text', 200)) from told t
       where t.type = 'system' and t.second is not null)
    select coalesce(jsonb_agg(jsonb_build_object('at_seconds', round(f.second::numeric, 1)) || f.what order by f.second), '[]')
      from (select * from found order by second limit 100) f);
end;
$$;
comment on function live.chapters_of(public.live_recordings) is
  'Chapters of a recording from its session''s events: the start, the three minutes with the most gifts, who came to speak, and announcements; at most 100.';

create function live.picture_of(p_recording public.live_recordings) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select min(o.name) from storage.objects o
           where o.bucket_id = 'recordings' and o.name like p_recording.prefix || '/%/image\_%'
             and not exists (select from public.live_recording_cuts c where c.recording_id = p_recording.id and c.decision is distinct from 'kept'));
end;
$$;
comment on function live.picture_of(public.live_recordings) is 'The first picture that Egress has taken of a recording; null where there is none, or something is cut: it might show it.';

create function live.make_vod() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.state = 'ready' then
    insert into public.live_vods (recording_id, session_id, creator_id, title, access_type, price_coins, thumbnail, duration_seconds, chapters)
    select new.id, s.id, s.creator_id, s.title, s.access_type, s.price_coins, live.picture_of(new), coalesce(new.duration_seconds, 0), live.chapters_of(new)
      from public.live_sessions s where s.id = new.session_id
    on conflict (recording_id) do nothing;
  else
    update public.live_vods v set published_at = null where v.recording_id = new.id and v.published_at is not null;
  end if;
  return null;
end;
$$;
comment on function live.make_vod() is 'Trigger: what is ready can be watched by its creator, and published; what is deleted is published no more.';
create trigger make_vod after update of state on public.live_recordings
  for each row when (old.state <> new.state and new.state in ('ready', 'deleted')) execute function live.make_vod();

-- ── who may watch ────────────────────────────────────────────────────────────────────────────────────────────────
create function live.is_over(p_recording public.live_recordings) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return p_recording.state = 'deleted' or (p_recording.retention_until <= clock_timestamp() and not p_recording.legal_hold);
end;
$$;
comment on function live.is_over(public.live_recordings) is 'Whether a recording''s time is over, whether or not its files are deleted yet.';

create function live.vod_access_fault(p_vod public.live_vods, p_user uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return case
    when p_vod.access_type = 'public' then null
    when coalesce((select u.is_anonymous from auth.users u where u.id = p_user), true) then 'sign_in_required'
    when p_vod.access_type = 'subscribers' then case when not live.subscribes(p_user, p_vod.creator_id) then 'subscription_required' end
    when not (live.setting('recording.tickets_valid'))::boolean or not exists (
      select from public.live_tickets t
       where t.session_id = p_vod.session_id and t.recording_id is null and t.user_id = p_user
         and t.refund_due_at is null and t.refunded_at is null) then 'ticket_required' end;
end;
$$;
comment on function live.vod_access_fault(public.live_vods, uuid) is
  'What paid access a person lacks to watch a VOD: sign_in_required, subscription_required or ticket_required; null when none.';

create function live.vod_fault(p_user uuid, p_vod public.live_vods) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
  item public.live_recordings;
  standing constant text := live.standing_fault(p_user, p_vod.session_id, p_vod.creator_id);
  ops constant boolean := p_user is not null and live.is_ops(p_user);
begin
  select * into item from public.live_recordings r where r.id = p_vod.recording_id;
  return case
    when standing in ('not_authenticated', 'account_deleted') then standing
    when item.id is null or live.is_over(item) or (live.account_gone(p_vod.creator_id) and not ops) then 'unknown_recording'
    when ops then null
    when standing is not null then standing
    when p_vod.taken_down_at is not null then 'taken_down'
    when p_vod.creator_id = p_user then null
    when live.blocked(p_user, p_vod.creator_id) then 'unknown_recording'
    when live.bought_replay(p_user, p_vod.recording_id) then null
    when p_vod.published_at is null then 'unknown_recording'
    else live.vod_access_fault(p_vod, p_user) end;
end;
$$;
comment on function live.vod_fault(uuid, public.live_vods) is
  'Why a person may not watch a VOD; null when they may. The one place where that is decided: the list, the door and every segment ask it.';

create function live.refuse_vod(p_reason text) returns void
language plpgsql set search_path = '' as $$
begin
  case p_reason
    when 'unknown_recording' then perform live.refuse(404, p_reason, 'There is no such recording.');
    when 'taken_down' then perform live.refuse(410, p_reason, 'This recording was taken down.');
    when 'subscription_required' then perform live.refuse(403, p_reason, 'This recording is for the creator''s subscribers.');
    when 'ticket_required' then perform live.refuse(402, p_reason, 'This recording needs a ticket. Buy one first.');
    else perform live.refuse_token(p_reason);
  end case;
end;
$$;
comment on function live.refuse_vod(text) is 'Refuses with a reason of live.vod_fault, in words for the person.';

create function live.vod_to_watch(p_user uuid, p_recording uuid) returns public.live_vods
language plpgsql stable set search_path = '' as $$
declare
  vod public.live_vods;
  reason text;
begin
  select * into vod from public.live_vods v where v.recording_id = p_recording;
  reason := live.vod_fault(p_user, vod);
  if reason is not null then
    perform live.refuse_vod(reason);
  end if;
  return vod;
end;
$$;
comment on function live.vod_to_watch(uuid, uuid) is 'A VOD for who may watch it; refuses everyone else.';
