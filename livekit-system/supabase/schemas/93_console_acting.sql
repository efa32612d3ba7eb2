-- Owns: what somebody who is about to act is told first: what the act would do (preview_action), and who else looks at the
-- same person or has acted on them meanwhile (look_at_person).

update public.app_settings set value = value || '{"previews_per_minute": 120}' where key = 'limits';

create table live.looks (
  user_id uuid primary key,
  target_user_id uuid not null,
  session_id uuid references public.live_sessions (id) on delete cascade,
  expires_at timestamptz not null
);
comment on table live.looks is 'Who has a form open to act on somebody: for the others who are about to.';
comment on column live.looks.user_id is 'Who looks: at one person at a time.';
comment on column live.looks.target_user_id is 'At whom.';
comment on column live.looks.session_id is 'In which session; null on the platform.';
comment on column live.looks.expires_at is 'The lease: look_at_person renews it.';
create index looks_at on live.looks (target_user_id);
create index looks_in on live.looks (session_id) where session_id is not null;
alter table live.looks enable row level security;
insert into live.personal_data (table_name, others, why) values
  ('live.looks', '{user_id,target_user_id}',
   'Who of the moderators has a form open about whom: deleted seconds after it expires. Not exported: it is gone before it is read.');

create function live.require_moderator(p_session uuid) returns uuid
language plpgsql stable set search_path = '' as $$
begin
  perform live.refuse_deleted(auth.uid());
  if auth.uid() is null or live.acting_rank(p_session, auth.uid()) < live.staff_rank() then
    perform live.refuse(403, 'not_allowed', 'This is for the host, co-hosts and moderators of the session, and for ops.');
  end if;
  return auth.uid();
end;
$$;
comment on function live.require_moderator(uuid) is
  'Refuses everybody but the staff of a session and ops; returns who asks. Null as the session: ops alone.';

create function live.others_looking(p_me uuid, p_target uuid, p_session uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  is_ops constant boolean := live.is_ops(p_me);
begin
  -- Ops see everybody who is about to act; a session's staff see each other, and never who of ops looks.
  return (
    select coalesce(jsonb_agg(live.card(l.user_id) order by l.user_id), '[]')
      from live.looks l
     where l.target_user_id = p_target and l.user_id <> p_me and l.expires_at > clock_timestamp()
       and (is_ops or (l.session_id = p_session and not live.is_ops(l.user_id))));
end;
$$;
comment on function live.others_looking(uuid, uuid, uuid) is 'Cards of those who have a form open about somebody, as far as p_me may know it.';

create function live.acts_after(p_me uuid, p_target uuid, p_session uuid, p_n bigint) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  is_ops constant boolean := live.is_ops(p_me);
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
             'action_id', a.id, 'n', a.n, 'at', a.created_at, 'action', a.action, 'params', a.params, 'via', a.requested_via,
             'by', case when is_ops or a.requested_via = 'app' then live.shown_name(a.requested_by) end) order by a.n), '[]')
      from (select * from public.moderation_actions x
             where x.target_user_id = p_target and x.n > p_n and not x.dry_run
               and x.requested_by is distinct from p_me and x.status not in ('failed', 'cancelled')
               and (is_ops or x.session_id = p_session)
             order by x.n limit 5) a);
end;
$$;
comment on function live.acts_after(uuid, uuid, uuid, bigint) is 'What others have done to somebody since an action''s place in the order: the first five.';

create function public.look_at_person(target_user_id uuid, session_id uuid default null, after_n bigint default null) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_moderator(look_at_person.session_id);
  -- What was done elsewhere is not for the staff of one session, nor that something was.
  latest constant bigint := coalesce((
    select a.n from public.moderation_actions a
     where a.target_user_id = look_at_person.target_user_id and (live.is_ops(me) or a.session_id = look_at_person.session_id)
     order by a.n desc limit 1), 0);
begin
  insert into live.looks as l (user_id, target_user_id, session_id, expires_at)
  select me, look_at_person.target_user_id, s.id, clock_timestamp() + interval '10 seconds'
    from (select 1) one left join public.live_sessions s on s.id = look_at_person.session_id
  on conflict (user_id) do update
     set target_user_id = excluded.target_user_id, session_id = excluded.session_id, expires_at = excluded.expires_at;
  return jsonb_build_object(
    'n', latest,
    'others', live.others_looking(me, look_at_person.target_user_id, look_at_person.session_id),
    'acts', live.acts_after(me, look_at_person.target_user_id, look_at_person.session_id, coalesce(look_at_person.after_n, latest)));
end;
$$;
comment on function public.look_at_person(uuid, uuid, bigint) is
  'Says for 10 s that the caller is about to act on somebody, and answers who else is, and what others have done to that person since after_n '
  '(nothing without it): {n, others: [{id, name, avatar}], acts: [{action_id, n, at, action, params, via, by}]}. For staff and ops.';

