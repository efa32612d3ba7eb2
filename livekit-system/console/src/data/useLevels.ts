/** Owns: the level meters of one session, for as long as somebody looks: the lease, the topic, the falling of peaks. */
import { useEffect, useState } from "react";
import { type Meters, parseLevels, settled, told } from "../model/levels.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { type Listening, useTopic } from "./useTopic.ts";

/** A lease lasts 15 s. */
const RENEW_MS = 6_000;
const SETTLE_MS = 500;
const NOTHING: Meters = new Map();

export interface Levels {
  meters: Meters;
  /** `joined`: levels come as soon as anybody speaks. */
  state: Listening;
}

export function useLevels(sessionId: string, live: boolean): Levels {
  const client = useSupabase();
  const [meters, setMeters] = useState(NOTHING);
  const [leased, setLeased] = useState<boolean | null>(null);
  const listening = useTopic(live ? `live:levels:${sessionId}` : null, "levels", (payload) => {
    const levels = parseLevels(payload);
    if (levels !== null) setMeters((before) => told(before, levels, Date.now()));
  }, () => setMeters(NOTHING));

  useEffect(() => {
    setMeters(NOTHING);
    if (!live) return;
    let over = false;
    async function renew() {
      if (document.visibilityState !== "visible") return;
      try {
        await dataOf(client.rpc("watch_levels", { session_id: sessionId }));
        if (!over) setLeased(true);
      } catch {
        if (!over) setLeased(false);
      }
    }
    void renew();
    const renewing = setInterval(renew, RENEW_MS);
    const settling = setInterval(() => setMeters((before) => settled(before, Date.now())), SETTLE_MS);
    document.addEventListener("visibilitychange", renew);
    return () => {
      over = true;
      clearInterval(renewing);
      clearInterval(settling);
      document.removeEventListener("visibilitychange", renew);
    };
  }, [client, sessionId, live]);
  return { meters, state: leased === false ? "lost" : leased === null ? "joining" : listening };
}
