-- Owns: how often a person may do a limited thing in a minute (app_settings.limits).

create function live.spend(p_user uuid, p_limit text) returns void
language plpgsql set search_path = '' as $$
declare
  allowed double precision := live.limit_of(p_limit);
  spent int;
begin
  if allowed is null or p_user is null then
    return;
  end if;
  insert into live.spending as t (user_id, name, minute, count)
  values (p_user, p_limit, date_trunc('minute', clock_timestamp()), 1)
  on conflict (user_id, name) do update set
    count = case when t.minute = excluded.minute then t.count + 1 else 1 end, minute = excluded.minute
  returning count into spent;
  if spent > allowed then
    perform live.refuse(429, 'rate_limited', 'Too many in one minute: wait a moment and try again.');
  end if;
end;
$$;
comment on function live.spend is 'Counts one use of a rate of app_settings.limits; refuses with rate_limited beyond it. Refused uses are not counted.';

create table live.spending (
  user_id uuid not null,
  name text not null,
  minute timestamptz not null,
  count int not null,
  primary key (user_id, name)
);
comment on table live.spending is 'How often a person has used each limited thing in the current minute.';
comment on column live.spending.user_id is 'The person.';
comment on column live.spending.name is 'Name of the limit.';
comment on column live.spending.minute is 'The minute that is counted.';
comment on column live.spending.count is 'Uses in that minute.';
alter table live.spending enable row level security;
