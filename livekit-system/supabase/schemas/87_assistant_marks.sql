-- Owns: the mark of an assistant. Anyone of ops who acts through one is recorded with requested_via = 'assistant', and every
-- change of a setting is kept, with who made it and through which door.

create function live.through_assistant() returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return coalesce(
    nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-live-via' = 'assistant', false);
end;
$$;
comment on function live.through_assistant is
  'Whether the request says that an assistant makes it (header x-live-via). A statement about oneself: it gives no right.';

-- ── settings ───────────────────────────────────────────────────────────────────────────────────────────────────
create table public.app_setting_changes (
  n bigint generated always as identity primary key,
  key text not null,
  before jsonb not null,
  after jsonb not null,
  requested_by uuid,
  requested_via text not null check (requested_via in ('ops', 'assistant')),
  changed_at timestamptz not null default clock_timestamp(),
  reason text check (char_length(reason) <= 1000)
);
comment on table public.app_setting_changes is 'Every change of a setting: the audit of the switches. Written by a trigger alone.';
comment on column public.app_setting_changes.n is 'The order.';
comment on column public.app_setting_changes.key is 'Which setting.';
comment on column public.app_setting_changes.before is 'Its value until then.';
comment on column public.app_setting_changes.after is 'Its value from then on.';
comment on column public.app_setting_changes.requested_by is 'Who changed it; null for server code.';
comment on column public.app_setting_changes.requested_via is 'Through which door: ops or assistant.';
comment on column public.app_setting_changes.changed_at is 'When.';
comment on column public.app_setting_changes.reason is 'Why, where it was said: change_setting asks for it.';
create index app_setting_changes_of_key on public.app_setting_changes (key, n desc);
alter table public.app_setting_changes enable row level security;
grant select on public.app_setting_changes to authenticated, service_role;
create policy "ops see who turned what" on public.app_setting_changes for select to authenticated
  using ((select live.am_ops()));

create function live.record_setting_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.app_setting_changes (key, before, after, requested_by, requested_via, reason)
  values (new.key, old.value, new.value, auth.uid(),
          case when live.through_assistant() then 'assistant' else 'ops' end, nullif(current_setting('live.setting_reason', true), ''));
  return null;
end;
$$;
comment on function live.record_setting_change is 'Trigger: keeps each change of a setting.';
create trigger record_setting_change after update on public.app_settings
  for each row when (old.value is distinct from new.value) execute function live.record_setting_change();

create function public.change_setting(key text, value jsonb, reason text, seen timestamptz default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  kept public.app_settings;
begin
  perform live.require_ops();
  if btrim(coalesce(change_setting.reason, '')) = '' then
    perform live.refuse(400, 'reason_needed', 'Say why: it concerns everybody, and is on record.');
  elsif live.text_fault(change_setting.reason, 1000, true) is not null then
    perform live.refuse(400, 'bad_reason', format('A reason %s.', live.text_fault(change_setting.reason, 1000, true)));
  end if;
  perform set_config('live.setting_reason', btrim(change_setting.reason), true);
  update public.app_settings s set value = change_setting.value
   where s.key = change_setting.key and (change_setting.seen is null or s.updated_at = change_setting.seen)
   returning * into kept;
  return jsonb_build_object('changed', kept.key is not null);
end;
$$;
comment on function public.change_setting(text, jsonb, text, timestamptz) is
  'Ops change a setting and say why: {changed}. seen: its updated_at as it was read; changed = false when somebody was quicker, or there is no such setting.';
grant execute on function public.change_setting(text, jsonb, text, timestamptz) to authenticated;
