-- Owns: what ends with an account, from its mark: sessions, calls, presence, rights. One function does it, for the beat
-- and the sweep of the agents as for ops (erase_account).

create table public.erasures (
  user_id uuid primary key,
  requested_by uuid,
  requested_via text not null check (requested_via in ('account_deleted', 'erase_account', 'delete_my_account')),
  account_deleted_at timestamptz not null,
  finished_at timestamptz not null default clock_timestamp(),
  ended jsonb not null check (jsonb_typeof(ended) = 'object'),
  deleted jsonb not null check (jsonb_typeof(deleted) = 'object'),
  kept jsonb not null check (jsonb_typeof(kept) = 'object')
);
comment on table public.erasures is
  'The record of each deleted account: what ended with it, what was deleted, and what is kept under its bare id, and why.';
comment on column public.erasures.user_id is 'Whose account it was: from now on a tombstone, to which no name belongs.';
comment on column public.erasures.requested_by is 'The ops user who called erase_account; null when the account was deleted elsewhere, or by server code.';
comment on column public.erasures.requested_via is 'account_deleted: by the sign-in service (dashboard, admin API); delete_my_account: by the person; or erase_account.';
comment on column public.erasures.account_deleted_at is 'When the account was deleted.';
comment on column public.erasures.finished_at is 'When all of it was done.';
comment on column public.erasures.ended is 'What ended with it: how many sessions, calls, and stays in live rooms.';
comment on column public.erasures.deleted is 'Rows deleted, by table.';
comment on column public.erasures.kept is 'Rows kept, by table: {"rows", "why", "days"}; days from each row''s own age, left out where no clock deletes it.';
alter table public.erasures enable row level security;
grant select on public.erasures to authenticated, service_role;
create policy "ops see what was erased" on public.erasures for select to authenticated using ((select live.am_ops()));

-- ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.end_sessions_of(p_user uuid) returns int
language plpgsql set search_path = '' as $$
declare
  ended int;
begin
  update public.live_sessions s set status = 'ended', end_reason = 'account_deleted'
   where s.creator_id = p_user and s.status <> 'ended';
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_sessions_of(uuid) is 'Ends what a deleted account was hosting or had announced; how many. Tickets follow by the sweep.';

create function live.end_calls_of(p_user uuid) returns int
language plpgsql set search_path = '' as $$
declare
  ended int;
begin
  update public.calls c
     set status = case c.status when 'accepted' then 'ended' else 'cancelled' end, end_reason = 'account_deleted'
   where p_user in (c.caller_id, c.callee_id) and live.call_is_running(c.status);
  get diagnostics ended = row_count;
  return ended;
end;
$$;
comment on function live.end_calls_of(uuid) is 'Ends the calls of a deleted account; how many.';

create function live.put_out(p_user uuid) returns int
language plpgsql set search_path = '' as $$
declare
  stays int;
begin
  perform live.append_event(p.session_id, 'removed', jsonb_build_object('user_id', p_user))
     from public.live_participants p join public.live_sessions s on s.id = p.session_id and s.status = 'live'
    where p.user_id = p_user and p.is_online
    order by p.session_id;
  -- PERSON.removed says it already; the mark of change is what brings it to the agent.
  update public.live_participants p
     set hand_raised_at = null, invited_role = null, invited_by = null, invite_expires_at = null,
         desired_xid = pg_current_xact_id()
    from public.live_sessions s
   where p.user_id = p_user and s.id = p.session_id and s.status = 'live';
  get diagnostics stays = row_count;
  -- What they offered to others lapses with them.
  update public.live_participants p
     set invited_role = null, invited_by = null, invite_expires_at = null
    from public.live_sessions s
   where p.invited_by = p_user and s.id = p.session_id and s.status = 'live';
  return stays;
end;
$$;
comment on function live.put_out(uuid) is 'Has a deleted account removed from every live room; in how many it has a place.';

