-- Owns: the policy of automatic moderation: its shape with defaults and bounds, the presets, how one policy is laid over
-- another, and the refusal of one that makes no sense. The rules' own parts are in 06_policy_sections.sql, which is written
-- from moderation/rules/; a test holds shape and agent together.

create function live.policy_shape() returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_build_object('mode', 'observe') || live.rule_shapes() || '{
    "strikes": {"half_life_seconds": [600.0, 1.0, 86400.0], "clean_below": [0.25, 0.001, 1.0]},
    "ladder": [
      {"step": "notice", "strikes": 0.75, "cooldown_seconds": 5.0, "seconds": 0.0},
      {"step": "warning", "strikes": 1.5, "cooldown_seconds": 5.0, "seconds": 0.0},
      {"step": "mute", "strikes": 2.5, "cooldown_seconds": 60.0, "seconds": 60.0},
      {"step": "demote", "strikes": 3.5, "cooldown_seconds": 60.0, "seconds": 0.0},
      {"step": "call_human", "strikes": 4.5, "cooldown_seconds": 300.0, "seconds": 0.0}],
    "told_every_seconds": [60.0, 1.0, 86400.0],
    "tips_every_seconds": [900.0, 10.0, 86400.0]
  }'::jsonb;
end;
$$;
comment on function live.policy_shape is
  'Every field of a policy: a number as [default, lowest, highest], anything else as its default. The ladder is a list of rungs.';

create function live.rung_shape() returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return '{"step": "notice", "strikes": [1.0, 0.0, 1000.0], "cooldown_seconds": [5.0, 0.0, 86400.0],
           "seconds": [0.0, 0.0, 86400.0]}'::jsonb;
end;
$$;
comment on function live.rung_shape is 'The fields of one rung of the ladder, as policy_shape has them. The step must be named.';

create function live.policy_presets() returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  -- Each names the same fields, so that a preset is the same over every policy of the platform.
  return '{
    "talk": {"too_loud": {"threshold_lufs": -9.0}, "scream": {"threshold_lufs": -5.0, "jump_lu": 3.0},
             "noise": {"enabled": true}, "dead_air": {"enabled": true, "seconds": 120.0}},
    "music": {"too_loud": {"threshold_lufs": -4.0}, "scream": {"threshold_lufs": -1.0, "jump_lu": 6.0},
              "noise": {"enabled": false}, "dead_air": {"enabled": true, "seconds": 300.0}},
    "asmr": {"too_loud": {"threshold_lufs": -17.0}, "scream": {"threshold_lufs": -13.0, "jump_lu": 3.0},
             "noise": {"enabled": false}, "dead_air": {"enabled": false, "seconds": 1800.0}}
  }'::jsonb;
end;
$$;
comment on function live.policy_presets is
  'The policies that can be named: talk, music (mastered music is loud and holds its level), asmr (a soft room, silent for long).';