create function public.look_away() returns void
language plpgsql security definer set search_path = '' as $$
begin
  delete from live.looks l where l.user_id = auth.uid();
end;
$$;
comment on function public.look_away() is 'Ends look_at_person at once.';

-- ── what it would do ─────────────────────────────────────────────────────────────────────────────────────────────
create function live.held_by(p_row public.moderation_actions) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  known constant public.live_actions := live.action(p_row.action);
  standing constant record := live.standing_of(p_row);
begin
  if standing.until is null then
    return null;
  end if;
  return (
    select jsonb_build_object(
             'until', case when standing.until < 'infinity' then live.instant(standing.until) end, 'via', a.requested_via, 'at', a.created_at,
             'by', case when live.is_ops(auth.uid()) or a.requested_via = 'app' then live.shown_name(a.requested_by) end)
      from (select 1) one
      left join lateral (
        select * from public.moderation_actions x
         where x.target_user_id = p_row.target_user_id and x.action = p_row.action and not x.dry_run and x.id <> p_row.id
           and x.status not in ('failed', 'cancelled') and (x.session_id = p_row.session_id or known.scope = 'account')
         order by x.n desc limit 1) a on true);
end;
$$;
comment on function live.held_by(public.moderation_actions) is
  'Who has done the same already and until when it holds (until null: until it is undone): {until, via, at, by}; null when it does not hold.';

create function live.foretold(p_action text, p_session uuid, p_target uuid, p_params jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  asked public.moderation_actions;
  held jsonb;
  code text;
  words text;
begin
  begin
    asked.id := gen_random_uuid();
    asked.session_id := p_session;
    asked.target_user_id := p_target;
    asked.action := p_action;
    asked.params := coalesce(p_params, '{}');
    if live.acting_rank(asked.session_id, auth.uid()) >= live.staff_rank() then
      held := live.held_by(asked);
    end if;
    insert into public.moderation_actions (id, session_id, target_user_id, action, params, dry_run)
    values (asked.id, asked.session_id, asked.target_user_id, asked.action, asked.params, true);
    select * into asked from public.moderation_actions a where a.id = asked.id;
    raise exception sqlstate 'LVDRY';
  exception
    when sqlstate 'LVDRY' then null;  -- nothing of it stays, not even the record of a rehearsal
    when others then
      if sqlstate !~ '^PT4' then
        raise;
      end if;
      get stacked diagnostics code = pg_exception_hint, words = message_text;
  end;
  return jsonb_build_object(
    'before', asked.before, 'after', asked.after, 'held', held,
    'refused', case when code is not null then jsonb_build_object('code', code, 'message', words) end);
end;
$$;
comment on function live.foretold(text, uuid, uuid, jsonb) is 'What an action of the signed-in person would do, as preview_action answers it.';

create function public.preview_action(action text, session_id uuid default null, target_user_id uuid default null, params jsonb default '{}')
returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  if auth.uid() is null then
    perform live.refuse(401, 'not_authenticated', 'Sign in first.');
  end if;
  perform live.spend(auth.uid(), 'previews_per_minute');
  return live.foretold(preview_action.action, preview_action.session_id, preview_action.target_user_id, preview_action.params);
end;
$$;
comment on function public.preview_action(text, uuid, uuid, jsonb) is
  'What an action would do if it were asked now, or with which code it would be refused; nothing is recorded: '
  '{before, after, held: {until, via, at, by}, refused: {code, message}}. held: the same holds already.';

create function public.preview_actions(action text, target_user_ids uuid[], session_id uuid default null, params jsonb default '{}') returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  at_most constant int := 100;
  for_one_preview constant int := 10;
begin
  perform live.require_moderator(preview_actions.session_id);
  if coalesce(cardinality(preview_actions.target_user_ids), 0) not between 1 and at_most then
    perform live.refuse(400, 'invalid_choice', format('Name 1 to %s people.', at_most));
  end if;
  perform live.spend(auth.uid(), 'previews_per_minute') from generate_series(1, cardinality(preview_actions.target_user_ids), for_one_preview);
  return (
    select jsonb_agg(live.foretold(preview_actions.action, preview_actions.session_id, t.id, preview_actions.params) || jsonb_build_object('user_id', t.id)
                     order by t.place)
      from unnest(preview_actions.target_user_ids) with ordinality t (id, place));
end;
$$;
comment on function public.preview_actions(text, uuid[], uuid, jsonb) is
  'What the same action would do to each of several people, 100 at most: [{user_id, before, after, held, refused}], as preview_action has it, in their order. Ten '
  'people count as one preview. For staff and ops. Refuses not_allowed, invalid_choice, rate_limited.';
grant execute on function public.look_at_person(uuid, uuid, bigint), public.look_away(), public.preview_action(text, uuid, uuid, jsonb),
  public.preview_actions(text, uuid[], uuid, jsonb)
  to authenticated;
