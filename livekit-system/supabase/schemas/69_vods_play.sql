-- Owns: watching. A play is what one person watches: its key opens the playlist and each segment, and each asks anew whether that person may.
-- So a right that ends stops it at the next segment, and a key that nobody has used for fifteen minutes opens nothing.

create table public.live_vod_plays (
  id uuid primary key default gen_random_uuid(),
  key_hash text not null unique check (key_hash ~ '^[0-9a-f]{64}$'),
  recording_id uuid not null references public.live_recordings (id) on delete cascade,
  user_id uuid not null,
  started_at timestamptz not null default clock_timestamp(),
  last_at timestamptz not null default clock_timestamp(),
  watched_seconds double precision not null default 0 check (watched_seconds >= 0)
);
comment on table public.live_vod_plays is 'Who watches, or has watched, which recording, and for how long.';
comment on column public.live_vod_plays.id is 'Id of the play.';
comment on column public.live_vod_plays.key_hash is 'SHA-256 of its key, which the player alone has.';
comment on column public.live_vod_plays.recording_id is 'What is watched.';
comment on column public.live_vod_plays.user_id is 'Who watches.';
comment on column public.live_vod_plays.started_at is 'When it began.';
comment on column public.live_vod_plays.last_at is 'When it last asked for something: fifteen minutes later its key is good for nothing.';
comment on column public.live_vod_plays.watched_seconds is 'How long segments were asked for; a pause of more than half a minute is none.';
create index live_vod_plays_of_recording on public.live_vod_plays (recording_id, started_at);
create index live_vod_plays_of_person on public.live_vod_plays (user_id, started_at desc);
create index live_vod_plays_by_age on public.live_vod_plays (last_at);
alter table public.live_vod_plays enable row level security;
grant select (id, recording_id, user_id, started_at, last_at, watched_seconds) on public.live_vod_plays to authenticated;
grant select on public.live_vod_plays to service_role;
create policy "one sees what one watched, ops all" on public.live_vod_plays for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops()));
insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('public.live_vod_plays', '{user_id}', '{}', 'true', 'retention.visits_days', 't.last_at', 'false',
   'What a person watched of recordings, and how long: the watch time of creators'' reports.');
update public.app_settings set value = value || '{"plays_per_minute": 20}' where key = 'limits';

