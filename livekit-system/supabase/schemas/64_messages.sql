-- Owns: the chat of a session. It lives here and never in LiveKit; moderators delete through moderation_actions.

create table public.live_messages (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references public.live_sessions (id) on delete cascade,
  user_id uuid default auth.uid(),
  type text not null default 'text' check (type in ('text', 'gift', 'system')),
  body text check (char_length(body) between 1 and 2000),
  payload jsonb not null default '{}' check (jsonb_typeof(payload) = 'object'),
  sender_name text,
  sender_avatar text,
  created_at timestamptz not null default clock_timestamp(),
  deleted_at timestamptz,
  deleted_by uuid,
  held_at timestamptz,
  check (type <> 'text' or (body is not null and user_id is not null))
);
comment on table public.live_messages is 'The chat of a session: what people wrote, gifts as they were sent, and messages of the system.';
comment on column public.live_messages.id is 'The sender''s app may choose it, so that a retried message is the same message.';
comment on column public.live_messages.session_id is 'The session.';
comment on column public.live_messages.user_id is 'Who wrote or gave; null for the system.';
comment on column public.live_messages.type is 'text, gift or system.';
comment on column public.live_messages.body is 'The text; app_settings.limits.message_length bounds it.';
comment on column public.live_messages.payload is 'What a gift or system message shows.';
comment on column public.live_messages.sender_name is 'The sender''s name as it was then; null once the account is deleted.';
comment on column public.live_messages.sender_avatar is 'Address of the sender''s picture as it was then; null once the account is deleted.';
comment on column public.live_messages.created_at is 'When it was written.';
comment on column public.live_messages.deleted_at is 'When a moderator deleted it; only staff and ops see it from then on.';
comment on column public.live_messages.held_at is 'Since when it waits for a moderator: its author, staff and ops alone see it. Null: everyone does.';
comment on column public.live_messages.deleted_by is 'Who deleted it; null for server code and for ops.';
create index live_messages_of_session on public.live_messages (session_id, created_at desc);
create index live_messages_of_user on public.live_messages (user_id, created_at desc);

create function live.require_chat_mode(p_session public.live_sessions, p_user uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
  if p_session.chat_mode = 'everyone' or live.is_staff_in(p_session, p_user) then
    return;
  elsif p_session.chat_mode = 'followers_only' and not live.follows(p_user, p_session.creator_id) then
    perform live.refuse(403, 'followers_only', 'Only followers write in this chat: follow the creator to join in.');
  elsif p_session.chat_mode = 'subscribers_only' and not live.subscribes(p_user, p_session.creator_id) then
    perform live.refuse(403, 'subscribers_only', 'Only subscribers write in this chat: subscribe to the creator to join in.');
  end if;
end;
$$;
comment on function live.require_chat_mode is 'Refuses a message of somebody whom the session''s chat_mode leaves out.';

create function live.require_pause(p_session public.live_sessions, p_user uuid) returns void
language plpgsql set search_path = '' as $$
declare
  left_seconds double precision;
begin
  if p_session.slow_mode_seconds = 0 or live.is_staff_in(p_session, p_user) then
    return;
  end if;
  select p_session.slow_mode_seconds - extract(epoch from clock_timestamp() - max(m.created_at)) into left_seconds
    from public.live_messages m
   where m.session_id = p_session.id and m.user_id = p_user and m.type = 'text'
     and m.created_at > clock_timestamp() - make_interval(secs => p_session.slow_mode_seconds);
  if left_seconds > 0 then
    perform live.refuse(429, 'slow_mode', format('The chat is slowed down: write again in %s seconds.', ceil(left_seconds)));
  end if;
end;
$$;
comment on function live.require_pause is 'Refuses a message too soon after the last one of the same person, where the session''s chat is slowed down.';

-- Chat rules bind text, which is all that an app user can insert; gifts and system lines come from our functions.
create function live.guard_message() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  place public.live_participants;
  session public.live_sessions;
begin
  new.created_at := clock_timestamp();
  perform live.require_account(new.user_id);
  perform live.require_entry(new.session_id, new.user_id);
  select * into place from public.live_participants p
   where p.session_id = new.session_id and p.user_id = new.user_id;
  if place.is_online is not true then
    perform live.refuse(403, 'not_in_session', 'Join the session to write in its chat.');
  end if;
  if place.chat_muted_until > clock_timestamp() then
    perform live.refuse(403, 'chat_muted', 'A moderator has taken you out of the chat for now.');
  end if;
  if char_length(new.body) > live.limit_of('message_length') then
    perform live.refuse(400, 'message_too_long',
      format('A message may have %s characters at most.', live.limit_of('message_length')));
  end if;
  if live.text_fault(new.body, 2000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('A message %s.', live.text_fault(new.body, 2000, true)));
  end if;
  select * into session from public.live_sessions s where s.id = new.session_id;
  perform live.require_chat_mode(session, new.user_id);
  -- The pause after it: two messages at once have waited for each other there, so that the second sees the first.
  perform live.spend(new.user_id, 'messages_per_minute');
  perform live.require_pause(session, new.user_id);
  new.sender_name := live.shown_name(new.user_id);
  new.sender_avatar := live.shown_avatar(new.user_id);
  return new;
end;
$$;
comment on function live.guard_message() is 'Trigger: who may write what in a session''s chat, and how often.';
create trigger live_messages_guard before insert on public.live_messages
  for each row when (new.type = 'text') execute function live.guard_message();

alter table public.live_messages enable row level security;
grant select, insert (id, session_id, body) on public.live_messages to authenticated;
grant select, insert on public.live_messages to service_role;
create policy "who is in a live session reads its chat" on public.live_messages for select to authenticated
  using ((deleted_at is null and (user_id = (select auth.uid()) or (held_at is null and session_id in (select live.my_chats())))
          and (user_id is null or user_id not in (select live.my_blocks())))
         or session_id in (select live.my_staffed_sessions())
         or (select live.am_ops()));
create policy "members write as themselves" on public.live_messages for insert to authenticated
  with check (user_id = (select auth.uid()) and type = 'text' and not (select live.is_anonymous()));

create function live.forget_names(p_user uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  lines int;
  gifts int;
begin
  update public.live_messages m set sender_name = null, sender_avatar = null, payload = m.payload - '{sender_name,sender_avatar}'::text[]
   where m.user_id = p_user and (m.sender_name is not null or m.payload ? 'sender_name');
  get diagnostics lines = row_count;
  update public.live_events e set payload = e.payload - '{sender_name,sender_avatar}'::text[]
    from public.live_gifts g
   where g.sender_id = p_user and e.session_id = g.session_id and e.seq = g.seq and e.payload ? 'sender_name';
  get diagnostics gifts = row_count;
  return jsonb_build_object('names_in_messages', lines, 'names_in_events', gifts);
end;
$$;
comment on function live.forget_names(uuid) is
  'Takes the name and picture of a deleted account from the chat and the streams, which keep its bare id: rows changed, by table.';
