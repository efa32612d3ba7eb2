-- Owns: roles and ranks. live_roles is the one list of them: everything else here, and what other languages know of roles,
-- is read or written from its rows. A new role is a row.

create table public.live_roles (
  context text not null check (context in ('video_live', 'audio_room', 'call')),
  role text not null check (role ~ '^[a-z][a-z_]{1,29}$'),
  rank int not null check (rank between 1 and 99),
  can_publish_sources text[] not null
    check (can_publish_sources <@ array['camera', 'microphone', 'screen_share', 'screen_share_audio']),
  can_subscribe boolean not null default true,
  staff boolean not null default false,
  arrives boolean not null default false,
  token_publishes boolean not null default false,
  grants_below int not null default 0,
  name_en text not null check (length(name_en) between 1 and 40),
  name_tr text not null check (length(name_tr) between 1 and 40),
  primary key (context, role)
);
comment on table public.live_roles is 'What a role may do in which kind of room: the one table that edge functions and the agent both read.';
comment on column public.live_roles.context is 'Kind of room: a session''s type (video_live or audio_room), or call.';
comment on column public.live_roles.role is 'Name of the role.';
comment on column public.live_roles.rank is 'Nobody acts on a higher or equal rank. Ops stand above every rank: live.rank_of_ops().';
comment on column public.live_roles.can_publish_sources is 'LiveKit track sources that the role may publish: camera, microphone, screen_share, screen_share_audio; empty means none.';
comment on column public.live_roles.can_subscribe is 'Whether the role may receive media.';
comment on column public.live_roles.staff is
  'Whether it moderates: no ticket is asked of it, mute_all spares it, it sees levels. live_participants.staff follows it.';
comment on column public.live_roles.arrives is 'Whether someone new gets this role.';
comment on column public.live_roles.token_publishes is
  'Whether the token itself carries the right to publish. All others get it from the agent at the join.';
comment on column public.live_roles.grants_below is 'It gives roles below this rank only; 0: it gives none.';
comment on column public.live_roles.name_en is 'What people call it, in English.';
comment on column public.live_roles.name_tr is 'What people call it, in Turkish.';
create unique index live_roles_arrives on public.live_roles (context) where arrives;
alter table public.live_roles enable row level security;
create policy "roles are public" on public.live_roles for select to anon, authenticated using (true);
grant select on public.live_roles to anon, authenticated, service_role;

insert into public.live_roles (context, role, rank, can_publish_sources, staff, arrives, token_publishes, grants_below,
                               name_en, name_tr) values
  ('video_live', 'host', 50, '{camera,microphone,screen_share,screen_share_audio}', true, false, true, 50, 'host', 'sunucu'),
  ('video_live', 'co_host', 40, '{camera,microphone}', true, false, false, 30, 'co-host', 'yardımcı sunucu'),
  ('video_live', 'moderator', 30, '{}', true, false, false, 30, 'moderator', 'moderatör'),
  ('video_live', 'speaker', 20, '{camera,microphone}', false, false, false, 0, 'speaker', 'konuşmacı'),
  ('video_live', 'listener', 10, '{}', false, false, false, 0, 'listener', 'dinleyici'),
  ('video_live', 'viewer', 10, '{}', false, true, false, 0, 'viewer', 'izleyici'),
  ('audio_room', 'host', 50, '{microphone}', true, false, true, 50, 'host', 'sunucu'),
  ('audio_room', 'co_host', 40, '{microphone}', true, false, false, 30, 'co-host', 'yardımcı sunucu'),
  ('audio_room', 'moderator', 30, '{microphone}', true, false, false, 30, 'moderator', 'moderatör'),
  ('audio_room', 'speaker', 20, '{microphone}', false, false, false, 0, 'speaker', 'konuşmacı'),
  ('audio_room', 'listener', 10, '{}', false, true, false, 0, 'listener', 'dinleyici'),
  ('audio_room', 'viewer', 10, '{}', false, false, false, 0, 'viewer', 'izleyici'),
  ('call', 'party', 50, '{camera,microphone}', false, true, true, 0, 'party', 'taraf');

create function live.rank_of(p_context text, p_role text) returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select r.rank from public.live_roles r where r.context = p_context and r.role = p_role);
end;
$$;
comment on function live.rank_of is 'Rank of a role in a kind of room; null when the role does not exist there.';

create function live.require_role(p_context text, p_role text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if p_role is not null and p_context is not null and live.rank_of(p_context, p_role) is null then
    raise exception check_violation using message = format('%s has no role %s', p_context, p_role);
  end if;
end;
$$;
comment on function live.require_role is 'Refuses a role that live_roles does not have there; null, and an unknown place, are not its business.';

create function live.is_staff(p_context text, p_role text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select r.staff from public.live_roles r where r.context = p_context and r.role = p_role);
end;
$$;
comment on function live.is_staff is 'Whether a role moderates in a kind of room; null when the role does not exist there.';

create function live.default_role(p_context text) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select r.role from public.live_roles r where r.context = p_context and r.arrives);
end;
$$;
comment on function live.default_role is 'The role of someone new in a kind of room.';

create function live.rank_of_ops() returns int
language plpgsql immutable set search_path = '' as $$
begin
  return 100;
end;
$$;
comment on function live.rank_of_ops is 'The rank of ops, which is no role: above every rank that a role may have.';
-- A default of columns that server code may leave out.
grant execute on function live.rank_of_ops() to service_role;

create function live.host_rank() returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select max(r.rank) from public.live_roles r);
end;
$$;
comment on function live.host_rank is 'The highest rank of a role: hosts, and the sides of a call.';

create function live.staff_rank() returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select min(r.rank) from public.live_roles r where r.staff);
end;
$$;
comment on function live.staff_rank is 'From this rank on somebody moderates.';

create function live.grants_below(p_rank int) returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return case when p_rank >= live.rank_of_ops() then p_rank
              else coalesce((select max(r.grants_below) from public.live_roles r where r.rank <= p_rank), 0) end;
end;
$$;
comment on function live.grants_below is 'Roles below this rank are what somebody of rank p_rank may give; ops may give every role.';

create function live.audience_rank() returns int
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select min(r.rank) from public.live_roles r);
end;
$$;
comment on function live.audience_rank is 'The rank of the audience, those who only watch and listen.';
