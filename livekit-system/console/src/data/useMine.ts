/** Owns: what a creator sees of their own: their sessions with a summary of each, and the bans in them. */
import type { Ban, Performance } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { BAN_COLUMNS } from "./columns.ts";
import { dataOf } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 15_000;
const ROWS = 30;

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
    await profilesOf(
      client,
      (bans as Ban[]).flatMap((ban) =>
        [ban.user_id, ban.created_by, ban.lifted_by].filter((id) => id !== null)
      ),
    );
    return { sessions: sessions as OwnSession[], bans: bans as Ban[] };
  }
  return useLive(`mine ${me}`, read, EVERY_MS);
}
