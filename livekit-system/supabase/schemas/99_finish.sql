-- Owns: what is done once everything is there, after the rights: PostgREST is told whom to ask first, and what exists now
-- is remembered as what must exist.

select live.hook_requests();
select live.remember_schema();
notify pgrst, 'reload config';
