/** Owns: the bell of ops (`live:cases`): joined once for each page, however many readings hang on it; how many cases wait. */
import type { SupabaseClient } from "@supabase/supabase-js";
import { createContext, useContext, useEffect, useMemo, useState } from "react";
import type { Severity } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { failureOf, RequestError } from "./failure.ts";
import { type Live, useLive } from "./useLive.ts";
import { useTopic } from "./useTopic.ts";

const EVERY_MS = 30_000;

/** What rang: a case that opened, got graver, was claimed or decided, or an appeal. Ids only. */
export interface Ring {
  id: string;
  severity: Severity;
  state: "open" | "claimed" | "resolved" | "appeal";
}

export interface Bell {
  /** How often it rang since the page was opened. */
  rung: number;
  latest: Ring | null;
  /** Cases that nobody has decided yet; null until it is known. */
  waiting: number | null;
}

const SILENT: Bell = { rung: 0, latest: null, waiting: null };
export const BellContext = createContext<Bell>(SILENT);

const nothing = () => Promise.resolve(null);

async function openCases(client: SupabaseClient): Promise<number | null> {
  const asked = client.from("moderation_cases").select("id", { count: "exact", head: true });
  const answer = await asked.is("resolved_at", null);
  if (answer.error) throw new RequestError(failureOf(answer.error, answer.status));
  return answer.count;
}

/** Listens for whom it may ring; for others it stays silent and asks for nothing. */
export function useBell(isOps: boolean): Bell {
  const client = useSupabase();
  const [heard, setHeard] = useState<Pick<Bell, "rung" | "latest">>(SILENT);

  const read = isOps ? () => openCases(client) : nothing;
  const waiting = useLive(`bell ${isOps}`, read, EVERY_MS);
  const ring = (latest: Ring | null) => {
    setHeard(({ rung }) => ({ rung: rung + 1, latest }));
    waiting.refresh();
  };
  const topic = isOps ? "live:cases" : null;
  // What rang before one joined was not heard: every reading is made again.
  useTopic(topic, "changed", (payload) => ring(payload as Ring), () => ring(null));
  return useMemo(() => ({ ...heard, waiting: waiting.data }), [heard, waiting.data]);
}

/** Reads again whenever the bell rings. */
export function useRung(live: Pick<Live<unknown>, "refresh">) {
  const { rung } = useContext(BellContext);
  const { refresh } = live;
  useEffect(refresh, [rung, refresh]);
}
