/** Owns: who is kept out of one session, as far as the reader may know it. */
import type { Ban, Session } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { BAN_COLUMNS } from "./columns.ts";
import { dataOf } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 10_000;
const ROWS = 100;

/** Standing bans of the session and of its creator, newest first. */
export function useBansHere(session: Pick<Session, "id" | "creator_id"> | null): Live<Ban[]> {
  const client = useSupabase();

  async function read(): Promise<Ban[]> {
    if (session === null) return [];
    const bans: Ban[] = await dataOf(
      client.from("live_bans").select(BAN_COLUMNS)
        .or(`session_id.eq.${session.id},creator_id.eq.${session.creator_id}`)
        .is("lifted_at", null).or(`expires_at.is.null,expires_at.gt.${new Date().toISOString()}`)
        .order("created_at", { ascending: false }).limit(ROWS),
    );
    await profilesOf(
      client,
      bans.flatMap((ban) => [ban.user_id, ban.created_by, ban.creator_id].filter((id) => id !== null)),
    );
    return bans;
  }
  return useLive(`bans ${session?.id}`, read, EVERY_MS);
}
