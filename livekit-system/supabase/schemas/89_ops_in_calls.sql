-- Owns: the place of an action that is a call. Ops may act there as anywhere, and not only through server code; of
-- everyone else the door refuses it, because a call has no staff.

grant insert (call_id) on public.moderation_actions to authenticated;
