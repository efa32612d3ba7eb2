/** Owns: people's names, each asked once and kept for as long as the page is open. */
import type { SupabaseClient } from "@supabase/supabase-js";
import { nameOf } from "../model/rooms.ts";
import type { Profile } from "../model/rows.ts";
import { dataOf } from "./failure.ts";

const known = new Map<string, Profile>();
const KEPT = 5_000;
const AT_ONCE = 200;

/** Profiles of these people; those whose account is gone are left out. */
export async function profilesOf(client: SupabaseClient, ids: Iterable<string>): Promise<Profile[]> {
  const wanted = [...new Set(ids)];
  const missing = wanted.filter((id) => !known.has(id));
  if (known.size + missing.length > KEPT) known.clear();
  for (let at = 0; at < missing.length; at += AT_ONCE) {
    const some = missing.slice(at, at + AT_ONCE);
    const found: Profile[] = await dataOf(
      client.from("profiles").select("id, username, display_name").in("id", some),
    );
    for (const profile of found) known.set(profile.id, profile);
  }
  return wanted.flatMap((id) => known.get(id) ?? []);
}

/** What to call someone; the beginning of the id until the name is known. */
export function nameFor(id: string): string {
  return nameOf(known.get(id), id);
}
