-- Owns: the state that an action changes, as it is before and after, and how it is put back when the action is withdrawn.

create function live.state_of_person(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  seat public.live_participants;
  session public.live_sessions;
  person jsonb;
  removed jsonb;
begin
  select * into session from public.live_sessions s where s.id = p_row.session_id;
  select * into seat from public.live_participants p
   where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id;
  person := live.person(seat, session.creator_id);
  removed := coalesce(live.standing_ban(p_row.target_user_id, p_row.session_id, session.creator_id),
                      nullif(person -> 'removed', 'null')) - 'why' - 'why_texts';
  -- How the platform decided about somebody is not for the moderators of one session.
  if removed ->> 'scope' = 'platform' and p_row.requested_via = 'app' then
    removed := jsonb_build_object('reason', removed -> 'reason');
  end if;
  return case when seat.user_id is null then '{}' else (
      select jsonb_object_agg(k, person -> k) from unnest(array['role', 'mic_muted', 'mic_muted_until', 'camera_off',
                                                                'chat_muted', 'chat_muted_until', 'invited_role']) k)
      || jsonb_build_object(
        'hand_raised', seat.hand_raised_at is not null,
        'permission', (select live.permission_of(r, seat) from public.live_roles r
                        where r.context = session.type and r.role = seat.role)) end
    || jsonb_build_object('removed', removed);
end;
$$;
comment on function live.state_of_person is 'How the target of an action stands: role, mutes, invitation and the permission that follows; only `removed` of somebody without a place.';

create function live.columns_of(p_record jsonb, p_names text[]) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return (select coalesce(jsonb_object_agg(k, p_record -> k), '{}') from unnest(p_names) k where p_record ? k);
end;
$$;
comment on function live.columns_of is 'Some columns of a row that was made an object.';

create function live.state_of(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_row.action);
begin
  return case known.scope
    when 'session' then coalesce(
      (select jsonb_build_object('status', s.status, 'mute_all', s.mute_all_rank is not null)
              || live.columns_of(to_jsonb(s), array_remove(known.columns, 'mute_all_rank'))
         from public.live_sessions s where s.id = p_row.session_id),
      (select jsonb_build_object('status', c.status) from public.calls c where c.id = p_row.call_id))
    when 'message' then (
      select jsonb_build_object('deleted', m.deleted_at is not null, 'held', m.held_at is not null)
        from public.live_messages m where m.id = (p_row.params ->> 'message_id')::uuid)
    else live.state_of_person(p_row) end;
end;
$$;
comment on function live.state_of is 'What an action is about, as it is now: its `before` when it is asked for, its `after` when it has been carried out.';

create function live.replaced_by(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_row.action);
  was jsonb;
begin
  if known.aspect is null then
    return null;
  elsif p_row.action = 'unban' or (known.aspect = 'ban' and p_row.params @> '{"replace": true}') then
    return jsonb_build_object('lifted', (
      select coalesce(jsonb_agg(b.id), '[]') from live.bans_of(p_row) b where b.by_rank <= p_row.requested_rank));
  end if;
  was := case known.scope
    when 'session' then (select to_jsonb(s) from public.live_sessions s where s.id = p_row.session_id)
    when 'message' then (select to_jsonb(m) from public.live_messages m where m.id = (p_row.params ->> 'message_id')::uuid)
    else (select to_jsonb(p) from public.live_participants p
           where p.session_id = p_row.session_id and p.user_id = p_row.target_user_id) end;
  return live.columns_of(was, known.columns);
end;
$$;
comment on function live.replaced_by is 'What an action is about to replace, to be put back when it is withdrawn; null when it decides nothing that lasts.';

create function live.put_back(p_row public.moderation_actions) returns void
language plpgsql set search_path = '' as $$
declare
  scope constant text := (live.action(p_row.action)).scope;
  names text;
begin
  if p_row.action = 'ban' then
    update public.live_bans b set lifted_at = clock_timestamp() where b.action_id = p_row.id and b.lifted_at is null;
  end if;
  if p_row.action in ('ban', 'unban') then
    update public.live_bans b set lifted_at = null, lifted_by = null
     where b.id in (select x.value::uuid from jsonb_array_elements_text(coalesce(p_row.prior -> 'lifted', '[]')) x);
  elsif p_row.action in ('mute_all', 'unmute_all') then
    perform live.apply_mute_all(p_row.session_id, (p_row.prior ->> 'mute_all_rank')::int);
  else
    select string_agg(quote_ident(k), ', ') into strict names from jsonb_object_keys(p_row.prior) k;
    if scope = 'session' then
      execute format('update public.live_sessions t set (%1$s) = (select %1$s from jsonb_populate_record(t, $1) r) where t.id = $2', names)
        using p_row.prior, p_row.session_id;
    elsif scope = 'message' then
      execute format('update public.live_messages t set (%1$s) = (select %1$s from jsonb_populate_record(t, $1) r) where t.id = $2', names)
        using p_row.prior, (p_row.params ->> 'message_id')::uuid;
    else
      execute format('update public.live_participants t set (%1$s) = (select %1$s from jsonb_populate_record(t, $1) r) '
                     'where t.session_id = $2 and t.user_id = $3', names)
        using p_row.prior, p_row.session_id, p_row.target_user_id;
    end if;
  end if;
end;
$$;
comment on function live.put_back is 'Restores the desired state that an action replaced.';

create function live.withdraw(p_row public.moderation_actions, p_status text, p_code text, p_error text) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.live_sessions s where s.id = p_row.session_id for no key update;
  update public.moderation_actions a
     set status = p_status, error_code = p_code, error = p_error, claim_expires_at = null, after = null
   where a.id = p_row.id;
  -- A later word on the same matter stands.
  if p_row.prior is not null and not p_row.dry_run and not exists (
      select from public.moderation_actions a
       where a.session_id is not distinct from p_row.session_id
         and a.target_user_id is not distinct from p_row.target_user_id
         and a.n > p_row.n and a.status not in ('cancelled', 'failed') and not a.dry_run
         and live.action_aspect(a.action, a.params) = live.action_aspect(p_row.action, p_row.params)) then
    perform live.put_back(p_row);
  end if;
end;
$$;
comment on function live.withdraw is 'Ends an unfinished row without effect: its desired state is put back, unless a later row decided the same.';
