-- Owns: finding people by name (live.names): a folded copy of the names of everybody who has been in a session, refreshed when
-- they join and while they are there. The app's own tables get no index and no trigger.

create function live.searchable(p_text text) returns text
language plpgsql immutable set search_path = '' as $$
declare
  -- What is not seen, and what is put over letters.
  unseen constant text := '[\u00ad\u0300-\u036f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]';
begin
  -- Turkish letters first, as long as they are one character each; then every other mark comes off.
  return btrim(regexp_replace(regexp_replace(lower(normalize(
           live.plain_letters(live.lower_turkish(regexp_replace(normalize(coalesce(p_text, ''), nfkc), unseen, '', 'g'))), nfkd)),
         unseen, '', 'g'), '\s+', ' ', 'g'));
end;
$$;
comment on function live.searchable(text) is
  'A text as it is searched for: small letters without marks, ı, I, İ and i alike, without what is not seen.';

create table live.names (
  user_id uuid primary key,
  folded text not null,
  looked_at timestamptz not null
);
comment on table live.names is 'Names of people who have been in a session, as they are searched for.';
comment on column live.names.user_id is 'The person.';
comment on column live.names.folded is 'Display name and username by live.searchable, a line each.';
comment on column live.names.looked_at is 'When the app''s table was looked at for it.';
create index names_by_age on live.names (looked_at);
alter table live.names enable row level security;
insert into live.personal_data (table_name, others, why) values
  ('live.names', '{user_id}',
   'A copy of names for the search of moderators: deleted with the account. Not exported: the app''s own table says the same.');

create function live.learn_names(p_users uuid[]) returns void
language plpgsql security definer set search_path = '' as $$
begin
  insert into live.names as n (user_id, folded, looked_at)
  select f.id, concat_ws(E'\n', live.searchable(f.display_name), live.searchable(f.username)), clock_timestamp()
    from public.profiles f where f.id = any(p_users)
   order by f.id
  on conflict (user_id) do update set folded = excluded.folded, looked_at = excluded.looked_at;
end;
$$;
comment on function live.learn_names(uuid[]) is 'Reads the names of these people anew.';

create function live.learn_name() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform live.learn_names(array[new.user_id]);
  return null;
end;
$$;
comment on function live.learn_name() is 'Trigger: somebody who joins is found by the name of now.';
create trigger learn_name after insert on public.live_participants for each row execute function live.learn_name();
create trigger learn_name_again after update of last_joined_at on public.live_participants
  for each row when (old.last_joined_at is distinct from new.last_joined_at) execute function live.learn_name();

create function live.refresh_names() returns void
language plpgsql security definer set search_path = '' as $$
begin
  -- A rename says nothing to us: of those who are there the names are read again every few minutes, some at a time.
  perform live.learn_names(array(
    select n.user_id from live.names n
     where n.looked_at < clock_timestamp() - interval '5 minutes'
       and exists (select from public.live_participants p where p.user_id = n.user_id and p.is_online)
     order by n.looked_at limit 100));
end;
$$;
comment on function live.refresh_names() is 'Reads the oldest hundred names of those who are in a room anew. Called by the sweep.';

create function public.find_people(search text, "limit" int default 30) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  wanted constant text := live.searchable(find_people.search);
begin
  perform live.require_ops();
  if length(wanted) < 2 then
    return '[]';
  end if;
  return (
    select coalesce(jsonb_agg(live.card(m.user_id)
             || jsonb_build_object('username', (select f.username from public.profiles f where f.id = m.user_id)) order by m.place, m.folded), '[]')
      from (select n.user_id, n.folded,
                   case when n.user_id::text = wanted then 0 when n.folded like wanted || '%' then 1 else 2 end as place
              from live.names n
             where position(wanted in n.folded) > 0 or n.user_id::text = wanted
                or (length(wanted) >= 4 and left(n.user_id::text, length(wanted)) = wanted)
             order by 3, n.folded limit least(greatest(coalesce(find_people."limit", 30), 1), 100)) m);
end;
$$;
comment on function public.find_people(text, int) is
  'People who have been in a session, for ops, by a part of their name or username or the beginning of their id, whatever the letters'' marks and case: '
  '[{id, name, avatar, username}].';
grant execute on function public.find_people(text, int) to authenticated;