create function public.vod_open(p_user uuid, p_recording uuid, p_key_hash text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  vod constant public.live_vods := live.vod_to_watch(p_user, p_recording);
begin
  perform live.spend(p_user, 'plays_per_minute');
  insert into public.live_vod_plays (key_hash, recording_id, user_id) values (p_key_hash, vod.recording_id, p_user);
  if p_user <> vod.creator_id and live.is_ops(p_user) then
    perform live.note_recording_act(vod.recording_id, p_user, 'watched', 'ops');
  end if;
  return jsonb_build_object('recording_id', vod.recording_id, 'title', vod.title, 'duration_seconds', vod.duration_seconds, 'chapters', vod.chapters,
                            'expires_at', live.instant(clock_timestamp() + interval '15 minutes'));
end;
$$;
comment on function public.vod_open(uuid, uuid, text) is
  'For recording-playback: somebody watches a recording: {recording_id, title, duration_seconds, chapters, expires_at}: until then its key must be used. Refuses '
  'unknown_recording, taken_down, banned, sign_in_required, subscription_required, ticket_required, rate_limited.';

create function public.vod_parts(p_key_hash text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  play public.live_vod_plays;
  vod public.live_vods;
begin
  select * into play from public.live_vod_plays x
   where x.key_hash = p_key_hash and x.last_at > clock_timestamp() - interval '15 minutes' for no key update;
  if play.id is null then
    perform live.refuse(410, 'play_over', 'Open the recording again: this link is no longer good.');
  end if;
  vod := live.vod_to_watch(play.user_id, play.recording_id);
  update public.live_vod_plays x
     set last_at = clock_timestamp(),
         watched_seconds = x.watched_seconds + least(extract(epoch from clock_timestamp() - x.last_at),
           case when clock_timestamp() - x.last_at > interval '30 seconds' then 0 else 30 end)
   where x.id = play.id;
  perform live.earn_watched_replay(vod, play.user_id);
  return jsonb_build_object(
    'seconds', live.setting('recording.link_seconds'), 'cuts', live.shown_cuts(vod.recording_id),
    'parts', (select coalesce(jsonb_agg(jsonb_build_object('number', x.number, 'prefix', x.prefix, 'store', x.store, 'began', live.instant(x.began)) order by x.number), '[]')
                from live.vod_stretches(vod.recording_id) x where x.ended > x.began));
end;
$$;
comment on function public.vod_parts(text) is
  'For recording-playback, at the playlist and at each segment: where the files are that the holder of a key may see now: {seconds: how long a link is good, parts: '
  '[{number, prefix, store, began}], cuts: [{from_at, to_at}]}. Refuses play_over and what vod_open refuses.';
grant execute on function public.vod_open(uuid, uuid, text), public.vod_parts(text) to service_role;

-- ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.my_vod_access(p_vod public.live_vods) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return live.vod_fault(auth.uid(), p_vod);
end;
$$;
comment on function live.my_vod_access(public.live_vods) is 'What keeps the caller from watching a VOD, for a list; null when nothing does.';
grant execute on function live.my_vod_access(public.live_vods) to authenticated;

create function live.shown_seconds(p_vod public.live_vods) returns double precision
language plpgsql stable security definer set search_path = '' as $$
begin
  -- A buyer is told what there is to see, not what was recorded.
  return greatest(p_vod.duration_seconds - live.cut_since(p_vod.recording_id, '-infinity'), 0);
end;
$$;
comment on function live.shown_seconds(public.live_vods) is 'How many seconds of a VOD there are to see: without what is cut, or is to be.';
grant execute on function live.shown_seconds(public.live_vods) to authenticated;

create view public.live_replays with (security_invoker = true) as
select v.recording_id as id, v.session_id, v.title, v.access_type, v.price_coins, v.creator_id,
       live.card(v.creator_id) ->> 'name' as creator_name, live.card(v.creator_id) ->> 'avatar' as creator_avatar,
       live.shown_seconds(v) as duration_seconds, v.chapters, v.thumbnail, v.published_at, live.my_vod_access(v) as reason
  from public.live_vods v
 where v.published_at is not null and v.taken_down_at is null and v.creator_id not in (select live.my_blocks());
comment on view public.live_replays is
  'Published recordings for a list. Newest first: order=published_at.desc,id.desc; the next page: or=(published_at.lt.T,and(published_at.eq.T,id.lt.ID)) with the '
  'last row''s values; of a creator: creator_id=eq.ID.';
comment on column public.live_replays.id is 'The recording.';
comment on column public.live_replays.session_id is 'The session.';
comment on column public.live_replays.title is 'Title.';
comment on column public.live_replays.access_type is 'public, subscribers or pay_per_view.';
comment on column public.live_replays.price_coins is 'What its own ticket costs (buy_vod); null where none is needed.';
comment on column public.live_replays.creator_id is 'The creator.';
comment on column public.live_replays.creator_name is 'Their name.';
comment on column public.live_replays.creator_avatar is 'Address of their picture, or null.';
comment on column public.live_replays.duration_seconds is 'How long it plays, without what is cut.';
comment on column public.live_replays.chapters is 'Its chapters.';
comment on column public.live_replays.thumbnail is 'A picture in the bucket recordings, to be fetched by a signed URL; null where there is none.';
comment on column public.live_replays.published_at is 'Since when.';
comment on column public.live_replays.reason is 'What keeps the reader from watching: a code as recording-playback refuses with; null when nothing does.';
grant select on public.live_replays to authenticated;

create function public.vod_chat(recording_id uuid, from_seconds double precision default 0, max_lines int default 200) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  vod constant public.live_vods := live.vod_to_watch(auth.uid(), vod_chat.recording_id);
begin
  return (
    with said as (
      select m.id, x.offset_seconds + extract(epoch from m.created_at - x.began) as at_seconds, m.user_id, m.type, m.body, m.payload, m.sender_name
        from live.vod_stretches(vod.recording_id) x
        join public.live_messages m on m.session_id = vod.session_id and m.created_at >= x.began and m.created_at < x.ended
       where m.deleted_at is null and m.held_at is null and not live.account_gone(m.user_id)
         and not exists (select from public.user_blocks b where (b.user_id, b.blocked_id) in ((auth.uid(), m.user_id), (m.user_id, auth.uid()))))
    select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'at_seconds', round(s.at_seconds::numeric, 2), 'user_id', s.user_id, 'name', s.sender_name,
                    'type', s.type, 'body', s.body, 'payload', s.payload) order by s.at_seconds, s.id), '[]')
      from (select * from said where said.at_seconds >= vod_chat.from_seconds order by said.at_seconds, said.id
             limit least(greatest(coalesce(vod_chat.max_lines, 200), 1), 1000)) s);
end;
$$;
comment on function public.vod_chat(uuid, double precision, int) is
  'The chat of a recording by its clock, from a second on: [{id, at_seconds, user_id, name, type, body, payload}], at most max_lines (200, at most 1000). Without what was '
  'deleted, held, or written by somebody whose account is deleted or with whom a block stands. Refuses as recording-playback does.';
grant execute on function public.vod_chat(uuid, double precision, int) to authenticated;

create function public.vod_figures(recording_id uuid default null) returns table (
  id uuid, title text, plays bigint, people bigint, watched_seconds double precision, published_at timestamptz, sold bigint, coins bigint)
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  ops constant boolean := live.am_ops();
begin
  perform live.require_member();
  return query
    select v.recording_id, v.title, count(x.id), count(distinct x.user_id), coalesce(sum(x.watched_seconds), 0), v.published_at,
           (select count(*) from public.live_tickets t where t.recording_id = v.recording_id and t.refunded_at is null),
           (select coalesce(sum(t.coins), 0) from public.live_tickets t where t.recording_id = v.recording_id and t.refunded_at is null)
      from public.live_vods v left join public.live_vod_plays x on x.recording_id = v.recording_id and x.user_id <> v.creator_id
     where (v.creator_id = me or ops) and (vod_figures.recording_id is null or v.recording_id = vod_figures.recording_id)
     group by v.recording_id order by v.created_at desc limit 500;
end;
$$;
comment on function public.vod_figures(uuid) is
  'How one''s recordings are watched (ops: everyone''s): plays, different people and seconds, of others than the creator; and how many tickets of its own were sold and not '
  'paid back, for how many coins. One recording, or the newest 500.';
grant execute on function public.vod_figures(uuid) to authenticated;
