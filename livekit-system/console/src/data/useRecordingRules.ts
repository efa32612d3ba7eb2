/** Owns: how many minutes of recording are used this month, and whose sessions are not recorded, by decision of ops. */
import { useCallback } from "react";
import type { Time } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { changed, dataOf, type Failure } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 30_000;

/** What `recording_usage` answers; `limit` null: there is none. */
export interface RecordingUsage {
  used: number;
  limit: number | null;
  level: "ok" | "warning" | "exceeded";
}

/** A row of `live_recording_stops`. */
export interface RecordingStop {
  creator_id: string;
  reason: string;
  stopped_by: string | null;
  stopped_at: Time;
}

export interface RecordingRules {
  rules: Live<{ usage: RecordingUsage; stops: RecordingStop[] }>;
  /** What is recorded of them just now stops as well. */
  allow: (creatorId: string, allowed: boolean, reason: string) => Promise<Failure | null>;
}

/** For ops. */
export function useRecordingRules(): RecordingRules {
  const client = useSupabase();

  async function read() {
    const [usage, stops] = await Promise.all([
      dataOf<RecordingUsage>(client.rpc("recording_usage")),
      dataOf<RecordingStop[]>(
        client.from("live_recording_stops").select("creator_id, reason, stopped_by, stopped_at")
          .order("stopped_at", { ascending: false }).limit(200),
      ),
    ]);
    await profilesOf(client, stops.flatMap((stop) => [stop.creator_id, stop.stopped_by ?? []].flat()));
    return { usage, stops };
  }
  const rules = useLive("rules of recordings", read, EVERY_MS);
  const { refresh } = rules;
  const allow = useCallback(async (creatorId: string, allowed: boolean, reason: string) => {
    return await changed(
      client.rpc("set_recording_allowed", { creator_id: creatorId, allowed, reason }),
      refresh,
    );
  }, [client, refresh]);
  return { rules, allow };
}