create function live.policy_defaults(p_shape jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return (
    select jsonb_object_agg(f.key, case
             when jsonb_typeof(f.value) = 'object' then live.policy_defaults(f.value)
             when jsonb_typeof(f.value -> 0) = 'number' then f.value -> 0
             else f.value end)
      from jsonb_each(p_shape) f);
end;
$$;
comment on function live.policy_defaults is 'A shape without its bounds: what holds where nobody says otherwise.';

create function live.default_policy() returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return live.policy_defaults(live.policy_shape());
end;
$$;
comment on function live.default_policy is 'What holds where neither the platform''s policy nor a session''s says otherwise.';

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

create function live.with_preset(p_policy jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return live.merged_policy(coalesce(live.policy_presets() -> (p_policy ->> 'preset'), '{}'), p_policy - 'preset');
end;
$$;
comment on function live.with_preset is 'A policy with the preset that it names written out below its own fields, which win.';

create function live.field_fault(p_name text, p_wanted jsonb, p_value jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  words text[] := case p_name when 'mode' then '{off,observe,enforce}'
                              else '{notice,warning,mute,demote,call_human}' end;
begin
  return case
    when p_wanted is null then 'is unknown'
    when jsonb_typeof(p_wanted) = 'boolean' then
      case when jsonb_typeof(p_value) <> 'boolean' then 'must be true or false' end
    when jsonb_typeof(p_wanted) = 'string' then
      case when jsonb_typeof(p_value) <> 'string' or p_value #>> '{}' <> all (words)
        then 'must be one of ' || array_to_string(words, ', ') end
    -- In a case of its own: what is no number must not be cast to one.
    when case when jsonb_typeof(p_value) = 'number'
              then p_value::numeric not between (p_wanted -> 1)::numeric and (p_wanted -> 2)::numeric else true end
      then format('must be a number from %s to %s', trim_scale((p_wanted -> 1)::numeric), trim_scale((p_wanted -> 2)::numeric))
  end;
end;
$$;
comment on function live.field_fault is 'What is wrong with one field of a policy, with its bounds; null when nothing is.';

create function live.ladder_faults(p_ladder jsonb) returns setof text
language plpgsql immutable set search_path = '' as $$
declare
  steps constant text[] := '{notice,warning,mute,demote,call_human}';
  faults text[];
begin
  if jsonb_typeof(p_ladder) <> 'array' or p_ladder = '[]' then
    return next 'ladder must be a list with at least one step';
    return;
  end if;
  select array_agg(fault) into faults
    from jsonb_array_elements(p_ladder) with ordinality e (rung, n),
         lateral (select live.policy_faults(e.rung, live.rung_shape(), format('ladder[%s].', e.n - 1)) as fault
                  union all select format('ladder[%s].step is missing', e.n - 1)
                   where jsonb_typeof(e.rung) = 'object' and not e.rung ? 'step') f;
  if faults is not null then
    return query select unnest(faults);
    return;
  end if;
  return query
    with rungs as (
      select e.n, array_position(steps, e.rung ->> 'step') as place, e.rung ->> 'step' as step,
             (r.rung ->> 'strikes')::numeric as strikes, (r.rung ->> 'seconds')::numeric as seconds
        from jsonb_array_elements(p_ladder) with ordinality e (rung, n),
             lateral (select live.merged_policy(live.policy_defaults(live.rung_shape()), e.rung) as rung) r
    ), pairs as (
      select place <= lag(place) over (order by n) as unordered, strikes <= lag(strikes) over (order by n) as unraised from rungs
    )
    select 'ladder: steps must be in this order, each once: ' || array_to_string(steps, ', ')
     where exists (select from pairs where unordered)
    union all select 'ladder: each step must take more strikes than the one before'
     where exists (select from pairs where unraised)
    union all select format('ladder: %s must %shave seconds above 0', step, case step when 'mute' then '' else 'not ' end)
      from rungs where (seconds > 0) <> (step = 'mute');
end;
$$;
comment on function live.ladder_faults is 'All that is wrong with a ladder, in words.';

create function live.policy_faults(p_policy jsonb, p_shape jsonb, p_path text) returns setof text
language plpgsql immutable set search_path = '' as $$
declare
  item record;
  wanted jsonb;
  fault text;
begin
  if jsonb_typeof(p_policy) <> 'object' then
    return next coalesce(nullif(trim(trailing '.' from p_path), ''), 'the policy') || ' must be an object';
    return;
  end if;
  for item in select * from jsonb_each(p_policy) order by key loop
    wanted := p_shape -> item.key;
    if p_path = '' and item.key = 'preset' then
      if jsonb_typeof(item.value) <> 'string' or not live.policy_presets() ? (item.value #>> '{}') then
        return next 'preset must be one of ' || (select string_agg(n, ', ' order by n) from jsonb_object_keys(live.policy_presets()) n);
      end if;
    elsif jsonb_typeof(wanted) = 'object' then
      return query select live.policy_faults(item.value, wanted, p_path || item.key || '.');
    elsif item.key = 'ladder' and wanted is not null then
      return query select live.ladder_faults(item.value);
    else
      fault := live.field_fault(item.key, wanted, item.value);
      if fault is not null then
        return next format('%s%s %s', p_path, item.key, fault);
      end if;
    end if;
  end loop;
end;
$$;
comment on function live.policy_faults is 'All that is wrong with a policy, or with a part of it, in words; each names the field and its bounds.';

create function live.policy_fault(p_policy jsonb) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return (select string_agg(fault, '; ') from live.policy_faults(p_policy, live.policy_shape(), '') fault);
end;
$$;
comment on function live.policy_fault is 'All that is wrong with a policy in one sentence; null when nothing is.';

create function live.check_policy() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  fault text := live.policy_fault(to_jsonb(new) -> tg_argv[0]);
begin
  if fault is not null then
    perform live.refuse(400, 'bad_policy', fault);
  end if;
  return new;
end;
$$;
comment on function live.check_policy is
  'Trigger: refuses a policy with unknown names, wrong types or values out of bounds. Its argument names the column.';
create trigger check_policy before insert or update on public.app_settings
  for each row when (new.key = 'moderation.policy') execute function live.check_policy('value');
