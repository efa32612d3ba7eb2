-- Owns: the word lists of the chat (chat_rules), and how a message is read for them: as people write to be understood and not
-- found. What a rule finds is refused, held for a moderator, or flagged in the author's case.
--
-- The list to begin with is made from the Turkish and English ones of LDNOOBW, "List of Dirty, Naughty, Obscene, and Otherwise
-- Bad Words" (CC BY 4.0, https://github.com/LDNOOBW), shortened: names of peoples and words with many innocent readings are left out.

create table public.chat_rules (
  id uuid primary key default gen_random_uuid(),
  scope text not null check (scope in ('platform', 'creator')),
  creator_id uuid,
  pattern text not null check (char_length(pattern) between 2 and 100),
  effect text not null check (effect in ('refuse', 'hold', 'flag')),
  language text check (language in ('tr', 'en')),
  exact_letters boolean not null default false,
  folded text not null,
  is_stem boolean not null,
  created_at timestamptz not null default clock_timestamp(),
  check ((scope = 'creator') = (creator_id is not null))
);
comment on table public.chat_rules is 'Word lists of the chat: the platform''s, and those of creators for their own sessions.';
comment on column public.chat_rules.id is 'Id of the rule.';
comment on column public.chat_rules.scope is 'platform or creator.';
comment on column public.chat_rules.creator_id is 'Whose sessions, for the scope creator.';
comment on column public.chat_rules.pattern is 'A word or words; with * at the end every word that begins so.';
comment on column public.chat_rules.effect is 'refuse (the author is told), hold (a moderator decides) or flag (shown, and the author''s case is opened).';
comment on column public.chat_rules.language is 'tr, en or null: for the reader of the list.';
comment on column public.chat_rules.exact_letters is 'Whether ı and i, ö and o and the like are different letters for this rule: "sık" is no "sik".';
comment on column public.chat_rules.folded is 'The pattern as messages are read; a trigger fills it in.';
comment on column public.chat_rules.is_stem is 'Whether the pattern ended with *.';
comment on column public.chat_rules.created_at is 'When it was made.';
create unique index chat_rules_once on public.chat_rules
  (creator_id, folded, is_stem, exact_letters) nulls not distinct;
alter table public.chat_rules enable row level security;
grant select, insert, update, delete on public.chat_rules to service_role;
grant select, insert (scope, creator_id, pattern, effect, language, exact_letters), delete on public.chat_rules to authenticated;
create policy "ops and the creator see their lists" on public.chat_rules for select to authenticated
  using ((select live.am_ops()) or creator_id = (select auth.uid()));
create policy "ops and creators add to their lists" on public.chat_rules for insert to authenticated
  with check ((scope = 'platform' and (select live.am_ops())) or (scope = 'creator' and creator_id = (select auth.uid())));
create policy "ops and creators take from their lists" on public.chat_rules for delete to authenticated
  using ((scope = 'platform' and (select live.am_ops())) or (scope = 'creator' and creator_id = (select auth.uid())));
insert into live.personal_data (table_name, whose, why) values
  ('public.chat_rules', '{creator_id}', 'Words that a creator does not want in the own chat: until they delete them or their account is deleted.');
update public.app_settings set value = value || '{"chat_rules_per_creator": 500}' where key = 'limits';

-- ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────
-- Not lower() alone: what it does to letters beyond ASCII is the database's locale's to say.
create function live.lower_turkish(p_text text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return lower(translate(p_text, 'İIÇĞÖŞÜÂÎÛАСЕОРХУІЅҚ', 'iıçğöşüâîûасеорхуіѕқ'));
end;
$$;
comment on function live.lower_turkish(text) is 'Small letters, as Turkish has them: I is ı.';

create function live.plain_letters(p_text text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return translate(p_text, 'çğıöşüâîû', 'cgiosuaiu');
end;
$$;
comment on function live.plain_letters(text) is 'Turkish letters as on a keyboard without them.';

create function live.chat_words(p_text text) returns text[]
language plpgsql immutable set search_path = '' as $$
declare
  -- What is not seen, and what is put over letters.
  unseen constant text := '[\u00ad\u0300-\u036f\u200b-\u200f\u2060-\u2064\ufeff]';
  body text := regexp_replace(normalize(p_text, nfkc), unseen, '', 'g');
  words text[];
begin
  body := live.lower_turkish(body);
  body := translate(body, 'асеорхуіѕқ', 'aceopxyisk');  -- Cyrillic that looks Latin
  -- Digits and signs stand for letters only next to letters: 1453 stays a year, and a word may end with "!".
  body := regexp_replace(body, '[!.?]+(\s|$)', ' ', 'g');
  select array_agg(case when t.word ~ '[a-zçğıöşü]' then translate(t.word, '0134578@$!€+', 'oieastbasiet') else t.word end order by t.n)
    into words from regexp_split_to_table(body, '\s+') with ordinality as t (word, n);
  -- Letters one by one ("s i k", "s.i.k") are one word.
  body := regexp_replace(array_to_string(words, ' '), '[^a-zçğıöşüâîû* ]+', ' ', 'g');
  body := regexp_replace(body, '(?<![a-zçğıöşü*])((?:[a-zçğıöşü*] +)+[a-zçğıöşü*])(?![a-zçğıöşü*])',
                         E'\u0001\\1\u0001', 'g');
  select string_agg(case when p.n % 2 = 0 then replace(p.part, ' ', '') else p.part end, '' order by p.n)
    into body from unnest(string_to_array(body, E'\u0001')) with ordinality as p (part, n);
  -- A letter drawn out is one letter: three of any, two of a vowel.
  body := regexp_replace(body, '([a-zçğıöşü])\1\1+', '\1', 'g');
  body := regexp_replace(body, '([aeıioöuü])\1+', '\1', 'g');
  return array_remove(string_to_array(btrim(regexp_replace(body, ' +', ' ', 'g')), ' '), '');
end;
$$;
comment on function live.chat_words(text) is
  'The words of a message as people read them: lower case, without drawn-out letters, spaces or signs between them, digits and foreign '
  'letters as what they stand for. A * within a word stands for one letter.';

create function live.word_is(p_word text, p_folded text, p_stem boolean) returns boolean
language plpgsql immutable set search_path = '' as $$
declare
  head constant text := case when p_stem then left(p_word, length(p_folded)) else p_word end;
begin
  return head = p_folded
      -- Half of it must be there: "*" alone is no word.
      or (position('*' in head) > 0 and length(head) = length(p_folded) and length(replace(head, '*', '')) * 2 > length(head)
          and p_folded like replace(replace(head, '_', ''), '*', '_'));
end;
$$;
comment on function live.word_is(text, text, boolean) is 'Whether a word is the one of a rule, or begins with it; * in the word is any letter.';

create function live.chat_words(p_text text, p_exact_letters boolean) returns text[]
language plpgsql immutable set search_path = '' as $$
begin
  return live.chat_words(case when p_exact_letters then p_text else live.plain_letters(live.lower_turkish(p_text)) end);
end;
$$;
comment on function live.chat_words(text, boolean) is 'The words of a message for rules that ask for exact letters, or for those that do not.';

create function live.chat_matches(p_text text, p_creator uuid) returns setof public.chat_rules
language plpgsql stable security definer set search_path = '' as $$
declare
  exact constant text[] := live.chat_words(p_text, true);
  plain constant text[] := live.chat_words(p_text, false);
begin
  return query
    select r.* from public.chat_rules r cross join lateral (select case when r.exact_letters then exact else plain end as words) m
     where (r.creator_id is null or r.creator_id = p_creator)
       and case when position(' ' in r.folded) > 0
                then position(' ' || r.folded || case when r.is_stem then '' else ' ' end in ' ' || array_to_string(m.words, ' ') || ' ') > 0
                else exists (select from unnest(m.words) as w (word) where live.word_is(w.word, r.folded, r.is_stem)) end;
end;
$$;
comment on function live.chat_matches(text, uuid) is 'The rules of the platform and of a creator that a text meets.';

create function live.fold_rule() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if live.text_fault(new.pattern, 100) is not null then
    perform live.refuse(400, 'invalid_text', format('A pattern %s.', live.text_fault(new.pattern, 100)));
  end if;
  new.is_stem := new.pattern ~ '\*$';
  new.folded := array_to_string(live.chat_words(rtrim(new.pattern, '*'), new.exact_letters), ' ');
  if length(new.folded) < 2 then
    perform live.refuse(400, 'bad_pattern', 'A pattern has two letters or more.');
  elsif new.creator_id is not null and (select count(*) from public.chat_rules r where r.creator_id = new.creator_id)
      >= live.limit_of('chat_rules_per_creator') then
    perform live.refuse(429, 'too_many_rules', 'Your list is full. Delete a word first.');
  end if;
  return new;
end;
$$;
comment on function live.fold_rule() is 'Trigger: reads a pattern as messages are read.';
create trigger fold_rule before insert or update on public.chat_rules for each row execute function live.fold_rule();

-- ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────────
create function live.judge_message() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  host constant uuid := (select s.creator_id from public.live_sessions s where s.id = new.session_id);
  effects constant text[] := (select array_agg(m.effect) from live.chat_matches(new.body, host) m);
begin
  if new.user_id = host or effects is null then
    return new;
  elsif 'refuse' = any (effects) then
    perform live.refuse(400, 'words_not_allowed', 'This message has words that are not allowed here. Write it differently.');
  elsif 'hold' = any (effects) then
    new.held_at := clock_timestamp();
  end if;
  if 'flag' = any (effects) then
    perform live.open_case(new.session_id, null, new.user_id, 'info', 'rule');
  end if;
  return new;
end;
$$;
comment on function live.judge_message() is
  'Trigger: refuses, holds or flags a message by the word lists, before anybody sees it. A host''s own are theirs to write.';
-- After live_messages_guard by its name: what may not be written at all is not read.
create trigger live_messages_words before insert on public.live_messages
  for each row when (new.type = 'text') execute function live.judge_message();

insert into public.chat_rules (scope, pattern, effect, language, exact_letters)
select 'platform', w, 'hold', 'tr', true
  from unnest(string_to_array(
    'amı,amın,amına,amını,amcık*,amcığ*,göt,göte,götü,götün,götüne,götünü,götünden,götler*,götten,götlek*,götoş*,götveren*,'
    'sik,siki,sikin,sikim,sikime,sikimi,sikine,sikini,sike,sikik,sikler*,siklem*,sikmek,sikmem*,sikte,sikten,sikey*,sikiy*,siker,sikerim,sikerler,'
    'sikicem,sikecem,sikeceğ*,sikiş*,sikti*,piç,piçin*,piçi,piçler*,oç,bok,boku,boktan', ',')) as w
union all
select 'platform', w, 'hold', 'tr', false
  from unnest(string_to_array(
    'siktir*,sikerim,sikeyim*,sikiyim*,siktigim*,amcik*,amk*,amq,aq,aminakoy*,amina koy*,amnakoy*,gotveren*,gotunu sik*,gotunden sik*,'
    'orospu*,orosbu*,orspu*,oruspu*,kaltak*,kaltağ*,kahpe*,pezevenk*,pezeveng*,gavat*,ibne*,yavşak*,yavşağ*,sürtük*,'
    'yarrak*,yarrağ*,yarak,yarağ*,taşak*,taşşak*,saksocu*,dalyarak*,puşt*,şerefsiz*,ananı sik*,ananın am*', ',')) as w
union all
select 'platform', w, 'hold', 'en', false
  from unnest(string_to_array(
    'fuck*,motherfuck*,fuk,fuking,shit,shitty,bullshit*,bitch*,cunt*,asshole*,arsehole*,whore*,slut,sluts,nigger*,nigga*,faggot*,retarded,'
    'wanker*,jerk off,blowjob*,cumshot*,dickhead*,cocksuck*,pussy,twat*,prick,rapist*,kill yourself,kys', ',')) as w;
