-- The part of the existing app's database that the live platform reads, for local stacks and tests only.
-- Never pushed: in production these tables, their policies and their triggers belong to the app.

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  username text not null unique,
  display_name text,
  avatar_url text,
  type text not null default 'user' check (type in ('user', 'creator', 'admin')),
  is_creator boolean not null default false,
  created_at timestamptz not null default now()
);

create table public.creator_subscriptions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.profiles (id) on delete cascade,
  creator_id uuid not null references public.profiles (id) on delete cascade,
  status text not null default 'active' check (status in ('active', 'cancelled', 'expired', 'past_due')),
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  unique (user_id, creator_id)
);

create table public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.profiles (id) on delete cascade,
  plan text not null default 'free',
  status text not null default 'active' check (status in ('active', 'cancelled', 'expired', 'past_due')),
  expires_at timestamptz,
  created_at timestamptz not null default now()
);
create index on public.subscriptions (user_id);

alter table public.profiles enable row level security;
alter table public.creator_subscriptions enable row level security;
alter table public.subscriptions enable row level security;

create policy "profiles are public" on public.profiles for select to anon, authenticated using (true);
create policy "own profile is editable" on public.profiles for update to authenticated
  using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy "both sides see a creator subscription" on public.creator_subscriptions for select to authenticated
  using ((select auth.uid()) in (user_id, creator_id));
create policy "own plan is visible" on public.subscriptions for select to authenticated
  using (user_id = (select auth.uid()));

grant select on public.profiles to anon, authenticated;
grant update (username, display_name, avatar_url) on public.profiles to authenticated;
grant select on public.creator_subscriptions, public.subscriptions to authenticated;
grant select, insert, update, delete on public.profiles, public.creator_subscriptions, public.subscriptions
  to service_role;

-- As most Supabase apps do: a sign-up brings its profile. Anonymous sign-ins have none.
create function public.handle_new_user() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if not coalesce(new.is_anonymous, false) then
    insert into public.profiles (id, username, display_name)
    values (
      new.id,
      coalesce(new.raw_user_meta_data ->> 'username', 'user_' || replace(new.id::text, '-', '')),
      new.raw_user_meta_data ->> 'display_name'
    );
  end if;
  return new;
end;
$$;
revoke execute on function public.handle_new_user() from public, anon, authenticated;
create trigger on_auth_user_created after insert on auth.users
  for each row execute function public.handle_new_user();
