-- Owns: what may be asked of the one door: whether a row fits its line in live_actions, and whether session, call and person
-- are there. Nothing here writes.

create function live.action_scope(p_action text, p_params jsonb) returns text
language plpgsql stable set search_path = '' as $$
declare
  scope constant jsonb := (live.action(p_action)).params_schema -> 'properties' -> 'scope';
begin
  return case when scope is not null then coalesce(p_params ->> 'scope', scope ->> 'default') end;
end;
$$;
comment on function live.action_scope is 'How far an action with a param scope reaches: session unless it says otherwise. Null for other actions.';

create function live.action_aspect(p_action text, p_params jsonb) returns text
language plpgsql stable set search_path = '' as $$
declare
  scope constant text := live.action_scope(p_action, p_params);
begin
  return (live.action(p_action)).aspect || case when scope is null then '' else ':' || scope end;
end;
$$;
comment on function live.action_aspect is
  'What an action decides. Two rows of one aspect about one target that differ contradict each other; null decides nothing lasting.';

-- ── params ─────────────────────────────────────────────────────────────────────────────────────────────────────
create function live.list_of(p_names text[]) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return case when cardinality(p_names) < 2 then p_names[1]
              else array_to_string(trim_array(p_names, 1), ', ') || ' or ' || p_names[cardinality(p_names)] end;
end;
$$;
comment on function live.list_of is 'Names as a sentence lists them: a, b or c.';

create function live.value_fault(p_schema jsonb, p_value jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  type constant text := p_schema ->> 'type';
  word constant text := p_value #>> '{}';
begin
  return case
    when type in ('number', 'integer') and (
      jsonb_typeof(p_value) <> 'number'
      or p_value::numeric not between coalesce((p_schema ->> 'minimum')::numeric, '-infinity')
                                  and coalesce((p_schema ->> 'maximum')::numeric, 'infinity')
      or (type = 'integer' and p_value::numeric % 1 <> 0))
      then format('must be %s between %s and %s', case type when 'integer' then 'a whole number' else 'a number' end,
                  p_schema ->> 'minimum', p_schema ->> 'maximum')
    when type = 'boolean' and jsonb_typeof(p_value) <> 'boolean' then 'must be true or false'
    when p_schema ? 'enum' and not p_schema -> 'enum' @> p_value
      then 'must be ' || live.list_of(array(select jsonb_array_elements_text(p_schema -> 'enum')))
    when type = 'string' and jsonb_typeof(p_value) <> 'string' then 'must be a string'
    when p_schema ->> 'format' = 'text' then live.text_fault(word, (p_schema ->> 'maxLength')::int, true)
    when p_schema ->> 'format' = 'uuid' and not live.is_uuid(word) then 'must be a uuid'
  end;
end;
$$;
comment on function live.value_fault is 'What is wrong with one value by its JSON Schema, in words; null when nothing is.';

create function live.params_fault(p_action text, p_params jsonb) returns text
language plpgsql stable set search_path = '' as $$
declare
  schema constant jsonb := (live.action(p_action)).params_schema;
  known constant text[] := array(select k from jsonb_object_keys(schema -> 'properties') k order by k);
begin
  return (
    select x.fault from (
      select 1, format('%s takes %s', p_action, case when known = '{}' then 'no params' else 'only ' || live.list_of(known) end)
       where exists (select from jsonb_object_keys(p_params) k where k <> all (known))
      union all
      select 2, format('%s needs the param %s: it %s', p_action, r.name, coalesce(
               live.value_fault(schema -> 'properties' -> r.name, coalesce(p_params -> r.name, 'null')), 'is missing'))
        from jsonb_array_elements_text(schema -> 'required') r (name)
       where p_params -> r.name is null
      union all
      select 3, format('%s: %s %s', p_action, p.key, live.value_fault(schema -> 'properties' -> p.key, p.value))
        from jsonb_each(p_params) p where live.value_fault(schema -> 'properties' -> p.key, p.value) is not null
    ) x (place, fault) order by x.place, x.fault limit 1);
end;
$$;
comment on function live.params_fault is 'What is wrong with an action''s params by its params_schema, in words; null when nothing is.';

-- ── shape and place ────────────────────────────────────────────────────────────────────────────────────────────
create function live.check_shape(p_row public.moderation_actions) returns void
language plpgsql stable set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_row.action);
  fault constant text := live.params_fault(p_row.action, p_row.params);
  scope constant text := live.action_scope(p_row.action, p_row.params);
