-- Owns: the pictures on the wall: one still of a live video session, taken by the speech process where pictures are switched on, and only
-- while somebody of ops has the wall open. It is overwritten by the next and gone a minute after the last look.

create table live.wall_watches (
  session_id uuid primary key references public.live_sessions (id) on delete cascade,
  until timestamptz not null
);
comment on table live.wall_watches is 'Of which sessions somebody looks at a picture on the wall now.';
comment on column live.wall_watches.session_id is 'The session.';
comment on column live.wall_watches.until is 'The lease: each look at the wall renews it.';
alter table live.wall_watches enable row level security;

-- Unlogged: neither a backup nor a replica ever has a picture.
create unlogged table live.wall_pictures (
  session_id uuid primary key,
  user_id uuid not null,
  looked_at timestamptz not null,
  state text not null check (state in ('shown', 'black', 'frozen')),
  since timestamptz not null,
  taken_at timestamptz,
  jpeg bytea check (octet_length(jpeg) between 4 and 65536)
);
comment on table live.wall_pictures is 'The latest still of a session, while somebody looks at the wall.';
comment on column live.wall_pictures.session_id is 'The session.';
comment on column live.wall_pictures.user_id is 'Whose camera.';
comment on column live.wall_pictures.looked_at is 'When the speech process looked last.';
comment on column live.wall_pictures.state is 'shown; black: nothing in it is light; frozen: the camera is on and no frame comes.';
comment on column live.wall_pictures.since is 'Since when it is so.';
comment on column live.wall_pictures.taken_at is 'When the picture was taken; null without one.';
comment on column live.wall_pictures.jpeg is 'The picture, at most 64 KiB; null where the last one is older than a minute.';
create index wall_pictures_of_user on live.wall_pictures (user_id);
alter table live.wall_pictures enable row level security;
insert into live.personal_data (table_name, others, why) values
  ('live.wall_pictures', '{user_id}',
   'One still of a camera while somebody of ops has the wall open: deleted by the sweep a minute later. Not exported: it is gone before it is read.');
insert into live.personal_data (table_name, why) values
  ('live.wall_watches', 'Holds nothing about a person: which sessions the wall shows now.');

create function live.is_on_a_wall(p_session uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (select from live.wall_watches w where w.session_id = p_session and w.until > clock_timestamp());
end;
$$;
comment on function live.is_on_a_wall(uuid) is 'Whether somebody of ops has the wall open with this session on it.';

create function public.wall_pictures(session_ids uuid[]) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  at_most constant int := 12;
  looks constant boolean := (live.setting('pictures.enabled'))::boolean;
begin
  perform live.require_ops();
  if cardinality(wall_pictures.session_ids) > at_most then
    perform live.refuse(400, 'invalid_choice', format('Name %s sessions at most.', at_most));
  end if;
  if looks then
    insert into live.wall_watches as w (session_id, until)
    select s.id, clock_timestamp() + interval '20 seconds' from public.live_sessions s
     where s.id = any (wall_pictures.session_ids) and s.status = 'live' and s.type = 'video_live' order by s.id
    on conflict (session_id) do update set until = excluded.until;
  end if;
  return jsonb_build_object('on', looks, 'pictures', (
    select coalesce(jsonb_agg(jsonb_build_object('session_id', p.session_id, 'user_id', p.user_id, 'state', p.state, 'since', live.instant(p.since),
                                                 'taken_at', live.instant(p.taken_at), 'jpeg', translate(encode(p.jpeg, 'base64'), E'\n', ''))), '[]')
      from live.wall_pictures p
      join public.live_sessions s on s.id = p.session_id and s.status = 'live'
     where looks and p.session_id = any (wall_pictures.session_ids) and p.looked_at > clock_timestamp() - interval '1 minute'));
end;
$$;
comment on function public.wall_pictures(uuid[]) is
  'For ops: the latest still of each of some live video sessions, 12 at most, where pictures are switched on: {on, pictures: [{session_id, user_id, state, since, '
  'taken_at, jpeg (base64)}]}; state: shown, black, frozen. Asking has them taken for the next 20 s. Refuses ops_only, invalid_choice.';
grant execute on function public.wall_pictures(uuid[]) to authenticated;

create function live.shows_the_last(p_last live.wall_pictures, p_user uuid) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  return p_last.user_id = p_user and p_last.taken_at > clock_timestamp() - interval '1 minute';
end;
$$;
comment on function live.shows_the_last(live.wall_pictures, uuid) is
  'Whether the picture that is there may stay where no new one came: it is of the same camera, and not older than a minute.';

create function public.picture_shown(p_worker text, p_room text, p_user uuid, p_at timestamptz, p_jpeg text, p_state text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  session constant public.live_sessions := live.speech_place(p_worker, p_room);
begin
  if session.id is null or session.type <> 'video_live' or not (live.setting('pictures.enabled'))::boolean or not live.is_on_a_wall(session.id)
      or not exists (select from public.live_participants p where p.session_id = session.id and p.user_id = p_user and p.is_online) then
    return jsonb_build_object('ok', false, 'error', 'no_cause');
  end if;
  -- One picture a session: the host's, and another's only where the host has shown none for a while.
  insert into live.wall_pictures as w (session_id, user_id, looked_at, state, since, taken_at, jpeg)
  values (session.id, p_user, clock_timestamp(), p_state, least(p_at, clock_timestamp()),
          case when p_jpeg is not null then least(p_at, clock_timestamp()) end, decode(p_jpeg, 'base64'))
  on conflict (session_id) do update
     set user_id = excluded.user_id, looked_at = excluded.looked_at, state = excluded.state,
         since = case when w.user_id = excluded.user_id and w.state = excluded.state then least(w.since, excluded.since) else excluded.since end,
         taken_at = coalesce(excluded.taken_at, case when live.shows_the_last(w, p_user) then w.taken_at end),
         jpeg = coalesce(excluded.jpeg, case when live.shows_the_last(w, p_user) then w.jpeg end)
   where excluded.user_id = session.creator_id or w.user_id = excluded.user_id or w.looked_at < clock_timestamp() - interval '45 seconds';
  return jsonb_build_object('ok', true);
end;
$$;
comment on function public.picture_shown(text, text, uuid, timestamptz, text, text) is
  'For the speech process: how a camera of a session looks that somebody has on the wall: shown or black with a still (base64 of a JPEG, 64 KiB at most), or '
  'frozen since p_at without one: {"ok", "error"?: no_cause}.';
grant execute on function public.picture_shown(text, text, uuid, timestamptz, text, text) to service_role, live_speech;

create function live.sweep_wall() returns void
language plpgsql set search_path = '' as $$
begin
  delete from live.wall_watches w where w.until < clock_timestamp() - interval '1 minute';
  delete from live.wall_pictures p where p.looked_at < clock_timestamp() - interval '1 minute';
end;
$$;
comment on function live.sweep_wall() is 'Deletes pictures that nobody looks at any more.';
