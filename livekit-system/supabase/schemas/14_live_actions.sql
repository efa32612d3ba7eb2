-- Owns: the one list of moderation actions, and what may be said of each. The door denies what is not in it, and everything
-- else that lists actions (Python, TypeScript, the assistant, OPS.md) is written from it. A new action is a row here and
-- a function live.do_<action> that writes its desired state.

create table public.live_actions (
  action text primary key check (action ~ '^[a-z][a-z_]{1,39}$'),
  aspect text,
  scope text not null check (scope in ('person', 'account', 'message', 'session')),
  needs_target boolean not null,
  in_calls boolean not null default false,
  needs_agent boolean not null,
  params_schema jsonb not null check (jsonb_typeof(params_schema) = 'object'),
  min_rank int not null check (min_rank > 0),
  undone_by text references public.live_actions (action),
  automatic boolean not null default false,
  after_end boolean not null default false,
  expires_after interval,
  columns text[] not null default '{}',
  place int not null unique,
  description text not null check (length(description) >= 5),
  check ((aspect is null) = (undone_by is null)),
  check (needs_target = (scope in ('person', 'account')))
);
comment on table public.live_actions is
  'The one list of moderation actions: what each is about, who may ask for it, with which params, and what undoes it. The door denies what is not in it.';
comment on column public.live_actions.action is 'Name of the action.';
comment on column public.live_actions.aspect is
  'What it decides: a later action of the same aspect about the same target overtakes it. Null: it decides nothing that lasts.';
comment on column public.live_actions.scope is
  'What it is about: person (who is or was in the session), account (anybody, whether or not they were there), message, or session (the whole of it).';
comment on column public.live_actions.needs_target is 'Whether target_user_id must be given. Of a message its author is the target.';
comment on column public.live_actions.in_calls is 'Whether it is possible in a call; with a param `scope` only for the scope platform.';
comment on column public.live_actions.needs_agent is 'Whether LiveKit has to be made to agree. If not, the insert finishes it.';
comment on column public.live_actions.params_schema is
  'JSON Schema of params, in the keywords that live.value_fault knows: type, enum, minimum, maximum, maxLength, format, required, default, '
  'description, additionalProperties false.';
comment on column public.live_actions.min_rank is 'The lowest rank that may ask for it. Scope of a ban and role of set_role ask for more: live.permits.';
comment on column public.live_actions.undone_by is 'The action that undoes it: its own name where another of the same does.';
comment on column public.live_actions.automatic is 'Whether a rule of the agent may ask for it.';
comment on column public.live_actions.after_end is 'Whether it still makes sense when the session is over.';
comment on column public.live_actions.expires_after is
  'How long after the insert it is pointless, unless the row says otherwise; then it also needs a running session. Null: never.';
comment on column public.live_actions.columns is
  'Columns of its scope''s table that its function changes: withdrawing the row puts them back. Empty: live.put_back knows it by name.';
comment on column public.live_actions.place is 'Its place in lists.';
comment on column public.live_actions.description is 'What becomes true, for operators.';
alter table public.live_actions enable row level security;
create policy "actions are public" on public.live_actions for select to anon, authenticated using (true);
grant select on public.live_actions to anon, authenticated, service_role;

create function live.object_schema(p_properties jsonb, p_required text[] default '{}') returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_build_object('type', 'object', 'properties', p_properties, 'required', to_jsonb(p_required),
                            'additionalProperties', false);
end;
$$;
comment on function live.object_schema is 'A JSON Schema of an object that has these properties and no others.';

insert into public.live_actions (action, aspect, scope, needs_target, in_calls, needs_agent, params_schema, min_rank, undone_by, automatic,
                                 after_end, expires_after, columns, place, description)
