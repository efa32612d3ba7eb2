-- Owns: what a person decides about others: whom they have blocked, and who may call them. Ids only, as everywhere: a
-- deleted account leaves no block behind (live.forget_consent).

create table public.user_blocks (
  user_id uuid not null,
  blocked_id uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (user_id, blocked_id),
  check (user_id <> blocked_id)
);
comment on table public.user_blocks is
  'Who has blocked whom. Between the two, in both directions, there are no calls, no invitations, no hands raised to the one as host, and no chat shown.';
comment on column public.user_blocks.user_id is 'Who blocks.';
comment on column public.user_blocks.blocked_id is 'Who is blocked; never told.';
comment on column public.user_blocks.created_at is 'Since when.';
create index user_blocks_of_blocked on public.user_blocks (blocked_id);
alter table public.user_blocks enable row level security;
grant select, delete on public.user_blocks to service_role;
grant select on public.user_blocks to authenticated;
create policy "one sees whom one has blocked" on public.user_blocks for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops()));

create table public.call_preferences (
  user_id uuid primary key,
  calls_from text not null check (calls_from in ('everyone', 'followed', 'nobody')),
  updated_at timestamptz not null default clock_timestamp()
);
comment on table public.call_preferences is 'Who may call a person, where they have said so; everyone else may be called by everyone.';
comment on column public.call_preferences.user_id is 'Who is called.';
comment on column public.call_preferences.calls_from is
  'everyone, followed (the creators whose subscriber the callee is) or nobody.';
comment on column public.call_preferences.updated_at is 'When they said so.';
alter table public.call_preferences enable row level security;
grant select, delete on public.call_preferences to service_role;
grant select on public.call_preferences to authenticated;
create policy "one sees one's own wish" on public.call_preferences for select to authenticated
  using (user_id = (select auth.uid()) or (select live.am_ops()));

create function live.blocked(p_one uuid, p_other uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from public.user_blocks b
                  where (b.user_id, b.blocked_id) in ((p_one, p_other), (p_other, p_one)));
end;
$$;
comment on function live.blocked(uuid, uuid) is 'Whether either of two people has blocked the other.';

create function live.my_blocks() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return query
    select b.blocked_id from public.user_blocks b where b.user_id = (select auth.uid())
    union
    select b.user_id from public.user_blocks b where b.blocked_id = (select auth.uid());
end;
$$;
comment on function live.my_blocks is 'Everybody between whom and the caller a block stands; asked once per query.';
grant execute on function live.my_blocks() to authenticated;

create function live.subscribes(p_user uuid, p_creator uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (
    select from public.creator_subscriptions c
     where c.user_id = p_user and c.creator_id = p_creator and c.status::text = 'active'
       and (c.expires_at is null or c.expires_at > clock_timestamp()));
end;
$$;
comment on function live.subscribes(uuid, uuid) is 'Whether somebody has an active subscription to a creator.';

create function live.follows(p_follower uuid, p_creator uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return live.subscribes(p_follower, p_creator);
end;
$$;
comment on function live.follows(uuid, uuid) is
  'Whether one follows the other. The app has no table of followers, so this is an active subscription to the creator.';

create function live.accepts_calls_from(p_callee uuid, p_caller uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return not live.blocked(p_callee, p_caller) and case (
      select w.calls_from from public.call_preferences w where w.user_id = p_callee)
    when 'nobody' then false
    when 'followed' then live.follows(p_callee, p_caller)
    else true end;
end;
$$;
comment on function live.accepts_calls_from(uuid, uuid) is 'Whether a person lets another call them, by their blocks and their wish.';

create function live.forget_consent(p_user uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  blocks int;
  wishes int;
begin
  delete from public.user_blocks b where p_user in (b.user_id, b.blocked_id);
  get diagnostics blocks = row_count;
  delete from public.call_preferences w where w.user_id = p_user;
  get diagnostics wishes = row_count;
  return jsonb_build_object('user_blocks', blocks, 'call_preferences', wishes);
end;
$$;
comment on function live.forget_consent(uuid) is 'Deletes the blocks and the wish of an account that is deleted, and the blocks against it: rows deleted, by table.';
