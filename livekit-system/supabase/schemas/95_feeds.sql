-- Owns: what an app shows in lists, without joins of its own: live sessions, announced ones, one's calls, the people of a
-- session. Each is a view with the policies of who reads it; names and pictures come from live.card.

create function live.my_access(p_session public.live_sessions) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  -- Whether it has begun is not what keeps a person out: a list shows that itself.
  return coalesce(live.standing_fault(auth.uid(), p_session.id, p_session.creator_id), live.access_fault(p_session, auth.uid()));
end;
$$;
comment on function live.my_access(public.live_sessions) is
  'What keeps the caller out of a session, for a list: account_deleted, banned, sign_in_required, subscription_required or '
  'ticket_required; null when nothing does.';
grant execute on function live.my_access(public.live_sessions) to authenticated;
grant execute on function live.card(uuid) to authenticated;

create index live_sessions_by_start on public.live_sessions (started_at desc, id desc) where status = 'live';

create view public.live_now with (security_invoker = true) as
select s.id, s.type, s.access_type, s.price_coins, s.title, s.creator_id,
       live.card(s.creator_id) ->> 'name' as creator_name, live.card(s.creator_id) ->> 'avatar' as creator_avatar,
       s.viewer_count, s.started_at, s.ends_at, live.my_access(s) as reason
  from public.live_sessions s
 where s.status = 'live' and s.creator_id not in (select live.my_blocks());
comment on view public.live_now is
  'Live sessions for a list, none of creators between whom and the reader a block stands. Newest first: order=started_at.desc,id.desc; the next '
  'page: or=(started_at.lt.T,and(started_at.eq.T,id.lt.ID)) with the last row''s values; search: or=(title.ilike.*x*,creator_name.ilike.*x*).';
comment on column public.live_now.id is 'The session.';
comment on column public.live_now.type is 'video_live or audio_room.';
comment on column public.live_now.access_type is 'public, subscribers or pay_per_view.';
comment on column public.live_now.price_coins is 'Price of a ticket; null where none is needed.';
comment on column public.live_now.title is 'Title.';
comment on column public.live_now.creator_id is 'The creator.';
comment on column public.live_now.creator_name is 'Their name.';
comment on column public.live_now.creator_avatar is 'Address of their picture, or null.';
comment on column public.live_now.viewer_count is 'People in the room now.';
comment on column public.live_now.started_at is 'Since when it is live.';
comment on column public.live_now.ends_at is 'When it will end because its host is away; null while it will not.';
comment on column public.live_now.reason is 'What keeps the reader out: the code, as can_join gives it; null when nothing does.';
grant select on public.live_now to authenticated;

create view public.live_upcoming with (security_invoker = true) as
select s.id, s.type, s.access_type, s.price_coins, s.title, s.creator_id,
       live.card(s.creator_id) ->> 'name' as creator_name, live.card(s.creator_id) ->> 'avatar' as creator_avatar,
       s.scheduled_at, s.planned_minutes, s.id in (select live.my_tickets()) as had_ticket, live.my_access(s) as reason
  from public.live_sessions s
 where s.status = 'scheduled' and s.creator_id not in (select live.my_blocks());
comment on view public.live_upcoming is
  'Announced sessions for a list, none of creators between whom and the reader a block stands. Soonest first: order=scheduled_at,id.';
comment on column public.live_upcoming.id is 'The session.';
comment on column public.live_upcoming.type is 'video_live or audio_room.';
comment on column public.live_upcoming.access_type is 'public, subscribers or pay_per_view.';
comment on column public.live_upcoming.price_coins is 'Price of a ticket; null where none is needed.';
comment on column public.live_upcoming.title is 'Title.';
comment on column public.live_upcoming.creator_id is 'The creator.';
comment on column public.live_upcoming.creator_name is 'Their name.';
comment on column public.live_upcoming.creator_avatar is 'Address of their picture, or null.';
comment on column public.live_upcoming.scheduled_at is 'When it is to start.';
comment on column public.live_upcoming.planned_minutes is 'How long it is announced to be, or null.';
comment on column public.live_upcoming.had_ticket is 'Whether the reader has bought a ticket, paid back or not.';
comment on column public.live_upcoming.reason is 'What will keep the reader out: the code, as can_join gives it; null when nothing will.';
grant select on public.live_upcoming to authenticated;

create view public.my_calls with (security_invoker = true) as
select x.id, x.type, x.status, x.outgoing, x.other_id, live.card(x.other_id) ->> 'name' as other_name,
       live.card(x.other_id) ->> 'avatar' as other_avatar, x.created_at, x.accepted_at, x.ended_at, x.duration_seconds, x.end_reason
  from (
    select c.*, c.caller_id = (select auth.uid()) as outgoing,
           case c.caller_id when (select auth.uid()) then c.callee_id else c.caller_id end as other_id
      from public.calls c where (select auth.uid()) in (c.caller_id, c.callee_id)) x;
comment on view public.my_calls is 'The reader''s calls, for a history and for what rings now. Newest first: order=created_at.desc,id.desc.';
comment on column public.my_calls.id is 'The call.';
comment on column public.my_calls.type is 'audio or video.';
comment on column public.my_calls.status is 'Where it stands.';
comment on column public.my_calls.outgoing is 'Whether the reader called.';
comment on column public.my_calls.other_id is 'The other side.';
comment on column public.my_calls.other_name is 'Their name; null when the account is deleted.';
comment on column public.my_calls.other_avatar is 'Address of their picture, or null.';
comment on column public.my_calls.created_at is 'When it was started.';
comment on column public.my_calls.accepted_at is 'When it was answered.';
comment on column public.my_calls.ended_at is 'When it was over.';
comment on column public.my_calls.duration_seconds is 'How long it lasted.';
comment on column public.my_calls.end_reason is 'Why it is over.';
grant select on public.my_calls to authenticated;

create view public.session_people with (security_invoker = true) as
select p.session_id, p.user_id, live.card(p.user_id) ->> 'name' as name, live.card(p.user_id) ->> 'avatar' as avatar,
       p.role, p.is_online, p.mic_muted, p.camera_off, p.hand_raised_at,
       case when p.hand_raised_at is not null then
         rank() over (partition by p.session_id order by p.hand_raised_at, p.user_id) end as hand_position
  from public.live_participants p;
comment on view public.session_people is
  'The people of a session with names, and the queue of raised hands. Ask for one session: session_id=eq.ID, and is_online=is.true for who is there.';
comment on column public.session_people.session_id is 'The session.';
comment on column public.session_people.user_id is 'The person.';
comment on column public.session_people.name is 'Their name; null for an anonymous sign-in and a deleted account.';
comment on column public.session_people.avatar is 'Address of their picture, or null.';
comment on column public.session_people.role is 'Their role.';
comment on column public.session_people.is_online is 'Whether they are in the room.';
comment on column public.session_people.mic_muted is 'Whether a moderator has muted them.';
comment on column public.session_people.camera_off is 'Whether a moderator has taken their camera.';
comment on column public.session_people.hand_raised_at is 'Since when their hand is up; null when it is down.';
comment on column public.session_people.hand_position is 'Their place in the queue of hands, from 1; null when theirs is down.';
grant select on public.session_people to authenticated;
