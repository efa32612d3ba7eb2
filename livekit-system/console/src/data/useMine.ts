/** Owns: what a creator sees of their own: their sessions with a summary of each, and the bans in them. */
import type { Ban, Performance } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 15_000;
const ROWS = 30;
const BAN_COLUMNS = "id, user_id, scope, session_id, creator_id, reason, created_at, expires_at, lifted_at";

/** A session of one's own, with what it came to. */
export interface OwnSession extends Performance {
  average_watch_seconds: number | null;
}

export interface MineReading {
  /** The newest first. */
  sessions: OwnSession[];
  bans: Ban[];
}

/** Row security decides what is one's own: nothing of others is asked for, and nothing of ops. */
export function useMine(me: string): Live<MineReading> {
  const client = useSupabase();

  async function read(): Promise<MineReading> {
    const [sessions, bans] = await Promise.all([
      dataOf(
        client.rpc("session_performance").eq("creator_id", me)
          .order("started_at", { ascending: false, nullsFirst: true }).limit(ROWS),
      ),
      dataOf(
        client.from("live_bans").select(BAN_COLUMNS).neq("user_id", me)
          .order("created_at", { ascending: false }).limit(ROWS),
      ),
    ]);
    await profilesOf(client, (bans as Ban[]).map((ban) => ban.user_id));
    return { sessions: sessions as OwnSession[], bans: bans as Ban[] };
  }
  return useLive(`mine ${me}`, read, EVERY_MS);
}
