-- Owns: what somebody who edits the policy needs: its fields with their bounds, and the change of one session's policy with a
-- reason on record. What another policy would have done is estimated in 94_policy_estimate.sql.

alter table public.app_setting_changes add column session_id uuid references public.live_sessions (id) on delete set null;
comment on column public.app_setting_changes.session_id is 'Of a session''s own policy: which session. Null for a setting of the platform.';
create index app_setting_changes_of_session on public.app_setting_changes (session_id) where session_id is not null;

create function public.policy_form() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform live.require_ops();
  return jsonb_build_object('shape', live.policy_shape(), 'rung', live.rung_shape(), 'presets', live.policy_presets());
end;
$$;
comment on function public.policy_form() is
  'For ops: the fields of a policy (a number as [default, lowest, highest], anything else as its default), those of a rung, and the presets.';

create function public.change_session_policy(session_id uuid, policy jsonb, reason text, seen jsonb default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  before jsonb;
begin
  perform live.require_ops();
  if btrim(coalesce(change_session_policy.reason, '')) = '' then
    perform live.refuse(400, 'reason_needed', 'Say why: it concerns everybody, and is on record.');
  elsif live.text_fault(change_session_policy.reason, 1000, true) is not null then
    perform live.refuse(400, 'bad_reason', format('A reason %s.', live.text_fault(change_session_policy.reason, 1000, true)));
  end if;
  select s.moderation into before from public.live_sessions s where s.id = change_session_policy.session_id for no key update;
  if not found then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  elsif change_session_policy.seen is not null and change_session_policy.seen <> before then
    return jsonb_build_object('changed', false);
  end if;
  update public.live_sessions s set moderation = change_session_policy.policy where s.id = change_session_policy.session_id;
  insert into public.app_setting_changes (key, session_id, before, after, requested_by, requested_via, reason)
  values ('moderation.policy', change_session_policy.session_id, before, change_session_policy.policy, auth.uid(),
          case when live.through_assistant() then 'assistant' else 'ops' end, btrim(change_session_policy.reason));
  return jsonb_build_object('changed', true);
end;
$$;
comment on function public.change_session_policy(uuid, jsonb, text, jsonb) is
  'Ops change a session''s own policy and say why: {changed}. seen: as it was read; changed = false when somebody was quicker. Refuses bad_policy, unknown_session.';

create function public.own_session_policy(session_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform live.require_ops();
  return (select s.moderation from public.live_sessions s where s.id = own_session_policy.session_id);
end;
$$;
comment on function public.own_session_policy(uuid) is 'For ops: what a session''s own policy changes about the platform''s; null when there is no such session.';

grant execute on function public.policy_form(), public.change_session_policy(uuid, jsonb, text, jsonb),
  public.own_session_policy(uuid) to authenticated;
