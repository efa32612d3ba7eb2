/** Sound and frames that are kept as evidence, as ops see them. Pure. */
import type { Time } from "./rows.ts";

/** A line of `evidence_access`. */
export interface ClipAccess {
  user_id: string;
  act: "opened" | "held" | "released";
  reason: string;
  at: Time;
}

/** A clip of `case_file`, with who looked at it. */
export interface Clip {
  id: string;
  session_id: string;
  user_id: string;
  why: "incident" | "reports" | "ops" | "speech" | "picture";
  kind: "sound" | "picture";
  from_at: Time;
  to_at: Time;
  sha256: string | null;
  stored_at: Time | null;
  retention_until: Time;
  legal_hold: boolean;
  deleted_at: Time | null;
  access: ClipAccess[];
}

/** What `evidence-open` answers. */
export interface ClipLink {
  url: string;
  sha256: string;
  expires_at: Time;
}

/** A clip that was fetched by its link: where the browser has it, and whether it is the file that the worker made. */
export interface OpenedClip {
  address: string;
  genuine: boolean;
}

export type ClipState = "storing" | "ready" | "deleted";

export function clipState(clip: Clip): ClipState {
  if (clip.deleted_at !== null) return "deleted";
  return clip.stored_at === null ? "storing" : "ready";
}

/** How long it is, s. */
export function clipSeconds(clip: Pick<Clip, "from_at" | "to_at">): number {
  return Math.round((Date.parse(clip.to_at) - Date.parse(clip.from_at)) / 1000);
}

/** A hash as `evidence_clips` has it. */
export function hex(digest: ArrayBuffer): string {
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
