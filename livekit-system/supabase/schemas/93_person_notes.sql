-- Owns: what operators note about a person, whatever the session: private, and not part of any case.

create table public.person_notes (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  author_id uuid,
  body text not null check (char_length(body) between 1 and 4000),
  created_at timestamptz not null default clock_timestamp()
);
comment on table public.person_notes is 'What operators tell each other about a person. The person never sees it.';
comment on column public.person_notes.id is 'The author''s app may choose it: the same id again is the same note.';
comment on column public.person_notes.user_id is 'About whom.';
comment on column public.person_notes.author_id is 'Who wrote it.';
comment on column public.person_notes.body is 'The text.';
comment on column public.person_notes.created_at is 'When it was written.';
create index person_notes_of_person on public.person_notes (user_id, created_at desc);
create index person_notes_by_age on public.person_notes (created_at);
alter table public.person_notes enable row level security;
grant select on public.person_notes to authenticated, service_role;
create policy "ops see notes, but for those about them" on public.person_notes for select to authenticated
  using ((select live.am_ops()) and user_id <> (select auth.uid()));
insert into live.personal_data (table_name, whose, others, setting, age, why) values
  ('public.person_notes', '{}', '{user_id,author_id}', 'retention.actions_days', 't.created_at',
   'Private words of operators about a person: deleted with the account. Not exported: they would warn who is looked into.');

create function public.add_person_note(user_id uuid, body text, id uuid default gen_random_uuid()) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := live.require_ops();
begin
  if add_person_note.user_id = me then
    perform live.refuse(403, 'own_case', 'Nobody of ops works on what is about themself.');
  elsif not live.is_or_was_account(add_person_note.user_id) then
    perform live.refuse(404, 'unknown_user', 'There is no such person.');
  elsif add_person_note.body is null or live.text_fault(add_person_note.body, 4000, true) is not null then
    perform live.refuse(400, 'invalid_text', format('A note %s.', coalesce(live.text_fault(add_person_note.body, 4000, true), 'must say something')));
  end if;
  insert into public.person_notes (id, user_id, author_id, body) values (add_person_note.id, add_person_note.user_id, me, add_person_note.body)
  on conflict on constraint person_notes_pkey do nothing;
  return jsonb_build_object('note_id', add_person_note.id);
end;
$$;
comment on function public.add_person_note(uuid, text, uuid) is
  'Ops note something about a person, in private: {note_id}. The same id again is the same note. Refuses own_case, unknown_user, invalid_text.';
grant execute on function public.add_person_note(uuid, text, uuid) to authenticated;

create function live.forget_notes(p_user uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  gone int;
begin
  delete from public.person_notes n where n.user_id = p_user;
  get diagnostics gone = row_count;
  return jsonb_build_object('person_notes', gone);
end;
$$;
comment on function live.forget_notes(uuid) is 'Deletes what was noted about a person whose account ends; says how much.';
