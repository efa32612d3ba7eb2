-- Owns: the shape of the policy of automatic moderation, and how a session's own is laid over the platform's. The agent
-- (moderation/rules/policy.py) has the same defaults and merges the same way; a test compares the two.

create function live.default_policy() returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return '{
    "mode": "observe",
    "too_loud": {"enabled": true, "threshold_lufs": -12.0, "grace_seconds": 2.0, "weight": 1.0, "ceiling": "call_human"},
    "scream": {"enabled": true, "threshold_lufs": -8.0, "jump_lu": 3.0, "grace_seconds": 1.0, "weight": 1.0,
               "ceiling": "call_human"},
    "clipping": {"enabled": true, "ratio": 0.01, "grace_seconds": 3.0, "weight": 1.0, "ceiling": "warning"},
    "howl": {"enabled": true, "threshold_dbfs": -35.0, "grace_seconds": 3.0, "weight": 1.0, "ceiling": "call_human"},
    "noise": {"enabled": true, "threshold_dbfs": -45.0, "grace_seconds": 15.0, "weight": 0.8, "ceiling": "warning"},
    "dead_air": {"enabled": true, "seconds": 120.0, "count_muted": false},
    "not_allowed": {"enabled": true, "threshold_lufs": -50.0, "grace_seconds": 2.0},
    "strikes": {"half_life_seconds": 600.0, "clean_below": 0.25},
    "ladder": [
      {"step": "notice", "strikes": 0.75, "cooldown_seconds": 5.0, "seconds": 0.0},
      {"step": "warning", "strikes": 1.5, "cooldown_seconds": 5.0, "seconds": 0.0},
      {"step": "mute", "strikes": 2.5, "cooldown_seconds": 60.0, "seconds": 60.0},
      {"step": "demote", "strikes": 3.5, "cooldown_seconds": 60.0, "seconds": 0.0},
      {"step": "call_human", "strikes": 4.5, "cooldown_seconds": 300.0, "seconds": 0.0}],
    "told_every_seconds": 60.0
  }'::jsonb;
end;
$$;
comment on function live.default_policy is 'What holds where neither the platform''s policy nor a session''s says otherwise; also the whole shape.';
revoke execute on function live.default_policy() from public, anon, authenticated;

create function live.merged_policy(p_base jsonb, p_over jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  result jsonb := p_base;
  item record;
begin
  for item in select * from jsonb_each(p_over) loop
    result := jsonb_set(result, array[item.key], case
      when jsonb_typeof(result -> item.key) = 'object' and jsonb_typeof(item.value) = 'object'
      then live.merged_policy(result -> item.key, item.value)
      else item.value end);
  end loop;
  return result;
end;
$$;
comment on function live.merged_policy is 'One policy over another: objects key by key, everything else, the ladder among it, as a whole.';
revoke execute on function live.merged_policy(jsonb, jsonb) from public, anon, authenticated;

create function live.policy_fault(p_policy jsonb, p_shape jsonb default live.default_policy(), p_path text default '')
returns text
language plpgsql immutable set search_path = '' as $$
declare
  item record;
  wanted jsonb;
  fault text;
begin
  for item in select * from jsonb_each(p_policy) order by key loop
    wanted := p_shape -> item.key;
    if wanted is null then
      return format('%s%s is unknown', p_path, item.key);
    elsif jsonb_typeof(wanted) <> jsonb_typeof(item.value) then
      return format('%s%s must be of type %s', p_path, item.key, jsonb_typeof(wanted));
    elsif jsonb_typeof(wanted) = 'object' then
      fault := live.policy_fault(item.value, wanted, p_path || item.key || '.');
    elsif item.key = 'ladder' and jsonb_array_length(item.value) = 0 then
      fault := 'ladder must have at least one step';
    elsif item.key = 'ladder' then
      select min(case when jsonb_typeof(e) <> 'object' then 'ladder must hold objects'
                      else live.policy_fault(e, wanted -> 0, 'ladder: ') end)
        into fault from jsonb_array_elements(item.value) e;
    elsif item.key = 'mode' and item.value #>> '{}' not in ('off', 'observe', 'enforce') then
      fault := 'mode must be off, observe or enforce';
    end if;
    if fault is not null then
      return fault;
    end if;
  end loop;
  return null;
end;
$$;
comment on function live.policy_fault is
  'What is wrong with the shape of a policy, in words; null when nothing is. Bounds are the agent''s to judge: it keeps its last good policy and says so.';
revoke execute on function live.policy_fault(jsonb, jsonb, text) from public, anon, authenticated;

create function live.check_policy() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  policy jsonb := to_jsonb(new) -> tg_argv[0];
  fault text := case when jsonb_typeof(policy) = 'object' then live.policy_fault(policy) end;
begin
  if fault is not null then
    perform live.refuse(400, 'bad_policy', fault);
  end if;
  return new;
end;
$$;
comment on function live.check_policy is 'Trigger: refuses a policy with unknown names or wrong types. Its argument names the column.';
revoke execute on function live.check_policy() from public, anon, authenticated;
create trigger check_policy before insert or update of value on public.app_settings
  for each row when (new.key = 'moderation.policy') execute function live.check_policy('value');