create function live.delete_rights_of(p_user uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  ops int;
  watches int;
  spending int;
begin
  delete from public.live_ops o where o.user_id = p_user;
  get diagnostics ops = row_count;
  delete from public.live_level_watches w where w.user_id = p_user;
  get diagnostics watches = row_count;
  delete from live.listens l where l.user_id = p_user;
  delete from live.names n where n.user_id = p_user;
  delete from live.looks l where p_user in (l.user_id, l.target_user_id);
  delete from live.wall_pictures w where w.user_id = p_user;
  delete from live.spending t where t.user_id = p_user;
  get diagnostics spending = row_count;
  return jsonb_build_object('live_ops', ops, 'live_level_watches', watches, 'spending', spending) || live.forget_consent(p_user) || live.forget_push(p_user) || live.forget_reports(p_user) || live.forget_names(p_user) || live.forget_recordings(p_user) || live.forget_notes(p_user);
end;
$$;
comment on function live.delete_rights_of(uuid) is 'Deletes what means nothing without the account: rows deleted, by table.';

create function live.kept_of(p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  kept jsonb;
  line record;
  n bigint;
begin
  for line in select d.table_name, d.why, d.setting from live.personal_data d where d.whose <> '{}' order by d.table_name loop
    execute format('select count(*) from %s t where %s', line.table_name, live.rows_of(p_user, line.table_name)) into n using p_user;
    if n > 0 then
      kept := coalesce(kept, '{}') || jsonb_build_object(split_part(line.table_name, '.', 2),
        jsonb_strip_nulls(jsonb_build_object('rows', n, 'why', line.why, 'days', live.setting(line.setting))));
    end if;
  end loop;
  return kept;
end;
$$;
comment on function live.kept_of(uuid) is 'What is kept of a deleted account under its bare id, why, and for how many days: {table: {rows, why, days}}; null when nothing is.';

create function live.end_account(p_user uuid, p_by uuid, p_via text) returns void
language plpgsql set search_path = '' as $$
declare
  mark live.gone_accounts;
  deleted jsonb;
  ended jsonb;
begin
  -- Sessions before people before calls, as everywhere.
  perform count(*) from (
    select s.id from public.live_sessions s
     where s.status <> 'ended' and (s.creator_id = p_user or exists (
             select from public.live_participants p
              where p.session_id = s.id and (p.user_id = p_user or p.invited_by = p_user)))
     order by s.id for no key update) locked;
  ended := jsonb_build_object('sessions', live.end_sessions_of(p_user), 'stays', live.put_out(p_user),
                              'calls', live.end_calls_of(p_user));
  deleted := live.delete_rights_of(p_user);
  update live.gone_accounts g set settled_at = clock_timestamp(), error = null
   where g.user_id = p_user returning * into mark;
  -- Settled again, the first record stands: what ended with the account ended then.
  insert into public.erasures (user_id, requested_by, requested_via, account_deleted_at, ended, deleted, kept)
  values (p_user, p_by, p_via, mark.marked_at, ended, deleted, coalesce(live.kept_of(p_user), '{}'))
  on conflict (user_id) do nothing;
end;
$$;
comment on function live.end_account(uuid, uuid, text) is
  'Ends everything that ends with an account, and records it: sessions, calls, stays, rights. The account has a mark. '
  'Doing it again is harmless.';

create function live.try_to_end_account(p_user uuid) returns boolean
language plpgsql security definer set search_path = '' set lock_timeout = '200ms' as $$
begin
  perform live.end_account(p_user, null, 'account_deleted');
  return true;
exception when others then
  update live.gone_accounts g
     set attempts = g.attempts + 1, error = sqlerrm,
         retry_at = clock_timestamp() + make_interval(secs => least(60, 0.25 * power(2, least(g.attempts, 10))))
   where g.user_id = p_user;
  return false;
end;
$$;
comment on function live.try_to_end_account(uuid) is
  'end_account for a sweep: what somebody else holds is not waited for, and what fails is tried again, ever later. Whether it is done.';

create function live.settle_accounts(p_within interval) returns int
language plpgsql security definer set search_path = '' as $$
declare
  until constant timestamptz := clock_timestamp() + p_within;
  account uuid;
  settled int := 0;
begin
  for account in
    select g.user_id from live.gone_accounts g
     where g.settled_at is null and g.retry_at <= clock_timestamp()
     -- Anonymous sign-ins are deleted by the thousand, and none of them hosts, speaks or calls. What fails again and again comes
     -- after all of them: many of those would use up the time of every beat.
     order by g.attempts > 8, g.was_anonymous, g.marked_at limit 200 for update skip locked
  loop
    settled := settled + live.try_to_end_account(account)::int;
    exit when clock_timestamp() > until;
  end loop;
  return settled;
end;
$$;
comment on function live.settle_accounts(interval) is
  'Ends what ends with deleted accounts that are marked and not settled, for so long; how many are. Called by every beat, '
  'and by the sweep.';

create function live.missed_accounts() returns table (user_id uuid)
language sql stable security definer set search_path = '' as $$
  select distinct x.id
    from (
      select s.creator_id as id from public.live_sessions s where s.status <> 'ended'
      union all
      select p.user_id from public.live_participants p join public.live_sessions s on s.id = p.session_id
       where s.status = 'live' and p.is_online
      union all
      select party.id from public.calls c cross join lateral (values (c.caller_id), (c.callee_id)) as party (id)
       where live.call_is_running(c.status)
      union all
      select o.user_id from public.live_ops o
    ) x
    left join auth.users u on u.id = x.id and u.deleted_at is null
   where u.id is null and not exists (select from live.gone_accounts g where g.user_id = x.id)
$$;
comment on function live.missed_accounts() is 'Deleted accounts that have no mark although something of theirs still runs: the trigger could not write it.';

insert into live.wake_marks (room) values ('missed accounts');

create function live.mark_missed_accounts() returns int
language plpgsql set search_path = '' as $$
declare
  marked int;
begin
  if not live.take_mark('missed accounts', interval '30 seconds') then
    return 0;
  end if;
  insert into live.gone_accounts (user_id) select m.user_id from live.missed_accounts() m on conflict do nothing;
  get diagnostics marked = row_count;
  return marked;
end;
$$;
comment on function live.mark_missed_accounts() is 'Marks what the trigger has missed, twice a minute; how many.';

-- ── erase_account ──────────────────────────────────────────────────────────────────────────────────────────────
create function public.erase_account(user_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  record public.erasures;
begin
  perform live.require_ops_or_service();
  if not live.is_or_was_account(erase_account.user_id) then
    perform live.refuse(404, 'unknown_user', 'There is no such account, and there was none.');
  end if;
  delete from auth.users u where u.id = erase_account.user_id;
  insert into live.gone_accounts as g (user_id) values (erase_account.user_id) on conflict do nothing;
  perform from live.gone_accounts g where g.user_id = erase_account.user_id for update;
  perform live.end_account(erase_account.user_id, auth.uid(), 'erase_account');
  select * into record from public.erasures e where e.user_id = erase_account.user_id;
  return to_jsonb(record);
end;
$$;
comment on function public.erase_account(uuid) is
  'Ops delete an account and end everything of it at once: its row of erasures. For one that is deleted already, the record '
  'of that. Undelivered tickets are paid back by the next sweep.';
grant execute on function public.erase_account(uuid) to authenticated, service_role;

-- ── delete_my_account ──────────────────────────────────────────────────────────────────────────────────────────
create function public.delete_my_account() returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := auth.uid();
begin
  if me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  -- Not require_account: a suspended account may leave as well, and a repeated request finds it gone already.
  delete from auth.users u where u.id = me;
  insert into live.gone_accounts as g (user_id) values (me) on conflict do nothing;
  perform from live.gone_accounts g where g.user_id = me for update;
  perform live.end_account(me, null, 'delete_my_account');
  return jsonb_build_object('deleted', true);
end;
$$;
comment on function public.delete_my_account() is
  'The caller deletes their own account, for good, and everything of it ends at once: {deleted}. The access token is refused from then on. '
  'Undelivered tickets are paid back by the next sweep.';
grant execute on function public.delete_my_account() to authenticated;
