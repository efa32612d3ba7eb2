/** Owns: levels and switches of one session, for as long as somebody looks: the lease, the topic, the falling of peaks. */
import { useEffect, useRef, useState } from "react";
import { type Meters, parseLevels, type Picture, settled, SILENT_MS, told } from "../model/levels.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { type Listening, useTopic } from "./useTopic.ts";

/** A lease lasts 15 s. */
const RENEW_MS = 6_000;
const SETTLE_MS = 500;
const NOTHING: Meters = new Map();
const UNKNOWN = { meters: NOTHING, picture: null };

export interface Levels {
  meters: Meters;
  /** The latest message; null when nothing is known. */
  picture: Picture | null;
  /** `lost` also when the topic is joined and nobody tells anything on it. */
  state: Listening;
}

export function useLevels(sessionId: string, live: boolean): Levels {
  const client = useSupabase();
  const [meters, setMeters] = useState(NOTHING);
  const [picture, setPicture] = useState<Picture | null>(null);
  const [leased, setLeased] = useState<boolean | null>(null);
  const [silent, setSilent] = useState(false);
  const silence = useRef<ReturnType<typeof setTimeout>>(undefined);

  function forget() {
    setMeters(NOTHING);
    setPicture(null);
  }
  function awaitNext() {
    clearTimeout(silence.current);
    setSilent(false);
    silence.current = setTimeout(() => {
      setSilent(true);
      forget();
    }, SILENT_MS);
  }

  const listening = useTopic(live ? `live:levels:${sessionId}` : null, "levels", (payload) => {
    const shown = parseLevels(payload);
    if (shown === null) return;
    setMeters((before) => told(before, shown.people, Date.now()));
    setPicture(shown);
    awaitNext();
  }, () => {
    forget();
    awaitNext();
  });

  useEffect(() => {
    forget();
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
      clearTimeout(silence.current);
      document.removeEventListener("visibilitychange", renew);
    };
  }, [client, sessionId, live]);
  const state = leased === false || silent ? "lost" : leased === null ? "joining" : listening;
  return state === "lost" ? { ...UNKNOWN, state } : { meters, picture, state };
}
