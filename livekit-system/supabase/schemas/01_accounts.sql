-- Owns: which accounts are gone, and the marks that say so. Nothing of ours hangs on auth.users by a foreign key: a deleted
-- account leaves its id behind, as a tombstone, in evidence, money and statistics. What has to end with it is ended from
-- its mark, by a sweep; until then everybody's doors ask account_gone, which needs no mark.

create table live.gone_accounts (
  user_id uuid primary key,
  marked_at timestamptz not null default clock_timestamp(),
  was_anonymous boolean not null default false,
  settled_at timestamptz,
  attempts int not null default 0,
  retry_at timestamptz not null default '-infinity',
  error text
);
comment on table live.gone_accounts is
  'Deleted accounts: written by the trigger on auth.users, and settled by the sweep. A row is kept as long as the tombstones are.';
comment on column live.gone_accounts.user_id is 'Whose account it was.';
comment on column live.gone_accounts.marked_at is 'When it was deleted.';
comment on column live.gone_accounts.was_anonymous is 'Whether it was an anonymous sign-in.';
comment on column live.gone_accounts.settled_at is 'When everything that ends with it had ended; null while that is under way.';
comment on column live.gone_accounts.attempts is 'How often settling it has failed.';
comment on column live.gone_accounts.retry_at is 'Not to be tried again before this.';
comment on column live.gone_accounts.error is 'Why it failed last.';
create index gone_accounts_unsettled on live.gone_accounts ((attempts > 8), was_anonymous, marked_at) where settled_at is null;
alter table live.gone_accounts enable row level security;

create function live.account_gone(p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return p_user is not null
     and not exists (select from auth.users u where u.id = p_user and u.deleted_at is null);
end;
$$;
comment on function live.account_gone(uuid) is
  'Whether an account is deleted, for good or by a soft deletion. Asks auth.users itself, so that it is right from the '
  'deletion on and whatever became of the mark. False for null.';
grant execute on function live.account_gone(uuid) to service_role;

create function live.is_or_was_account(p_user uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from auth.users u where u.id = p_user)
      or exists (select from live.gone_accounts g where g.user_id = p_user);
end;
$$;
comment on function live.is_or_was_account(uuid) is 'Whether this id is, or was, somebody''s: what is reported of them is theirs.';

create function live.refuse_deleted(p_user uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
  if live.account_gone(p_user) then
    perform live.refuse(401, 'account_deleted', 'This account was deleted.');
  end if;
end;
$$;
comment on function live.refuse_deleted(uuid) is 'Refuses a deleted account, whose token is good until it expires; nobody else, and not null.';

-- The sign-in service deletes as a role of its own, and must be able to whatever becomes of us: what is not marked here
-- is found by the sweep.
create function live.mark_deleted_accounts() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into live.gone_accounts (user_id, was_anonymous)
  select o.id, coalesce(o.is_anonymous, false) from old_rows o
  on conflict (user_id) do nothing;
  return null;
exception when others then
  raise warning 'the live platform could not mark deleted accounts: %', sqlerrm;
  return null;
end;
$$;
comment on function live.mark_deleted_accounts() is 'Trigger: marks deleted accounts, and never fails.';
create trigger live_mark_deleted_accounts after delete on auth.users
  referencing old table as old_rows for each statement execute function live.mark_deleted_accounts();

create function live.mark_soft_deleted_account() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into live.gone_accounts (user_id, was_anonymous) values (new.id, coalesce(new.is_anonymous, false))
  on conflict (user_id) do nothing;
  return null;
exception when others then
  raise warning 'the live platform could not mark a deleted account: %', sqlerrm;
  return null;
end;
$$;
comment on function live.mark_soft_deleted_account() is
  'Trigger: an account that the admin API deletes softly keeps its row, and is as deleted as any other. Never fails.';
create trigger live_mark_soft_deleted_account after update of deleted_at on auth.users
  for each row when (old.deleted_at is null and new.deleted_at is not null)
  execute function live.mark_soft_deleted_account();
