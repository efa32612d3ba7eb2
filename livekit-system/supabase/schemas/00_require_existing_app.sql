-- Owns: the assertion that the existing app has every column that the live platform reads, in the type it reads.
-- Those tables are the app's: this platform alters neither them nor their policies.

do $$
declare
  missing text;
begin
  if current_setting('server_version_num')::int < 150000 then
    raise exception 'the live platform needs Postgres 15 or newer; this is %', current_setting('server_version')
      using hint = 'Upgrade the project (hosted Supabase: Settings, Infrastructure) and push again.';
  end if;
  select string_agg(format('%s.%s %s', need.tab, need.col, need.typ), ', ' order by need.tab, need.col)
    into missing
    from (values
      ('auth.users', 'id', 'uuid'),
      ('auth.users', 'is_anonymous', 'boolean'),
      ('auth.users', 'deleted_at', 'timestamp with time zone'),
      ('public.profiles', 'id', 'uuid'),
      ('public.profiles', 'username', 'text'),
      ('public.profiles', 'display_name', 'text'),
      ('public.profiles', 'type', null),
      ('public.profiles', 'is_creator', 'boolean'),
      ('public.creator_subscriptions', 'user_id', 'uuid'),
      ('public.creator_subscriptions', 'creator_id', 'uuid'),
      ('public.creator_subscriptions', 'status', null),
      ('public.creator_subscriptions', 'expires_at', 'timestamp with time zone'),
      ('public.subscriptions', 'user_id', 'uuid'),
      ('public.subscriptions', 'plan', null),
      ('public.subscriptions', 'status', null),
      ('public.subscriptions', 'expires_at', 'timestamp with time zone')
    ) as need (tab, col, typ)
   where not exists (
      select from pg_catalog.pg_attribute a
       where a.attrelid = to_regclass(need.tab)
         and a.attname = need.col
         and not a.attisdropped
         and (need.typ is null or replace(format_type(a.atttypid, null), 'character varying', 'text') = need.typ)
   );
  if missing is not null then
    raise exception 'the live platform reads columns that the existing app does not have: %', missing
      using hint = 'Apply the app''s own migrations first, or give these columns the type named here.';
  end if;
end;
$$;

-- Internal functions live here. The data API exposes schema public only, so nothing in it can be called from
-- outside; the roles need usage because policies and triggers name these functions.
create schema live;
comment on schema live is 'Internal functions and tables of the live platform; never exposed by the data API.';
revoke all on schema live from public;
grant usage on schema live to anon, authenticated, service_role;

create function live.refuse(p_status int, p_code text, p_message text) returns void
language plpgsql volatile set search_path = '' as $$
begin
  raise exception using errcode = 'PT' || p_status, message = p_message, hint = p_code;
end;
$$;
comment on function live.refuse is
  'Refuses: PostgREST answers with HTTP p_status, p_code is the hint that programs read, p_message is for people.';

-- What people write is shown to others, in lists, logs and notices: it may neither hide itself nor rearrange its surroundings.
create function live.text_fault(p_text text, p_most int, p_lines boolean default false) returns text
language plpgsql immutable set search_path = '' as $$
declare
  control constant text := case when p_lines then '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]'
                                else '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' end;
  -- Space of every kind, what has no width, fillers, selectors of variants and tags.
  unseen constant text := '[\s\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f'
                       || '\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]+';
begin
  return case
    when p_text is null or char_length(regexp_replace(p_text, unseen, '', 'g')) = 0
      then 'must have something in it that can be seen'
    when char_length(p_text) > p_most then format('must have %s characters at most', p_most)
    when p_text ~ control then 'must not have control characters in it'
    when p_text ~ '[\u202a-\u202e\u2066-\u2069]' then 'must not change the direction of writing'
  end;
end;
$$;
comment on function live.text_fault is
  'What is wrong with a text that people will read, in words; null when nothing is. It has 1 to p_most characters, none of '
  'control (p_lines: but tabs and ends of line), none that override the direction of writing, and one at least that can be seen.';

create function live.clean_text(p_text text, p_what text, p_most int, p_lines boolean default false) returns text
language plpgsql set search_path = '' as $$
declare
  cleaned constant text := btrim(p_text, E' \t\r\n');
  fault constant text := live.text_fault(cleaned, p_most, p_lines);
begin
  if fault is not null then
    perform live.refuse(400, 'invalid_text', format('%s %s.', p_what, fault));
  end if;
  return cleaned;
end;
$$;
comment on function live.clean_text is 'A text without the space around it; refuses one that live.text_fault faults. p_what: what it is, for the message.';

create function live.is_service() returns boolean
language plpgsql stable set search_path = '' as $$
begin
  -- The role setting is what PostgREST chose from the verified token; a definer function does not change it.
  -- 'none' and 'postgres' are direct connections (migrations, the SQL editor, the Supabase CLI's login roles), which
  -- PostgREST's own login never is.
  return current_setting('role') = 'service_role'
      or (current_setting('role') in ('none', 'postgres') and session_user <> 'authenticator');
end;
$$;
comment on function live.is_service is 'Whether trusted server code is calling: the service role or a direct connection.';
grant execute on function live.is_service() to anon, authenticated, service_role;

create function live.is_uuid(p_text text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return coalesce(p_text ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false);
end;
$$;
comment on function live.is_uuid is 'Whether a text is a uuid in its usual form, so that a cast will not fail. (Postgres 16 has pg_input_is_valid.)';
grant execute on function live.is_uuid(text) to anon, authenticated, service_role;

create function live.is_anonymous() returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return coalesce((auth.jwt() ->> 'is_anonymous')::boolean, false);
end;
$$;
comment on function live.is_anonymous is 'Whether the signed-in person is an anonymous sign-in.';
grant execute on function live.is_anonymous() to anon, authenticated, service_role;
