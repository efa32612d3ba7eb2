-- Owns: what the speech process may know and write (`python -m speech`): of whom in which session it may transcribe words and
-- whose camera it may look at, and what it found. It has a role of its own, live_speech, that may call the six functions
-- below and store the frames that they name, and nothing else. Off by default, and never in calls: nothing here speaks of one.

do $$
begin
  create role live_speech nologin inherit;
exception
  when duplicate_object or unique_violation then null;  -- a role belongs to the server, not to this database
end;
$$;
do $$
begin
  -- As Supabase's Storage asks of a role of one's own: the data API takes its token, and it has what nobody in particular has.
  grant live_speech to authenticator;
  grant anon to live_speech;
exception
  when insufficient_privilege then raise warning 'live_speech: grant it to authenticator, and anon to it, by hand; see DEPLOYMENT.md';
end;
$$;
grant usage on schema public, live to live_speech;

insert into public.app_settings (key, value, description) values
  ('speech.enabled', 'false', 'Whether words of flagged speakers in sessions are transcribed and searched for the word lists. Tell people first.'),
  ('speech.who', '["case", "strike", "reports"]', 'What flags a speaker: case (an open one that is a cause to keep sound), strike (held against them by a rule that acts), reports (enough credible ones).'),
  ('speech.at_once', '2', 'How many windows of speech one speech process transcribes at the same time.'),
  ('pictures.enabled', 'false', 'Whether a single frame of each camera in video sessions is looked at now and then. Tell people first.'),
  ('pictures.every_seconds', '10', 'How often one camera is looked at, seconds.'),
  ('pictures.score', '0.85', 'From which score of the classifier (0 to 1) a frame opens a case and is stored.'),
  ('pictures.kept_a_case', '3', 'How many frames are stored of one case at most.');

create table public.speech_rules (
  id uuid primary key default gen_random_uuid(),
  pattern text not null check (char_length(pattern) between 2 and 100 and pattern = btrim(pattern) and pattern !~ '[[:cntrl:]]'),
  kind text not null check (kind in ('words', 'threat')),
  language text check (language in ('tr', 'en')),
  created_at timestamptz not null default clock_timestamp(),
  unique (pattern, kind)
);
comment on table public.speech_rules is 'What spoken words are searched for beside the platform''s word lists of the chat: threats above all.';
comment on column public.speech_rules.id is 'Id of the rule.';
comment on column public.speech_rules.pattern is 'A word or words; with * at the end every word that begins so.';
comment on column public.speech_rules.kind is 'words, or threat: its case is critical.';
comment on column public.speech_rules.language is 'tr, en or null: for the reader of the list.';
comment on column public.speech_rules.created_at is 'When it was made.';
alter table public.speech_rules enable row level security;
grant select, insert, update, delete on public.speech_rules to service_role;
grant select, insert (pattern, kind, language), delete on public.speech_rules to authenticated;
create policy "ops see what is listened for" on public.speech_rules for select to authenticated using ((select live.am_ops()));
create policy "ops add to what is listened for" on public.speech_rules for insert to authenticated with check ((select live.am_ops()));
create policy "ops take from what is listened for" on public.speech_rules for delete to authenticated using ((select live.am_ops()));
insert into public.speech_rules (pattern, kind, language)
select w, 'threat', 'en' from unnest(string_to_array(
    'kill you,kill him,kill her,kill them,murder you,shoot you,stab you,beat you up,burn your house,blow you up,find where you live,'
    'know where you live,you are dead,you''re dead,rape you,kill yourself', ',')) as w
union all
select w, 'threat', 'tr' from unnest(string_to_array(
    'öldürürüm,öldüreceğim,öldürecem,öldüricem,öldürürüz,gebertirim,geberteceğim,gebertecem,vururum seni,seni vururum,keserim seni,'
    'seni keserim,bıçaklarım,seni bitiririm,evini yakarım,yakarım evini,evini biliyorum,kafana sıkarım,ayağını kırarım,'
    'bacağını kırarım,tecavüz ederim,geber', ',')) as w;

