/** Cases as the inbox and the file show them. Pure. */
import type { CaseAppeal, Decided } from "./appeals.ts";
import type { Clip } from "./evidence.ts";
import type { ActionStatus, Incident, Severity, Time } from "./rows.ts";

/** A case of `case_inbox`. */
export interface Case {
  id: string;
  session_id: string | null;
  call_id: string | null;
  user_id: string | null;
  severity: Severity;
  source: "rule" | "report" | "ops" | "speech" | "picture";
  opened_at: Time;
  state: "open" | "claimed" | "resolved";
  claimed_by: string | null;
  claim_expires_at: Time | null;
  decision: "violation" | "no_violation" | null;
  reason_code: string | null;
  resolved_at: Time | null;
  resolved_by: string | null;
  reporters: number;
  reasons: string[] | null;
  rules: string[] | null;
  title: string | null;
  name: string | null;
  username: string | null;
}

/** What the speech process found: rules that words met, or the score of a frame. Never what was said. */
export interface Flag {
  id: string;
  kind: "words" | "threat" | "picture";
  patterns: string[];
  score: number | null;
  engine: string;
  from_at: Time;
}

/** What `case_file` answers. */
export interface CaseFile {
  case: Case;
  person: { user_id: string; username: string; display_name: string | null } | null;
  session: { id: string; title: string; status: "scheduled" | "live" | "ended" } | null;
  /** The recording that was reported. */
  recording: { id: string; title: string; taken_down_at: Time | null } | null;
  reports: { id: string; reason_code: string; text: string | null; created_at: Time }[];
  messages: { id: string; body: string; created_at: Time }[];
  incidents: Incident[];
  actions: (Decided & { status: ActionStatus; dry_run: boolean })[];
  clips: Clip[];
  flags: Flag[];
  appeals: CaseAppeal[];
  /** From the case's opening to the first act that held, ms. */
  enforced_ms: { of_case: number | null } | null;
  notes: { id: string; author_id: string | null; body: string; created_at: Time }[];
  earlier: { id: string; decision: string | null; reason_code: string | null; opened_at: Time }[];
}

/** Whether the reader may decide it now: nobody has it, or they do. */
export function isMine(item: Case, me: string, now: number): boolean {
  const held = item.claimed_by !== null && item.claim_expires_at !== null &&
    Date.parse(item.claim_expires_at) > now;
  return held && item.claimed_by === me;
}

/** Who else works on it now; null when nobody does. */
export function heldBy(item: Case, me: string, now: number): string | null {
  const held = item.claim_expires_at !== null && Date.parse(item.claim_expires_at) > now;
  return held && item.claimed_by !== me ? item.claimed_by : null;
}
