-- Owns: what ops read of cases: the inbox by rank, and the file of one case.

create function live.case_rank(p_case public.moderation_cases) returns double precision
language plpgsql stable set search_path = '' as $$
begin
  return (case p_case.severity when 'critical' then 100 when 'warning' then 10 else 1 end)
    * (1 + coalesce((select sum(live.reporter_accuracy(w.reporter_id))
                       from (select distinct r.reporter_id from public.user_reports r where r.case_id = p_case.id limit 50) w), 0))
    * (1 + ln(1 + coalesce((select s.viewer_count from public.live_sessions s where s.id = p_case.session_id), 0)))
    + extract(epoch from clock_timestamp() - p_case.opened_at) / 600;
end;
$$;
comment on function live.case_rank(public.moderation_cases) is
  'How urgent a case is: severity × reporters'' accuracy × audience of now, and one more for each ten minutes that it waits.';

create function public.case_inbox(state text default 'open', "limit" int default 50, skip int default 0) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform live.require_ops();
  if case_inbox.state is null or case_inbox.state not in ('open', 'resolved') then
    perform live.refuse(400, 'invalid_choice', 'The inbox shows open or resolved cases.');
  end if;
  return (
    select coalesce(jsonb_agg(to_jsonb(page) - 'place' order by page.place), '[]') from (
      select c.id, c.session_id, c.call_id, c.message_id, c.recording_id, c.user_id, c.severity, c.source, c.opened_at, live.case_state(c) as state,
             case when c.claim_expires_at > clock_timestamp() then c.claimed_by end as claimed_by, c.claim_expires_at,
             c.decision, c.reason_code, c.resolved_at, c.resolved_by,
             (select count(distinct r.reporter_id) from public.user_reports r where r.case_id = c.id) as reporters,
             (select array_agg(distinct r.reason_code) from public.user_reports r where r.case_id = c.id) as reasons,
             (select array_agg(distinct i.rule) from public.moderation_incidents i where i.case_id = c.id) as rules,
             (select s.title from public.live_sessions s where s.id = c.session_id) as title,
             live.shown_name(c.user_id) as name,
             (select p.username from public.profiles p where p.id = c.user_id) as username,
             row_number() over (order by case when c.resolved_at is null then live.case_rank(c) end desc nulls last,
                                         c.resolved_at desc nulls last, c.id) as place
        from (select * from public.moderation_cases o
               where (o.resolved_at is null) = (case_inbox.state = 'open') and o.user_id is distinct from auth.uid()
               order by o.resolved_at desc, o.opened_at desc limit 1000) c
       order by place
       limit least(greatest(coalesce(case_inbox."limit", 50), 1), 200) offset least(greatest(coalesce(case_inbox.skip, 0), 0), 1000)) page);
end;
$$;
comment on function public.case_inbox(text, int, int) is
  'The cases of ops, the most urgent first, or the last decided: [{id, user_id, name, severity, source, state, claimed_by, reporters, reasons, rules, …}], '
  'of the 1000 newest.';
grant execute on function public.case_inbox(text, int, int) to authenticated;

create function public.case_file(id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  item constant public.moderation_cases := live.case_to_see(case_file.id);
begin
  return jsonb_build_object(
    'case', to_jsonb(item) || jsonb_build_object('state', live.case_state(item)),
    'person', (select jsonb_build_object('user_id', p.id, 'username', p.username, 'display_name', p.display_name)
                 from public.profiles p where p.id = item.user_id),
    'session', (select to_jsonb(s) from (select x.id, x.title, x.type, x.status, x.creator_id, x.viewer_count, x.peak_viewers,
                                                x.started_at, x.ended_at
                                           from public.live_sessions x where x.id = item.session_id) s),
    'recording', (select to_jsonb(v) from (select x.recording_id as id, x.title, x.duration_seconds, x.published_at, x.taken_down_at
                                             from public.live_vods x where x.recording_id = item.recording_id) v),
    'reports', (select coalesce(jsonb_agg(to_jsonb(r) order by r.created_at), '[]')
                  from (select * from public.user_reports u where u.case_id = item.id order by u.created_at limit 200) r),
    'messages', (select coalesce(jsonb_agg(to_jsonb(m) order by m.created_at), '[]')
                   from (select distinct x.* from public.live_messages x join public.user_reports u on u.message_id = x.id
                          where u.case_id = item.id limit 100) m),
    'incidents', (select coalesce(jsonb_agg(to_jsonb(i) order by i.started_at), '[]')
                    from (select * from public.moderation_incidents x where x.case_id = item.id order by x.started_at desc limit 200) i),
    'actions', (select coalesce(jsonb_agg(to_jsonb(a) order by a.n), '[]')
                  from (select * from public.moderation_actions x where x.case_id = item.id order by x.n desc limit 200) a),
    'clips', live.clips_json(item.id),
    'flags', live.flags_json(item.id),
    'appeals', (select coalesce(jsonb_agg(to_jsonb(p) order by p.created_at), '[]')
                  from public.moderation_appeals p join public.moderation_actions a on a.id = p.action_id where a.case_id = item.id),
    'enforced_ms', (select jsonb_build_object('fastest', min(a.enforce_ms), 'slowest', max(a.enforce_ms), 'of_case', (
                      select extract(epoch from min(f.applied_at) - item.opened_at) * 1000
                        from public.moderation_actions f where f.case_id = item.id and f.status = 'applied'))
                      from public.moderation_actions a where a.case_id = item.id and a.status = 'applied'),
    'notes', (select coalesce(jsonb_agg(to_jsonb(n) order by n.created_at), '[]')
                from (select * from public.case_notes x where x.case_id = item.id order by x.created_at limit 200) n),
    'earlier', (select coalesce(jsonb_agg(to_jsonb(e) order by e.opened_at desc), '[]')
                  from (select x.id, x.severity, x.decision, x.reason_code, x.opened_at, x.resolved_at
                          from public.moderation_cases x where x.user_id = item.user_id and x.id <> item.id
                         order by x.opened_at desc limit 20) e));
end;
$$;
comment on function public.case_file(uuid) is
  'All of a case in one answer, for ops: {case, person, session, recording, reports, messages, incidents, actions, clips (each with its access), flags, appeals, enforced_ms: {fastest, slowest, of_case: from its opening to the first act that held}, notes, earlier}. Refuses own_case.';
grant execute on function public.case_file(uuid) to authenticated;
