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
revoke execute on function live.refuse(int, text, text) from public, anon, authenticated;

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
revoke execute on function live.is_service() from public, anon, authenticated;
grant execute on function live.is_service() to anon, authenticated, service_role;

create function live.is_uuid(p_text text) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  return coalesce(p_text ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false);
end;
$$;
comment on function live.is_uuid is 'Whether a text is a uuid in its usual form, so that a cast will not fail. (Postgres 16 has pg_input_is_valid.)';
revoke execute on function live.is_uuid(text) from public, anon, authenticated;
grant execute on function live.is_uuid(text) to anon, authenticated, service_role;

create function live.is_anonymous() returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return coalesce((auth.jwt() ->> 'is_anonymous')::boolean, false);
end;
$$;
comment on function live.is_anonymous is 'Whether the signed-in person is an anonymous sign-in.';
revoke execute on function live.is_anonymous() from public, anon, authenticated;
grant execute on function live.is_anonymous() to anon, authenticated, service_role;
