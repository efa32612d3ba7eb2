/** Owns: reading the list of live rooms. Five small requests at once, whatever the number of rooms. */
import type { RoomsReading } from "../model/rooms.ts";
import { OPEN_INCIDENT_MS } from "../model/rooms.ts";
import type { AgentRoom, AudioMinute, Incident, Session } from "../model/rows.ts";
import type { Account } from "./useAccount.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

export const SESSION_COLUMNS =
  "id, creator_id, type, access_type, title, livekit_room, status, started_at, ended_at, host_left_at, " +
  "viewer_count, peak_viewers, total_gift_coins, mute_all_rank, moderation";
export const INCIDENT_COLUMNS =
  "id, session_id, user_id, rule, severity, measured, started_at, strikes, action_id";
const EVERY_MS = 3_000;
const HEARD_WITHIN_MS = 3 * 60_000;

/** Every live room for ops; for staff those that they are staff of. */
export function useRooms(account: Account & { kind: "ops" | "staff" }): Live<RoomsReading> {
  const client = useSupabase();
  const mine = account.kind === "staff" ? account.sessions : null;

  async function read(): Promise<RoomsReading> {
    const live = client.from("live_sessions").select(SESSION_COLUMNS).eq("status", "live").limit(500);
    const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
    const [sessions, agents, incidents, minutes] = await Promise.all([
      dataOf(mine === null ? live : live.in("id", mine)).then((rows) => rows as unknown as Session[]),
      mine === null
        ? dataOf<AgentRoom[]>(
          client.from("agent_rooms").select("room, worker_id, claimed_at").gt("lease_expires_at", "now"),
        )
        : null,
      dataOf<Incident[]>(
        client.from("moderation_incidents").select(INCIDENT_COLUMNS)
          .gt("started_at", ago(OPEN_INCIDENT_MS)).limit(1000),
      ),
      dataOf<AudioMinute[]>(
        client.from("live_audio_stats")
          .select("session_id, user_id, minute, talk_seconds, loudness_lufs, peak_dbfs")
          .gt("minute", ago(HEARD_WITHIN_MS)).limit(1000),
      ),
    ]);
    const shown = [...sessions.map((s) => s.creator_id), ...minutes.map((m) => m.user_id)];
    return { sessions, agents, incidents, minutes, profiles: await profilesOf(client, shown) };
  }
  return useLive(`rooms ${account.id} ${mine?.join() ?? ""}`, read, EVERY_MS);
}
