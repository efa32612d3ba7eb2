/** Recordings as host and ops see them. Pure. */
import type { Time } from "./rows.ts";

export type RecordingState =
  | "requested"
  | "starting"
  | "active"
  | "stopping"
  | "processing"
  | "ready"
  | "failed"
  | "aborted"
  | "deleted";
export type RecordingMode = "audio" | "host" | "composite";

/** A row of `live_recordings`, with its parts and, for ops, who did what. */
export interface Recording {
  id: string;
  session_id: string;
  mode: RecordingMode;
  /** Whether each part is wanted as one file too. */
  mp4: boolean;
  state: RecordingState;
  wanted: boolean;
  requested_by: string | null;
  requested_via: "app" | "ops";
  requested_at: Time;
  begins_at: Time;
  max_until: Time;
  active_at: Time | null;
  duration_seconds: number | null;
  bytes: number | null;
  error_code: string | null;
  error: string | null;
  gaps: { from_at: Time; to_at: Time; why: string }[];
  unwanted_why: "stopped" | "session_ended" | "time_over" | "failed" | "account_deleted" | null;
  retention_until: Time | null;
  legal_hold: boolean;
  live_recording_parts: { number: number; started_at: Time | null; ended_at: Time | null }[];
  live_recording_acts: RecordingAct[];
  /** What can be watched of it; null before it is ready. */
  live_vods: Vod | null;
  live_sessions: { title: string; status: "scheduled" | "live" | "ended"; creator_id: string } | null;
}

/** Its row of `live_vods`. */
export interface Vod {
  /** A path in the bucket `recordings`. */
  thumbnail: string | null;
  published_at: Time | null;
  taken_down_at: Time | null;
}

/** The MP4 of a part, by a link of a minute. */
export interface PartFile {
  number: number;
  url: string;
}

/** A line of `live_recording_acts`. */
export interface RecordingAct {
  user_id: string | null;
  act: "started" | "stopped" | "deleted" | "held" | "released" | "watched";
  at: Time;
  reason: string | null;
}

/** What `recording-playback` answers. */
export interface Playback {
  playlist: string;
  expires_at: Time;
}

/** Whether the red dot is on: it records now. */
export function isRecording({ state }: Pick<Recording, "state">): boolean {
  return state === "active" || state === "stopping";
}

/** Whether something of it is still to come. */
export function isOpen({ state }: Pick<Recording, "state">): boolean {
  return ["requested", "starting", "active", "stopping", "processing"].includes(state);
}

/** Begun minutes of all parts, as LiveKit counts them. */
export function minutesOf(recording: Pick<Recording, "live_recording_parts">, now: number): number {
  return recording.live_recording_parts.reduce((sum, { started_at, ended_at }) => {
    if (started_at === null) return sum;
    const until = ended_at === null ? now : Date.parse(ended_at);
    return sum + Math.ceil(Math.max(0, until - Date.parse(started_at)) / 60_000);
  }, 0);
}

/** Who asked for it, where the reader may know: acts name operators, the row names the host. */
export function askedBy(recording: Pick<Recording, "requested_by" | "live_recording_acts">): string | null {
  const started = recording.live_recording_acts.find((act) => act.act === "started");
  return started?.user_id ?? recording.requested_by;
}
