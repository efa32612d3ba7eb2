-- Owns: how an audio call becomes a video call: one side asks, the other agrees by asking as well. Before both have, no
-- camera is allowed: the tokens and the agent withhold it (live.token_sources, PERSON.sound_only).

create function public.call_upgrade(p_user uuid, p_call uuid, p_accept boolean) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  call public.calls := live.require_call(p_call, p_user);
begin
  perform live.require_account(p_user);
  if call.status <> 'accepted' then
    perform live.refuse(409, 'call_not_active', 'This call is not going on.');
  end if;
  if call.type = 'audio' then
    update public.calls c
       set video_wanted_by = case when not p_accept then null else coalesce(c.video_wanted_by, p_user) end,
           type = case when p_accept and c.video_wanted_by <> p_user then 'video' else c.type end
     where c.id = call.id returning * into call;
  end if;
  return jsonb_build_object('call', to_jsonb(call) - 'desired_xid');
end;
$$;
comment on function public.call_upgrade(uuid, uuid, boolean) is
  'Either side asks for video in an accepted audio call, and the other agrees by the same: {call}. false declines, or takes the wish back. '
  'Asking again changes nothing.';
grant execute on function public.call_upgrade(uuid, uuid, boolean) to service_role;
