-- Owns: the second person behind a long ban: it acts at once for some days, and longer once another operator confirms it.

alter table public.live_bans add column wanted_until timestamptz;
comment on column public.live_bans.wanted_until is
  'Until when the operator wanted it (infinity = for ever) while a second one has not confirmed that; null when nothing is left to confirm.';
create index live_bans_to_confirm on public.live_bans (created_at) where wanted_until is not null and lifted_at is null;

alter table public.moderation_actions add column confirmed_by uuid;
comment on column public.moderation_actions.confirmed_by is
  'Who of ops confirmed a long platform ban: requested_by themself where there was no other operator.';

create function live.shorten_ban() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  most constant timestamptz := clock_timestamp() + make_interval(days => (live.setting('bans.second_person_days'))::int);
begin
  -- What server code does without naming a person is the company's own decision.
  if exists (select from public.moderation_actions a where a.id = new.action_id and a.requested_by is not null)
     and coalesce(new.expires_at, 'infinity') > most then
    new.wanted_until := coalesce(new.expires_at, 'infinity');
    new.expires_at := most;
  end if;
  return new;
end;
$$;
comment on function live.shorten_ban() is 'Trigger: a platform ban by one operator acts for bans.second_person_days; the rest waits for a second one.';
create trigger shorten_ban before insert on public.live_bans
  for each row when (new.scope = 'platform' and new.action_id is not null) execute function live.shorten_ban();

create function public.confirm_ban(ban_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
  item public.live_bans;
begin
  select * into item from public.live_bans b where b.id = confirm_ban.ban_id for update;
  if item.id is null or item.lifted_at is not null or item.user_id = me then
    perform live.refuse(404, 'unknown_ban', 'There is no such ban that stands.');
  elsif item.wanted_until is null then
    perform live.refuse(409, 'nothing_to_confirm', 'This ban needs no second person.');
  elsif live.other_ops_exist(me, item.user_id) and exists (
      select from public.moderation_actions a where a.id = item.action_id and a.requested_by = me) then
    perform live.refuse(403, 'own_decision', 'You made this ban: another operator confirms it.');
  end if;
  update public.live_bans b set expires_at = nullif(item.wanted_until, 'infinity'), wanted_until = null where b.id = item.id;
  update public.moderation_actions a set confirmed_by = me where a.id = item.action_id;
  return jsonb_build_object('ban_id', item.id, 'expires_at', nullif(item.wanted_until, 'infinity'));
end;
$$;
comment on function public.confirm_ban(uuid) is 
  'Confirms a long platform ban as a second operator: {ban_id, expires_at}, null = for ever. Refuses own_decision while there is another '
  'operator; confirmed_by of the ban''s action says who did.';
grant execute on function public.confirm_ban(uuid) to authenticated;
