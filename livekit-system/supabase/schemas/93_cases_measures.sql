-- Owns: the measures of moderation over a time (moderation_measures).

create function public.moderation_measures(since timestamptz, until timestamptz default now()) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
begin
  if moderation_measures.until - moderation_measures.since > interval '366 days' then
    perform live.refuse(400, 'invalid_choice', 'Ask for a year at most.');
  end if;
  return (
    with decided as (
      select coalesce((select i.rule from public.moderation_incidents i where i.action_id = a.id limit 1), a.requested_by::text, 'server') as judge,
             a.requested_via = 'auto' as by_rule, a.id, a.case_id, p.decision as appeal, p.id as appeal_id,
             p.decision = 'lifted' or (select coalesce(b.requested_by is distinct from a.requested_by, false)
               from public.moderation_audit v join public.moderation_actions b on b.id = v.undone_by where v.action_id = a.id) as reversed,
             case a.requested_via when 'auto'
               then (select extract(epoch from a.created_at - min(i.started_at)) from public.moderation_incidents i where i.action_id = a.id)
               else (select extract(epoch from a.created_at - k.opened_at) from public.moderation_cases k
                      where k.id = a.case_id and not exists (
                        select from public.moderation_actions e
                         where e.case_id = a.case_id and e.requested_by = a.requested_by and not e.dry_run and e.n < a.n)) end as seconds
        from public.moderation_actions a left join public.moderation_appeals p on p.action_id = a.id
       where a.created_at between moderation_measures.since and moderation_measures.until
         and live.took_something(a) and (a.requested_via = 'auto' or a.requested_by = me or live.am_lead()))
    select jsonb_build_object(
      'judges', coalesce((select jsonb_agg(jsonb_build_object(
          'judge', g.judge, 'rule', g.by_rule, 'decisions', g.decisions, 'appealed', g.appealed, 'lifted', g.lifted, 'upheld', g.upheld,
          'upheld_share', case when g.lifted + g.upheld > 0 then round(g.upheld::numeric / (g.lifted + g.upheld), 3) end,
          'reversed', g.reversed, 'seconds_to_first_act_p50', g.seconds) order by g.decisions desc)
        from (select d.judge, d.by_rule, count(*) as decisions, count(d.appeal_id) as appealed,
                     count(*) filter (where d.appeal = 'lifted') as lifted, count(*) filter (where d.appeal = 'upheld') as upheld,
                     count(*) filter (where d.reversed) as reversed, percentile_cont(0.5) within group (order by d.seconds) as seconds
                from decided d group by d.judge, d.by_rule) g), '[]'),
      'cases', (select jsonb_build_object(
          'opened', count(*), 'resolved', count(c.resolved_at), 'violations', count(*) filter (where c.decision = 'violation'),
          'seconds_to_first_act_p50', percentile_cont(0.5) within group (order by extract(epoch from f.first_act - c.opened_at)),
          'seconds_to_decision_p50', percentile_cont(0.5) within group (order by extract(epoch from c.resolved_at - c.opened_at)))
        from public.moderation_cases c
        left join lateral (select min(x.created_at) as first_act from public.moderation_actions x
                            where x.case_id = c.id and x.requested_via <> 'auto') f on true
       where c.opened_at between moderation_measures.since and moderation_measures.until)));
end;
$$;
comment on function public.moderation_measures(timestamptz, timestamptz) is
  'How rules and moderators judge, for ops (of moderators, who does not lead sees themselves): {judges: [{judge, rule, decisions, appealed, lifted, upheld, '
  'upheld_share, reversed, seconds_to_first_act_p50}], cases: {opened, resolved, violations, seconds_to_first_act_p50, seconds_to_decision_p50}}. judge is a '
  'rule''s name or a person''s id; reversed: lifted on appeal or undone by somebody else; to the first act: of a rule from where the offence began, of a '
  'moderator from the opening of the case.';
grant execute on function public.moderation_measures(timestamptz, timestamptz) to authenticated;
