/** Owns: reading what happened since one left and how operators act, and handing over. */
import { useCallback } from "react";
import type { Rule } from "../model/rules.ts";
import type { ActionName, AuditRow, Card, Note, Time } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { changed, dataOf, type Failure } from "./failure.ts";
import { learnCards } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 15_000;
const MEASURES_EVERY_MS = 60_000;

/** What `shift_overview` answers. */
export interface Overview {
  since: Time;
  left_at: Time | null;
  notes: (Note & { author: Card | null })[];
  cases: Record<"opened" | "resolved" | "open" | "critical" | "unclaimed", number>;
  acts: { action: ActionName; via: AuditRow["requested_via"]; times: number; failed: number }[];
  incidents: { rule: Rule; times: number; acted: number; people: number }[];
  appeals: number;
  sessions: number;
  live: number;
  settings: {
    n: number;
    key: string;
    session_id: string | null;
    after: unknown;
    requested_by: string | null;
    changed_at: Time;
    reason: string | null;
    by: Card | null;
  }[];
}

/** A row of `operator_measures`. */
export interface Measures {
  card: Card;
  ops: boolean;
  acts: number;
  took: number;
  reversed: number;
  taken_back: number;
  cases: number;
  response_seconds_p50: number | null;
  decision_seconds_p50: number | null;
}

/** A row of `listening_digest`. */
export interface Listened {
  user_id: string;
  name: string | null;
  times: number;
  sessions: number;
  with_case: number;
  latest: Time;
}

/** `hours` null: since one's own last hand-over. */
export function useShift(hours: number | null) {
  const client = useSupabase();
  const since = () => hours === null ? null : new Date(Date.now() - hours * 3_600_000).toISOString();

  async function read(): Promise<Overview> {
    const told = await dataOf<Overview>(client.rpc("shift_overview", { since: since() }));
    learnCards([...told.notes.map((note) => note.author), ...told.settings.map((one) => one.by)]);
    return told;
  }
  const overview: Live<Overview> = useLive(`shift ${hours}`, read, EVERY_MS);
  const { refresh } = overview;

  const from = () => since() ?? new Date(Date.now() - 7 * 86_400_000).toISOString();
  async function readTeam(): Promise<Measures[]> {
    const team = await dataOf<Measures[]>(client.rpc("operator_measures", { since: from() }));
    learnCards(team.map((one) => one.card));
    return team;
  }
  const team: Live<Measures[]> = useLive(`team ${hours}`, readTeam, MEASURES_EVERY_MS);
  const readListens = () => dataOf<Listened[]>(client.rpc("listening_digest", { since: from() }));
  const listens: Live<Listened[]> = useLive(`listens ${hours}`, readListens, MEASURES_EVERY_MS);

  const handOver = useCallback(async (id: string, body: string): Promise<Failure | null> => {
    return await changed(client.rpc("hand_over", { id, body }), refresh);
  }, [client, refresh]);
  return { overview, team, listens, handOver };
}
