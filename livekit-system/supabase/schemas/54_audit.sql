-- Owns: the audit: who did what to whom, why, through which door, how long it took, and what undid it.

create view public.moderation_audit with (security_invoker = true) as
select a.n,
       a.created_at,
       a.id as action_id,
       a.session_id,
       a.call_id,
       a.action,
       a.params,
       a.target_user_id,
       target.username as target_username,
       a.requested_by,
       asker.username as requested_by_username,
       a.requested_via,
       a.requested_rank,
       a.reason,
       a.reason_code,
       a.dry_run,
       a.status,
       a.error_code,
       a.error,
       a.before,
       a.after,
       a.applied_at,
       a.enforce_ms,
       a.superseded_by,
       undone.id as undone_by,
       coalesce(undone.created_at, ban.lifted_at,
                case when ban.expires_at <= now() then ban.expires_at end,
                case when known.aspect <> 'ban' and a.status = 'applied' and ran_out.at <= now()
                     then ran_out.at end) as undone_at
  from public.moderation_actions a
  join public.live_actions known on known.action = a.action
  left join public.live_sessions place on place.id = a.session_id
  left join public.profiles target on target.id = a.target_user_id
  left join public.profiles asker on asker.id = a.requested_by
  left join public.live_bans ban on ban.action_id = a.id
  cross join lateral (
    select a.created_at + make_interval(secs => (a.params -> 'seconds')::double precision) as at) ran_out
  left join lateral (
    select b.id, b.created_at
      from public.moderation_actions b
      left join public.live_sessions elsewhere on elsewhere.id = b.session_id
     where b.n > a.n
       and not a.dry_run and not b.dry_run
       and b.target_user_id is not distinct from a.target_user_id
       and b.status not in ('failed', 'cancelled')
       -- A ban of wider scope can be lifted from any session that it reaches.
       and (known.aspect <> 'ban' or coalesce(a.params ->> 'scope', 'session') = coalesce(b.params ->> 'scope', 'session'))
       and (b.session_id = a.session_id
            or (known.aspect = 'ban'
                and (a.params ->> 'scope' = 'platform'
                     or (a.params ->> 'scope' = 'creator' and elsewhere.creator_id = place.creator_id))))
       and (ran_out.at is null or b.created_at < ran_out.at)
       and b.action = known.undone_by
     order by b.n limit 1) undone on true;
comment on view public.moderation_audit is
  'Every action with who, whom, why, the door, the time it took, and what undid it. Row-level security of the tables applies.';
comment on column public.moderation_audit.n is 'The order.';
comment on column public.moderation_audit.created_at is 'When it was asked.';
comment on column public.moderation_audit.action_id is 'The row of moderation_actions.';
comment on column public.moderation_audit.session_id is 'The session.';
comment on column public.moderation_audit.call_id is 'The call.';
comment on column public.moderation_audit.action is 'What.';
comment on column public.moderation_audit.params is 'Details.';
comment on column public.moderation_audit.target_user_id is 'Whom.';
comment on column public.moderation_audit.target_username is 'Their name; null when the account is gone.';
comment on column public.moderation_audit.requested_by is 'Who asked.';
comment on column public.moderation_audit.requested_by_username is 'Their name.';
comment on column public.moderation_audit.requested_via is 'Through which door.';
comment on column public.moderation_audit.requested_rank is 'With what rank.';
comment on column public.moderation_audit.reason is 'Why.';
comment on column public.moderation_audit.reason_code is 'Why, as a code of reason_codes.';
comment on column public.moderation_audit.dry_run is 'Whether it was a rehearsal.';
comment on column public.moderation_audit.status is 'What became of it.';
comment on column public.moderation_audit.error_code is 'Why it failed, for programs.';
comment on column public.moderation_audit.error is 'Why it failed, in words.';
comment on column public.moderation_audit.before is 'Role and permission before.';
comment on column public.moderation_audit.after is 'Role and permission after.';
comment on column public.moderation_audit.applied_at is 'When it was true in LiveKit.';
comment on column public.moderation_audit.enforce_ms is 'Milliseconds from asking to true.';
comment on column public.moderation_audit.superseded_by is 'The later row that overtook it before it was carried out.';
comment on column public.moderation_audit.undone_by is 'The later row that undid it.';
comment on column public.moderation_audit.undone_at is 'When it was undone, lifted or ran out.';
grant select on public.moderation_audit to authenticated, service_role;
