/** Owns: reading the list of live rooms. Two requests at once, whatever the number of rooms. */
import type { RoomsReading } from "../model/rooms.ts";
import { OPEN_INCIDENT_MS } from "../model/rooms.ts";
import type { AgentRoom, AudioMinute, Incident, Session } from "../model/rows.ts";
import type { Account } from "./useAccount.ts";
import { useSupabase } from "./client.ts";
import { INCIDENT_COLUMNS, MINUTE_COLUMNS, SESSION_COLUMNS } from "./columns.ts";
import { dataOf } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 3_000;
const HEARD_WITHIN_MS = 3 * 60_000;
const MINUTE_MS = 60_000;

type Listed = Session & { moderation_incidents: Incident[]; live_audio_stats: AudioMinute[] };

/** So long ago or up to a minute longer: an address that stays the same is asked for by one request and not by two. */
function ago(ms: number): string {
  return new Date(Math.floor((Date.now() - ms) / MINUTE_MS) * MINUTE_MS).toISOString();
}

/** Every live room for ops; for staff those that they are staff of. */
export function useRooms(account: Account & { kind: "ops" | "staff" }): Live<RoomsReading> {
  const client = useSupabase();
  const mine = account.kind === "staff" ? account.sessions : null;

  async function read(): Promise<RoomsReading> {
    const live = client.from("live_sessions")
      .select(
        `${SESSION_COLUMNS}, moderation_incidents(${INCIDENT_COLUMNS}), live_audio_stats(${MINUTE_COLUMNS})`,
      )
      .eq("status", "live")
      .gt("moderation_incidents.started_at", ago(OPEN_INCIDENT_MS))
      .gt("live_audio_stats.minute", ago(HEARD_WITHIN_MS))
      .limit(500);
    const [listed, agents] = await Promise.all([
      dataOf(mine === null ? live : live.in("id", mine)).then((rows) => rows as unknown as Listed[]),
      mine === null
        ? dataOf<AgentRoom[]>(
          client.from("agent_rooms").select("room, worker_id, claimed_at").gt("lease_expires_at", "now"),
        )
        : null,
    ]);
    const minutes = listed.flatMap((session) => session.live_audio_stats);
    const shown = [...listed.map((session) => session.creator_id), ...minutes.map((m) => m.user_id)];
    return {
      sessions: listed,
      agents,
      incidents: listed.flatMap((session) => session.moderation_incidents),
      minutes,
      profiles: await profilesOf(client, shown),
    };
  }
  return useLive(`rooms ${account.id} ${mine?.join() ?? ""}`, read, EVERY_MS);
}
