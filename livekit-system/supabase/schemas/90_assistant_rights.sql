-- Owns: what the assistants' server asks first of all: who is this, and what are they in this session?

create function public.my_rights(session_id uuid default null) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  me uuid := auth.uid();
  session public.live_sessions;
begin
  if live.is_service() then
    return jsonb_build_object('caller', 'service', 'user_id', null, 'staff', true);
  elsif me is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  select * into session from public.live_sessions s where s.id = my_rights.session_id;
  return jsonb_build_object(
    'user_id', me,
    'caller', case when live.is_anonymous() then 'anonymous'
                   when live.kept_out(me, null, null) then 'banned'
                   when live.is_ops(me) then 'ops'
                   else 'user' end,
    'staff', session.id is not null and not live.kept_out(me, session.id, session.creator_id)
             and live.rank_in(session.id, me) >= live.staff_rank());
end;
$$;
comment on function public.my_rights is
  'Who the caller is: {user_id, caller, staff}; caller = service, ops, user, anonymous or banned (also a deleted account); '
  'staff = whether they are host, co-host or moderator of this session, or ops.';
grant execute on function public.my_rights(uuid) to authenticated, service_role;
