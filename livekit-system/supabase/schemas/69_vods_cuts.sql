-- Owns: stretches of recordings that are not shown: asked for by a consent withdrawn, an erased account or the creator.

create table public.live_recording_cuts (
  id uuid primary key default gen_random_uuid(),
  recording_id uuid not null references public.live_recordings (id) on delete cascade,
  user_id uuid,
  why text not null check (why in ('withdrawn', 'erased', 'creator')),
  from_at timestamptz not null,
  to_at timestamptz not null,
  decision text check (decision in ('cut', 'kept')),
  decided_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  check (to_at > from_at),
  check ((decision is null) = (decided_at is null))
);
comment on table public.live_recording_cuts is 'Stretches of recordings that are not shown: while the creator has not decided about them, and for good once cut.';
comment on column public.live_recording_cuts.id is 'Id of the cut.';
comment on column public.live_recording_cuts.recording_id is 'The recording.';
comment on column public.live_recording_cuts.user_id is 'Who is heard there and wants it gone; null for a cut of the creator''s own.';
comment on column public.live_recording_cuts.why is 'withdrawn (a consent), erased (an account) or creator.';
comment on column public.live_recording_cuts.from_at is 'Start.';
comment on column public.live_recording_cuts.to_at is 'End.';
comment on column public.live_recording_cuts.decision is 'cut or kept, by the creator; of erased accounts always cut. Null: not decided, and withheld meanwhile.';
comment on column public.live_recording_cuts.decided_at is 'When that was decided.';
comment on column public.live_recording_cuts.created_at is 'When it was asked for.';
create index live_recording_cuts_of_recording on public.live_recording_cuts (recording_id, from_at);
create index live_recording_cuts_of_person on public.live_recording_cuts (user_id) where user_id is not null;
create index live_recording_cuts_by_age on public.live_recording_cuts (created_at);
alter table public.live_recording_cuts enable row level security;
grant select on public.live_recording_cuts to authenticated, service_role;
create policy "one's own, and those of one's recordings" on public.live_recording_cuts for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops())
         or recording_id in (select v.recording_id from public.live_vods v where v.creator_id = (select auth.uid())));
insert into live.personal_data (table_name, whose, others, exported_when, setting, age, kept_while, why) values
  ('public.live_recording_cuts', '{user_id}', '{}', 'true', 'retention.actions_days', 't.created_at',
   'exists (select from public.live_recordings r where r.id = t.recording_id and r.deleted_at is null)',
   'Which stretches of a recording somebody asked to have removed, and what was decided: as long as there is a recording.');

create function live.heard_in(p_recording public.live_recordings, p_user uuid) returns tstzmultirange
language plpgsql stable set search_path = '' as $$
declare
  recorded tstzmultirange;
  heard tstzmultirange;
begin
  select range_agg(tstzrange(t.started_at, t.ended_at)) into recorded
    from public.live_recording_parts t where t.recording_id = p_recording.id and t.started_at is not null;
  select range_agg(x.stretch) into heard from (
    select tstzrange(a.minute, a.minute + interval '1 minute') as stretch from public.live_audio_stats a
     where a.session_id = p_recording.session_id and a.user_id = p_user and a.talk_seconds > 0
    union all
    select tstzrange(m.started_at, m.ended_at) from public.live_media m where m.session_id = p_recording.session_id and m.user_id = p_user) x;
  -- Where nobody measured, all the time that they were there and might have spoken.
  if heard is null then
    select range_agg(tstzrange(v.joined_at, v.left_at)) into heard
      from public.live_visits v
     where v.session_id = p_recording.session_id and v.user_id = p_user
       and exists (select from public.live_recording_consents c where c.session_id = v.session_id and c.user_id = p_user and c.agreed_at is not null);
  end if;
  return coalesce(recorded * heard, '{}');
end;
$$;
comment on function live.heard_in(public.live_recordings, uuid) is
  'When somebody may be heard or seen in a recording: the minutes in which they spoke, and a host''s media; without measurements their whole visits.';

create function live.ask_for_cuts(p_recording public.live_recordings, p_user uuid, p_why text) returns int
language plpgsql set search_path = '' as $$
declare
  asked int;
begin
  insert into public.live_recording_cuts (recording_id, user_id, why, from_at, to_at, decision, decided_at)
  select p_recording.id, p_user, p_why, lower(x), coalesce(upper(x), clock_timestamp()), case p_why when 'erased' then 'cut' end,
         case p_why when 'erased' then clock_timestamp() end
    from unnest(live.heard_in(p_recording, p_user)) x
   where lower(x) < coalesce(upper(x), clock_timestamp())
     and not exists (select from public.live_recording_cuts c where c.recording_id = p_recording.id and c.user_id = p_user and c.why = p_why
                        and c.from_at <= lower(x) and c.to_at >= upper(x));
  get diagnostics asked = row_count;
  return asked;
end;
$$;
comment on function live.ask_for_cuts(public.live_recordings, uuid, text) is 'Withholds what is heard of a person in a recording; how many stretches. The same again changes nothing.';

create function live.cut_who_withdrew() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.ask_for_cuts(r, new.user_id, 'withdrawn') from public.live_recordings r
    where r.session_id = new.session_id and r.state <> 'deleted' and r.active_at is not null;
  return null;
end;
$$;
comment on function live.cut_who_withdrew() is 'Trigger: what was recorded of who takes their consent back is withheld until the creator has decided.';
create trigger cut_who_withdrew after update of withdrawn_at on public.live_recording_consents
  for each row when (old.withdrawn_at is null and new.withdrawn_at is not null and old.agreed_at is not null) execute function live.cut_who_withdrew();

create function live.cut_late_withdrawals() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.ask_for_cuts(new, c.user_id, 'withdrawn')
     from (select distinct x.user_id from public.live_recording_consents x
            where x.session_id = new.session_id and x.agreed_at is not null and x.withdrawn_at >= new.active_at
              and not exists (select from public.live_recording_consents y
                               where y.session_id = x.session_id and y.user_id = x.user_id and y.withdrawn_at is null and y.agreed_at is not null)) c;
  perform live.ask_for_cuts(new, c.user_id, 'erased')
     from (select distinct x.user_id from public.live_recording_consents x
            where x.session_id = new.session_id and x.agreed_at is not null and live.account_gone(x.user_id)) c;
  return null;
end;
$$;
comment on function live.cut_late_withdrawals() is
  'Trigger: minutes are measured when they are over, so at the end of a recording it is looked again what was heard of who withdrew, or was erased, during it.';
create trigger cut_late_withdrawals after update of state on public.live_recordings
  for each row when (old.state <> new.state and new.state = 'ready') execute function live.cut_late_withdrawals();

create function live.shown_cuts(p_recording uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_object('from_at', live.instant(c.from_at), 'to_at', live.instant(c.to_at)) order by c.from_at), '[]')
            from public.live_recording_cuts c where c.recording_id = p_recording and c.decision is distinct from 'kept');
end;
$$;
comment on function live.shown_cuts(uuid) is 'The stretches of a recording that nobody is shown: [{from_at, to_at}].';