begin
  if known.action is null then
    perform live.refuse(400, 'unknown_action', format('%s is not an action.', coalesce(p_row.action, 'nothing')));
  elsif fault is not null then
    perform live.refuse(400, 'bad_params', fault);
  elsif p_row.reason is not null and live.text_fault(p_row.reason, 1000, true) is not null then
    perform live.refuse(400, 'bad_reason', format('A reason %s.', live.text_fault(p_row.reason, 1000, true)));
  elsif p_row.reason_code is not null and live.reason_texts(p_row.reason_code) is null then
    perform live.refuse(404, 'unknown_reason_code', 'There is no such reason code.');
  elsif num_nonnulls(p_row.session_id, p_row.call_id) <> 1
      and not (num_nonnulls(p_row.session_id, p_row.call_id) = 0 and scope is not distinct from 'platform') then
    perform live.refuse(400, 'bad_place', 'Say where: a session or a call, and only one of them.');
  elsif p_row.call_id is not null and not (known.in_calls and coalesce(scope, 'platform') = 'platform') then
    perform live.refuse(400, 'not_in_calls', format('%s is not possible in a call.', p_row.action));
  elsif known.scope = 'session' and p_row.target_user_id is not null then
    perform live.refuse(400, 'bad_target', format('%s is about the whole session: name nobody.', p_row.action));
  elsif known.needs_target and p_row.target_user_id is null then
    perform live.refuse(400, 'bad_target', format('Say whom to %s.', replace(p_row.action, '_', ' ')));
  elsif p_row.expires_at is not null and known.expires_after is null then
    perform live.refuse(400, 'bad_expiry', 'Only what is soon pointless expires, like a kick; give seconds in params for a time limit.');
  end if;
end;
$$;
comment on function live.check_shape is 'Refuses an action that is not in live_actions, or makes no sense, no matter who asks.';

create function live.check_place(p_row public.moderation_actions) returns void
language plpgsql stable set search_path = '' as $$
declare
  session public.live_sessions;
  call public.calls;
  known constant public.live_actions := live.action(p_row.action);
begin
  select * into session from public.live_sessions s where s.id = p_row.session_id;
  select * into call from public.calls c where c.id = p_row.call_id;
  if p_row.session_id is not null and session.id is null then
    perform live.refuse(404, 'unknown_session', 'There is no such session.');
  elsif p_row.call_id is not null and call.id is null then
    perform live.refuse(404, 'unknown_call', 'There is no such call.');
  elsif (session.status = 'ended' or not live.call_is_running(call.status)) and not known.after_end then
    perform live.refuse(409, 'session_not_live', 'It is over: nothing can be done in it any more.');
  elsif session.status = 'scheduled' and known.expires_after is not null then
    perform live.refuse(409, 'session_not_live', 'The session has not begun: nobody is in it yet.');
  elsif p_row.target_user_id is not null
      and not live.is_or_was_account(p_row.target_user_id) then
    perform live.refuse(404, 'unknown_user', 'There is no such person.');
  elsif p_row.call_id is not null and known.scope = 'person'
      and p_row.target_user_id not in (call.caller_id, call.callee_id) then
    perform live.refuse(404, 'not_a_participant', 'This person is not in the call.');
  elsif p_row.session_id is not null and known.scope = 'person'
      and not exists (select from public.live_participants p
                       where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id) then
    perform live.refuse(404, 'not_a_participant', 'This person has never been in the session.');
  end if;
end;
$$;
comment on function live.check_place is 'Refuses an action about a session, call or person that is not there.';