with words as (
  select '{"type": "number", "minimum": 1, "maximum": 315360000, "description": "how long; until it is undone without it"}'::jsonb
           as seconds,
         '{"type": "boolean", "description": "true: also where it shortens what stands (weaker_than_standing otherwise)"}'::jsonb as replace,
         jsonb_build_object('type', 'string', 'default', 'session', 'enum', '["session", "creator", "platform"]'::jsonb) as scope,
         jsonb_build_object('type', 'string', 'enum', (select jsonb_agg(r.role order by r.rank desc, r.role) from public.live_roles r
                                                        where r.context = 'video_live')) as role,
         '{"type": "string", "format": "text", "maxLength": 1000}'::jsonb as text,
         '{"type": "string", "format": "uuid"}'::jsonb as id,
         '{"type": "integer", "minimum": 1, "maximum": 3600}'::jsonb as pause,
         '{"type": "string", "enum": ["everyone", "followers_only", "subscribers_only"]}'::jsonb as mode,
         '{mic_muted,mic_muted_until,mic_by_rank,mic_by_all}'::text[] as mic,
         '{camera_off,camera_by_rank}'::text[] as camera,
         '{chat_muted_until,chat_by_rank}'::text[] as chat
), ranks as (
  select r.role, r.rank from public.live_roles r where r.context = 'video_live'
), rows as (
  select a.* from words w cross join lateral (values
    (1, 'mute', 'mic', 'person', false, true,
     live.object_schema(jsonb_build_object('seconds', w.seconds, 'replace', w.replace)), 'moderator', 'unmute', true, false, null::interval, w.mic,
     'the microphone may not be published'),
    (2, 'unmute', 'mic', 'person', false, true, live.object_schema('{}'), 'moderator', 'mute', true, false, null, w.mic,
     'it may be published again; a right that returns opens no microphone by itself'),
    (3, 'camera_off', 'camera', 'person', false, true, live.object_schema('{}'), 'moderator', 'camera_on', true, false, null,
     w.camera, 'camera and screen may not be published'),
    (4, 'camera_on', 'camera', 'person', false, true, live.object_schema('{}'), 'co_host', 'camera_off', true, false, null,
     w.camera, 'they may be published again'),
    (5, 'chat_mute', 'chat', 'person', false, false,
     live.object_schema(jsonb_build_object('seconds', w.seconds, 'replace', w.replace)), 'moderator', 'chat_unmute', true, false, null, w.chat,
     'no messages from this person'),
    (6, 'chat_unmute', 'chat', 'person', false, false, live.object_schema('{}'), 'co_host', 'chat_mute', true, false, null,
     w.chat, 'they may write again'),
    (7, 'set_role', 'role', 'account', false, true, live.object_schema(jsonb_build_object('role', w.role), '{role}'), 'moderator',
     'set_role', true, false, null, '{role,role_by_rank,hand_raised_at}',
     'at once if lower or if the person has raised a hand; otherwise an invitation (`after.invited`), before the start as well'),
    (8, 'kick', null, 'person', true, true, live.object_schema('{}'), 'moderator', null, true, false, interval '10 minutes', '{}',
     'the connection of now ends; the person may come back. Pointless after ten minutes (`expires_at`)'),
    (9, 'ban', 'ban', 'account', true, true,
     live.object_schema(jsonb_build_object('seconds', w.seconds, 'scope', w.scope, 'replace', w.replace)), 'moderator', 'unban', true, true,
     null, '{}', 'no token, out of every running room in scope, out again at each return'),
    (10, 'unban', 'ban', 'account', true, true, live.object_schema(jsonb_build_object('scope', w.scope)), 'co_host', 'ban', true,
     true, null, '{}', 'bans of that scope are lifted'),
    (11, 'delete_message', null, 'message', false, false, live.object_schema(jsonb_build_object('message_id', w.id), '{message_id}'),
     'moderator', null, true, true, null, '{}', 'staff and ops alone see the message'),
    (12, 'release_message', null, 'message', false, false, live.object_schema(jsonb_build_object('message_id', w.id), '{message_id}'),
     'moderator', null, false, true, null, '{}', 'everyone in the session sees a message that was held'),
    (13, 'announce', null, 'session', false, true, live.object_schema(jsonb_build_object('text', w.text), '{text}'), 'co_host',
     null, true, false, interval '10 minutes', '{}', 'everyone in the room reads it'),
    (14, 'mute_all', 'mic', 'session', false, true, live.object_schema('{}'), 'co_host', 'unmute_all', true, false, null,
     '{mute_all_rank}', 'everyone below moderator is muted, also who comes later'),
    (15, 'unmute_all', 'mic', 'session', false, true, live.object_schema('{}'), 'co_host', 'mute_all', true, false, null,
     '{mute_all_rank}', 'those whom `mute_all` muted may speak again; a mute by name outlives it'),
    (16, 'slow_mode', 'slow_mode', 'session', false, false,
     live.object_schema(jsonb_build_object('seconds', w.pause)), 'co_host', 'slow_mode', false, false, null,
     '{slow_mode_seconds}', 'so many seconds pass between two messages of one person, but of moderators and above; without `seconds` no pause'),
    (17, 'chat_mode', 'chat_mode', 'session', false, false, live.object_schema(jsonb_build_object('mode', w.mode), '{mode}'),
     'co_host', 'chat_mode', false, false, null, '{chat_mode}', 'who may write in the chat beside moderators and above'),
    (18, 'pin_message', 'pin', 'session', false, false, live.object_schema(jsonb_build_object('message_id', w.id)), 'moderator',
     'pin_message', false, false, null, '{pinned_message_id}', 'the app shows this message above the chat; without `message_id` none'),
    (19, 'end_session', null, 'session', true, true, live.object_schema('{}'), 'host', null, false, false, null, '{}',
     'the session or call is over and its room is deleted')
  ) as a (place, action, aspect, scope, in_calls, needs_agent, params_schema, least, undone_by, automatic, after_end,
          expires_after, columns, description)
)
select a.action, a.aspect, a.scope, a.scope in ('person', 'account'), a.in_calls, a.needs_agent, a.params_schema, r.rank, a.undone_by, a.automatic, a.after_end,
       a.expires_after, a.columns, a.place, a.description
  from rows a join ranks r on r.role = a.least order by a.place;

create function live.action(p_action text) returns public.live_actions
language plpgsql stable security definer set search_path = '' as $$
declare
  known public.live_actions;
begin
  select * into known from public.live_actions a where a.action = p_action;
  return known;
end;
$$;
comment on function live.action is 'The row of an action; nulls when there is no such action.';
