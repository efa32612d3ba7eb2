-- Owns: that who takes the audit out is on record: an action of the audit itself, with the filters, how many rows, and their hash.

insert into public.live_actions (action, aspect, scope, needs_target, in_calls, needs_agent, params_schema, min_rank, undone_by, automatic,
                                 after_end, expires_after, columns, place, description)
select 'export_audit', null, 'session', false, false, false,
       live.object_schema(jsonb_build_object(
         'scope', '{"type": "string", "enum": ["platform"], "default": "platform"}'::jsonb,
         'form', '{"type": "string", "enum": ["csv", "print"]}'::jsonb,
         'filters', '{"type": "string", "format": "text", "maxLength": 1000, "description": "name=value, by & ; all rows without it"}'::jsonb,
         'rows', '{"type": "integer", "minimum": 0, "maximum": 1000000}'::jsonb,
         'sha256', '{"type": "string", "format": "text", "maxLength": 64, "description": "of the file"}'::jsonb), '{form,rows}'),
       live.rank_of_ops(), null, false, false, null, '{}', max(a.place) + 1,
       'somebody of ops has taken rows of the audit out, as a file or on paper; it names no session'
  from public.live_actions a;

create function live.do_export_audit(p_row public.moderation_actions) returns jsonb
language plpgsql set search_path = '' as $$
begin
  return '{}';
end;
$$;
comment on function live.do_export_audit(public.moderation_actions) is 'Changes nothing: the row is the record.';
