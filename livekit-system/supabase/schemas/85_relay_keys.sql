-- Owns: revoking a key of the relay.

create function public.revoke_relay_key(kid text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  key public.relay_keys;
begin
  perform live.require_ops_or_service();
  update public.relay_keys k set revoked_at = coalesce(k.revoked_at, clock_timestamp())
   where k.kid = revoke_relay_key.kid returning * into key;
  if key.kid is null then
    perform live.refuse(404, 'unknown_key', 'There is no key with this kid.');
  end if;
  return to_jsonb(key);
end;
$$;
comment on function public.revoke_relay_key(text) is
  'Revokes a key of the relay, for ops: returns its row of relay_keys. Its worker makes a new one within seconds; clients '
  'refuse packets signed with the old one as soon as they read the keys again, and take what they miss from the database.';
grant execute on function public.revoke_relay_key(text) to authenticated, service_role;