create table public.content_flags (
  id uuid primary key,
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  user_id uuid not null,
  case_id uuid references public.moderation_cases (id) on delete set null,
  kind text not null check (kind in ('words', 'threat', 'picture')),
  patterns text[] not null default '{}' check (cardinality(patterns) <= 20),
  score real check (score between 0 and 1),
  clip_id uuid references public.evidence_clips (id) on delete set null,
  engine text not null check (char_length(engine) between 1 and 100),
  from_at timestamptz not null,
  to_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  check (to_at >= from_at and to_at - from_at < interval '1 minute'),
  check ((kind = 'picture') = (score is not null)),
  check ((kind = 'picture') = (cardinality(patterns) = 0))
);
comment on table public.content_flags is 'What the speech process found: which rules a person''s words met, or how a frame of their camera was scored. Never what was said.';
comment on column public.content_flags.id is 'Chosen by the process, so that a repeated write is the same flag.';
comment on column public.content_flags.session_id is 'Where. Never a call.';
comment on column public.content_flags.user_id is 'Whose words or camera. Kept when the account is deleted.';
comment on column public.content_flags.case_id is 'The case that it opened or was added to.';
comment on column public.content_flags.kind is 'words, threat or picture.';
comment on column public.content_flags.patterns is 'The rules that were met, as the lists have them: no other word of what was said.';
comment on column public.content_flags.score is 'The classifier''s score of the frame, 0 to 1.';
comment on column public.content_flags.clip_id is 'The frame that was stored.';
comment on column public.content_flags.engine is 'What transcribed or classified it.';
comment on column public.content_flags.from_at is 'Start of the words, or when the frame was taken.';
comment on column public.content_flags.to_at is 'End of the words.';
comment on column public.content_flags.created_at is 'When it was written.';
create index content_flags_of_case on public.content_flags (case_id, from_at) where case_id is not null;
create index content_flags_of_person on public.content_flags (user_id, created_at desc);
create index content_flags_of_session on public.content_flags (session_id);
create index content_flags_of_clip on public.content_flags (clip_id) where clip_id is not null;
create index content_flags_by_age on public.content_flags (created_at);
alter table public.content_flags enable row level security;
grant select on public.content_flags to authenticated, service_role;
create policy "ops see flags, but not of themselves" on public.content_flags for select to authenticated
  using ((select live.am_ops()) and user_id <> (select auth.uid()));

create table live.speech_rooms (
  room text primary key,
  worker text not null check (char_length(worker) between 1 and 100),
  until timestamptz not null
);
comment on table live.speech_rooms is 'Which speech process listens in which room, and until when: two never do.';
comment on column live.speech_rooms.room is 'LiveKit''s room.';
comment on column live.speech_rooms.worker is 'The process.';
comment on column live.speech_rooms.until is 'When another may take the room.';
alter table live.speech_rooms enable row level security;

insert into live.personal_data (table_name, whose, exported_when, setting, age, why) values
  ('public.content_flags', '{user_id}',
   'not exists (select from public.moderation_cases k where k.id = t.case_id and k.resolved_at is null)',
   'retention.incidents_days', 't.created_at',
   'Which rules a person''s words met, or how a frame of their camera was scored: what a decision and an appeal rest on. No transcript is kept.');
insert into live.personal_data (table_name, why) values
  ('public.speech_rules', 'Holds nothing about a person: what spoken words are searched for.'),
  ('live.speech_rooms', 'Holds nothing about a person: which process listens in which room, for seconds.');

-- ── who, and where ───────────────────────────────────────────────────────────────────────────────────────────────
create function live.is_flagged_speaker(p_session public.live_sessions, p_user uuid) returns boolean
language plpgsql stable set search_path = '' as $$
declare
  who constant jsonb := live.setting('speech.who');
  about constant uuid := live.open_case_of(p_session.id, null, p_user);
begin
  return (who ? 'case' and exists (select from public.moderation_cases c where c.id = about and c.sound_kept_since is not null))
      or (who ? 'reports' and about is not null and live.credible_reporters(about) >= live.limit_of('reports_for_evidence'))
      or (who ? 'strike' and live.effective_policy(p_session) ->> 'mode' = 'enforce'
          and exists (select from public.moderation_incidents i where i.session_id = p_session.id and i.user_id = p_user)
          and exists (select from jsonb_array_elements(live.standing_strikes(p_session)) s where s ->> 'user_id' = p_user::text));
end;
$$;
comment on function live.is_flagged_speaker(public.live_sessions, uuid) is
  'Whether the words of a person in a session may be transcribed now, by speech.who. One report flags nobody, nor does a word in the chat.';

create function live.flagged_speakers(p_session public.live_sessions) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(p.user_id order by p.user_id), '[]') from public.live_participants p
           where p.session_id = p_session.id and p.is_online
             and (exists (select from public.moderation_cases c
                           where c.session_id = p_session.id and c.user_id = p.user_id and c.resolved_at is null)
               or exists (select from public.moderation_incidents i where i.session_id = p_session.id and i.user_id = p.user_id))
             and live.is_flagged_speaker(p_session, p.user_id));
end;
$$;
comment on function live.flagged_speakers(public.live_sessions) is 'Who in a session is online and flagged.';

