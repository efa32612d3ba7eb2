/**
 * An intent: what somebody wants done, from the moment its form opens until it is known what became of it. It has one id
 * from the beginning, so that a retry, a reload and a lost answer are the same request. Pure.
 */
import { ACTIONS } from "./action_list.ts";
import { type ActionRow, type Draft, draftOf, isFinal, rowOf } from "./actions.ts";
import type { Failure } from "./failure.ts";
import { OPS_RANK } from "./roles.ts";
import type { ActionName, AuditRow, Role, Scope, Standing, Time } from "./rows.ts";

/** Whom a form is about. */
export interface Whom {
  id: string;
  name: string;
}

/** What a form may ask, and of whom. */
export interface Aim {
  sessionId: string | null;
  /** Of what is done in a call. */
  callId?: string | null;
  /** Null for the whole session. */
  target: Whom | null;
  /** Of a ban that is lifted: what it was, so that it can be put back. */
  lifted?: { expires_at: Time | null; reason: string | null };
  /** Who else it is asked against, each as an act of its own. */
  also?: Whom[];
  /** In order; the first is chosen. */
  actions: ActionName[];
  roles: Role[];
  scopes: Scope[];
  /** Of the one who asks, in this session. */
  rank: number;
  dryRun: boolean;
}

/**
 * `draft`: not sent, or refused with the form still open. `checking`: sent, and nobody knows yet whether it arrived.
 * `withdrawing`: called back after it was sent, the outcome unknown. `done`: the door took it; what becomes of the row is
 * its status.
 */
export type Phase = "draft" | "sending" | "checking" | "withdrawing" | "done" | "refused" | "withdrawn";

export interface Intent {
  id: string;
  /** Who wants it: another account never sees it. */
  by: string;
  aim: Aim;
  draft: Draft;
  phase: Phase;
  /** Whether its form is on the screen. */
  open: boolean;
  failure: Failure | null;
  row: AuditRow | null;
  /** When it was first sent, ms since 1970. */
  sentAt: number | null;
  /** When it was known to be done, ms since 1970. */
  doneAt: number | null;
  /** It was called back when the room had it already. */
  tooLate: boolean;
  undone: boolean;
  /** The last act on this person that was known when the form opened. */
  seenN: number | null;
  /** What acts of one press share: the id of the first. */
  batch: string | null;
  /** Whether the private note is kept, and why not. */
  noted: boolean;
  noteFailure: Failure | null;
}

/** How long an act may be taken back by one press, ms. */
export const UNDO_MS = 10_000;
/**
 * A request that nobody has seen may still arrive: for so long after it was sent, ms. The data API ends a statement after
 * 8 s at the latest (Supabase's `statement_timeout`), and a connection that waits for a place after 10 s.
 */
export const MAY_ARRIVE_MS = 20_000;
const KEPT = 60;
const KEPT_MS = 10 * 60_000;

export function intentOf(id: string, by: string, aim: Aim, draft: Draft): Intent {
  return {
    id,
    by,
    aim,
    draft,
    phase: "draft",
    open: true,
    failure: null,
    row: null,
    sentAt: null,
    doneAt: null,
    tooLate: false,
    undone: false,
    seenN: null,
    batch: null,
    noted: false,
    noteFailure: null,
  };
}

/** An act against each of the others, of the same press: under way at once. */
export function others(first: Intent, newId: () => string, now: number): Intent[] {
  const { also = [], ...aim } = first.aim;
  return also.map((target) => ({
    ...intentOf(newId(), first.by, { ...aim, target }, { ...first.draft, targetId: target.id }),
    open: false,
    phase: "sending",
    sentAt: now,
    batch: first.id,
  }));
}

/** Whether a private note waits to be kept: once the door has taken the act that it belongs to. */
export function wantsNote({ aim, draft, phase, noted, noteFailure }: Intent): boolean {
  return phase === "done" && !noted && noteFailure === null && !aim.dryRun && aim.rank >= OPS_RANK &&
    aim.target !== null && draft.note.trim() !== "";
}

export function requestOf(intent: Intent): ActionRow {
  return rowOf(intent.draft, intent.aim, intent.id, intent.aim.dryRun);
}

