// Whether a session is recorded now, and what one has answered: what a screen reads when it opens and after each of the stream's events.

import { type Runtime, systemRuntime } from "./runtime.ts";
import type { CoinsSupabase } from "./coins.ts";
import { rows } from "./tables.ts";
import type { RelayEvent } from "./types.ts";

/** Whether one agreed, in the answer that stands; null: one has not answered. @throws LiveError */
export async function myRecordingAnswer(
  supabase: CoinsSupabase,
  sessionId: string,
  userId: string,
  runtime: Runtime = systemRuntime,
): Promise<boolean | null> {
  const [answer] = await rows<{ agreed_at: string | null }>(
    supabase,
    "live_recording_consents",
    "agreed_at",
    (query) => query.eq("session_id", sessionId).eq("user_id", userId).is("withdrawn_at", null).limit(1),
    runtime,
  );
  return answer === undefined ? null : answer.agreed_at !== null;
}

export interface RecordingNow {
  /** A recording runs, or is announced: who publishes must have agreed. */
  readonly recorded: boolean;
  /** Until when the latest announcement can be answered (ISO 8601); later one listens until one agrees. */
  readonly answerBy: string | null;
}

/** What one's screen reads anew after an event of these types. */
export const RECORDING_EVENTS: ReadonlySet<string> = new Set([
  "recording_starting",
  "recording_started",
  "recording_stopped",
]);

/** As the session's stream tells it. @throws LiveError */
export async function recordingNow(
  supabase: CoinsSupabase,
  sessionId: string,
  runtime: Runtime = systemRuntime,
): Promise<RecordingNow> {
  const told = await rows<Pick<RelayEvent, "type" | "payload">>(
    supabase,
    "live_events",
    "type,payload",
    (query) =>
      query.eq("session_id", sessionId).or(`type.in.(${[...RECORDING_EVENTS].join(",")})`)
        .order("seq", { ascending: true }),
    runtime,
  );
  const running = new Set<unknown>();
  let answerBy: string | null = null;
  for (const { type, payload: { recording_id, answer_by } } of told) {
    if (type === "recording_stopped") running.delete(recording_id);
    else running.add(recording_id);
    if (typeof answer_by === "string") answerBy = answer_by;
  }
  return running.size > 0 ? { recorded: true, answerBy } : { recorded: false, answerBy: null };
}
