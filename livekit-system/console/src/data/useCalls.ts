/** Owns: reading calls: those that run, or the latest that are over; of everybody, or of one person. */
import type { Call } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { CALL_COLUMNS } from "./columns.ts";
import { dataOf } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 5_000;
const ROWS = 100;
export const RUNNING = ["initiated", "ringing", "accepted"];

export function isRunning(call: Call): boolean {
  return RUNNING.includes(call.status);
}

/** Newest first. `state` null: all, of this person. */
export function useCalls(state: "running" | "ended" | null, person: string | null): Live<Call[]> {
  const client = useSupabase();

  async function read(): Promise<Call[]> {
    let asked = client.from("calls").select(CALL_COLUMNS);
    if (state === "running") asked = asked.in("status", RUNNING);
    if (state === "ended") asked = asked.not("ended_at", "is", null);
    if (person !== null) asked = asked.or(`caller_id.eq.${person},callee_id.eq.${person}`);
    const calls: Call[] = await dataOf(asked.order("created_at", { ascending: false }).limit(ROWS));
    await profilesOf(client, calls.flatMap((call) => [call.caller_id, call.callee_id]));
    return calls;
  }
  return useLive(`calls ${state} ${person}`, read, EVERY_MS);
}