/** Whether it was sent and is not known to be through, or to be over. */
export function isUnresolved(intent: Intent): boolean {
  return ["sending", "checking", "withdrawing"].includes(intent.phase);
}

/** Whether the room may still say something about it. */
export function isMoving(intent: Intent): boolean {
  return isUnresolved(intent) || wantsNote(intent) ||
    (intent.phase === "done" && !(intent.row && isFinal(intent.row.status)));
}

/** Whether it ended in a way that the one who asked has to be told: also long after the form was closed. */
export function isBad(intent: Intent): boolean {
  if (intent.phase === "refused") return true;
  return intent.phase === "done" && ["failed", "expired"].includes(intent.row?.status ?? "");
}

/** What is worth keeping: what is open or moving, what went wrong, and the latest of the rest. Newest first. */
export function worthKeeping(intents: Intent[], now: number): Intent[] {
  const recent = (intent: Intent) => intent.sentAt !== null && now - intent.sentAt < KEPT_MS;
  return intents.filter((intent, i) =>
    intent.open || isMoving(intent) || (i < KEPT && recent(intent) && intent.phase !== "draft")
  );
}

/**
 * What was kept, after a reload or a new sign-in: only one's own, and what was under way is not known any more, so it is
 * asked for.
 */
export function restored(value: unknown, by: string, now: number): Intent[] {
  if (!Array.isArray(value)) return [];
  const own = value.filter((one): one is Intent => one?.by === by && typeof one.id === "string" && one.draft);
  return worthKeeping(own, now).map((one) => one.phase === "sending" ? { ...one, phase: "checking" } : one);
}

/** Until when an act may be taken back, and whether there is anything to take back. */
export function undoLeft(intent: Intent, now: number): number {
  if (intent.undone || intent.doneAt === null || undoOf(intent) === null) return 0;
  return Math.max(0, intent.doneAt + UNDO_MS - now);
}

/** What would put things back as they were; null where nothing does. What one has done, one may take back. */
export function undoOf(intent: Intent): Draft | null {
  const { row, aim, draft } = intent;
  const opposite = ACTIONS[draft.action].undoneBy;
  if (
    opposite === null || aim.dryRun || row === null || ["failed", "expired", "cancelled"].includes(row.status)
  ) {
    return null;
  }
  const back = { ...draftOf(opposite, draft.targetId), scope: draft.scope };
  const was = row.before ?? {};
  // What stood before is put back, not merely the opposite of what was asked.
  const earlier = earlierOf(draft.action, was, Date.now(), aim.lifted);
  if (earlier === "nothing to undo") return null;
  return { ...back, ...earlier };
}

function earlierOf(
  action: ActionName,
  was: Standing,
  now: number,
  lifted: Aim["lifted"],
): Partial<Draft> | "nothing to undo" {
  const left = (until: Time | null | undefined) =>
    until == null || until === "infinity" ? null : Math.ceil((Date.parse(until) - now) / 1000);
  switch (action) {
    case "mute":
      if (!was.mic_muted) return {};
      return { action: "mute", seconds: left(was.mic_muted_until), replace: true };
    case "chat_mute":
      if (!was.chat_muted) return {};
      return { action: "chat_mute", seconds: left(was.chat_muted_until), replace: true };
    case "unmute":
      return was.mic_muted ? { seconds: left(was.mic_muted_until) } : "nothing to undo";
    case "chat_unmute":
      return was.chat_muted ? { seconds: left(was.chat_muted_until) } : "nothing to undo";
    case "camera_off":
      return was.camera_off ? "nothing to undo" : {};
    case "camera_on":
      return was.camera_off ? {} : "nothing to undo";
    case "set_role":
      return was.role ? { role: was.role } : "nothing to undo";
    case "ban":
      return was.removed ? "nothing to undo" : {};
    case "slow_mode":
      return { seconds: was.slow_mode_seconds || null };
    case "chat_mode":
      return was.chat_mode ? { mode: was.chat_mode } : "nothing to undo";
    case "mute_all":
      return was.mute_all ? "nothing to undo" : {};
    case "unmute_all":
      return was.mute_all ? {} : "nothing to undo";
    case "unban":
      return lifted ? { seconds: left(lifted.expires_at), reason: lifted.reason ?? "" } : "nothing to undo";
    default:
      return "nothing to undo";
  }
}
