/** Owns: people's names as this tab knows them: read again when they are a minute old, and told apart where two are alike. */
import type { SupabaseClient } from "@supabase/supabase-js";
import { calledOf, folded, shortId, visible } from "../model/names.ts";
import type { Card, Profile } from "../model/rows.ts";
import { dataOf } from "./failure.ts";

interface Known {
  profile: Profile;
  at: number;
}

const known = new Map<string, Known>();
/** Who goes by a name, by the name as it is compared. */
const bearers = new Map<string, Set<string>>();
const KEPT = 20_000;
const FRESH_MS = 60_000;
const AT_ONCE = 200;

/** Profiles of these people; those whose account is gone are left out. */
export async function profilesOf(client: SupabaseClient, ids: Iterable<string>): Promise<Profile[]> {
  const wanted = [...new Set(ids)];
  const old = Date.now() - FRESH_MS;
  const missing = wanted.filter((id) => (known.get(id)?.at ?? 0) < old);
  for (let at = 0; at < missing.length; at += AT_ONCE) {
    const some = missing.slice(at, at + AT_ONCE);
    const found: Profile[] = await dataOf(
      client.from("profiles").select("id, username, display_name").in("id", some),
    );
    found.forEach(learn);
  }
  return wanted.flatMap((id) => known.get(id)?.profile ?? []);
}

/** What a list has told about people. */
export function learnCards(cards: (Card | null | undefined)[]) {
  for (const card of cards) {
    if (card) learn({ id: card.id, username: card.username ?? "", display_name: card.name });
  }
}

function learn(profile: Profile) {
  if (known.size >= KEPT) {
    known.clear();
    bearers.clear();
  }
  const before = known.get(profile.id)?.profile;
  if (before) bearers.get(keyOf(before))?.delete(profile.id);
  known.set(profile.id, { profile, at: Date.now() });
  const key = keyOf(profile);
  bearers.set(key, (bearers.get(key) ?? new Set()).add(profile.id));
}

function keyOf(profile: Profile): string {
  return folded(calledOf(profile, profile.id));
}

/** Whether somebody else goes by the same name. */
export function isAlike(id: string): boolean {
  const profile = known.get(id)?.profile;
  return profile !== undefined && (bearers.get(keyOf(profile))?.size ?? 0) > 1;
}

/** What to call someone; the beginning of the id until the name is known. With what tells them from who is called alike. */
export function nameFor(id: string): string {
  const profile = known.get(id)?.profile;
  const name = calledOf(profile, id);
  return isAlike(id) ? `${name} (${apart(id)})` : name;
}

function apart(id: string): string {
  const username = visible(known.get(id)?.profile.username);
  return [username && `@${username}`, shortId(id)].filter(Boolean).join(" · ");
}