create function live.speech_lists() returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select jsonb_agg(jsonb_build_object('pattern', x.pattern, 'kind', x.kind, 'exact_letters', x.exact_letters)
                           order by x.kind, x.pattern, x.exact_letters)
            from (select r.pattern, r.kind, false as exact_letters from public.speech_rules r
                  union select r.pattern, 'words', r.exact_letters from public.chat_rules r where r.scope = 'platform') x);
end;
$$;
comment on function live.speech_lists() is 'What spoken words are searched for: [{pattern, kind, exact_letters}].';

create function live.speech_places()
returns table (room text, flagged jsonb, looked_at boolean, started_at timestamptz)
language plpgsql stable set search_path = '' as $$
declare
  words constant boolean := (live.setting('speech.enabled'))::boolean;
  cameras constant boolean := (live.setting('pictures.enabled'))::boolean;
begin
  if not (words or cameras) then
    return;
  end if;
  return query
    select s.livekit_room, f.flagged, (cameras and s.type = 'video_live'), s.started_at
      from public.live_sessions s
     -- Most sessions have neither a case nor an incident: they cost two looks into an index.
     cross join lateral (
       select case when words and (exists (select from public.moderation_cases c where c.session_id = s.id and c.resolved_at is null)
                                   or exists (select from public.moderation_incidents i where i.session_id = s.id))
                   then live.flagged_speakers(s) else '[]' end as flagged) f
     where s.status = 'live' and (jsonb_array_length(f.flagged) > 0 or (cameras and s.type = 'video_live'));
end;
$$;
comment on function live.speech_places() is 'The rooms in which a speech process is wanted now: whom to hear, and whether to look at cameras.';

create function live.unheard_rooms() returns int
language plpgsql stable set search_path = '' as $$
begin
  return (select count(*) from live.speech_places() p
           where not exists (select from live.speech_rooms l where l.room = p.room and l.until > clock_timestamp()));
end;
$$;
comment on function live.unheard_rooms() is 'In how many of those rooms none listens: none runs, or all are full.';

create function public.speech_pull(p_worker text, p_lists text default null, p_most int default 50) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  words constant boolean := (live.setting('speech.enabled'))::boolean;
  lists constant jsonb := case when words then live.speech_lists() else '[]' end;
  place record;
  rooms jsonb := '[]';
begin
  delete from live.speech_rooms l where l.until < clock_timestamp() - interval '1 minute';
  for place in
    select p.* from live.speech_places() p
     where not exists (select from live.speech_rooms l
                        where l.room = p.room and l.worker <> p_worker and l.until > clock_timestamp())
     order by p.started_at limit least(greatest(coalesce(p_most, 50), 1), 200)
  loop
    insert into live.speech_rooms as l (room, worker, until)
    values (place.room, p_worker, clock_timestamp() + interval '10 seconds')
    on conflict (room) do update set worker = excluded.worker, until = excluded.until
      where l.worker = excluded.worker or l.until < clock_timestamp();
    if found then
      rooms := rooms || jsonb_build_object('room', place.room, 'flagged', place.flagged, 'pictures', place.looked_at,
        'shown', place.looked_at and exists (select from public.live_sessions s where s.livekit_room = place.room and live.is_on_a_wall(s.id)));
    end if;
  end loop;
  return jsonb_build_object('rooms', rooms, 'at_once', live.setting('speech.at_once'),
    'every_seconds', live.setting('pictures.every_seconds'), 'score', live.setting('pictures.score'), 'lists_version', md5(lists::text))
    || case when md5(lists::text) is distinct from p_lists then jsonb_build_object('lists', lists) else '{}' end;
end;
$$;
comment on function public.speech_pull(text, text, int) is
  'For the speech process, each two seconds: where it may listen and look for the next ten: {rooms: [{room, flagged: [user_id], pictures, shown}], at_once, '
  'every_seconds, score, lists_version, lists?: [{pattern, kind, exact_letters}] unless p_lists is their version}. p_most: rooms that it can take.';
grant execute on function public.speech_pull(text, text, int) to service_role, live_speech;

create function live.speech_place(p_worker text, p_room text) returns public.live_sessions
language plpgsql stable set search_path = '' as $$
declare
  place public.live_sessions;
begin
  select s.* into place from public.live_sessions s join live.speech_rooms l on l.room = s.livekit_room
   where s.livekit_room = p_room and s.status = 'live' and l.worker = p_worker and l.until > clock_timestamp();
  return place;
end;
$$;
comment on function live.speech_place(text, text) is 'The live session in which this process listens now; nulls when it is another''s.';
