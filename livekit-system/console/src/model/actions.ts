/**
 * Moderation as the console asks for it: what one may ask (so that nobody is offered what the database would refuse; the
 * database decides), the row of a request, and its life. Pure.
 */
import { ACTIONS } from "./action_list.ts";
import { AUDIENCE_RANK, HOST_RANK, OPS_RANK, RANKS, type RoleFacts, ROLES } from "./roles.ts";
import type { ActionName, ActionStatus, ChatMode, Participant, Role, Scope, SessionType } from "./rows.ts";

const NAMES = Object.keys(ACTIONS) as ActionName[];

/** What one asks against somebody, in order. Bans are lifted where they are listed, messages deleted where they stand,
 * one listens in by a function of its own, and the audit is taken out on its page. */
export const ON_PERSON = NAMES.filter((name) =>
  ["person", "account"].includes(ACTIONS[name].scope) && name !== "unban"
);
export const ON_ROOM = NAMES.filter((name) =>
  ACTIONS[name].scope === "session" && !ACTIONS[name].params.some((param) =>
    param === "message_id" || param === "recording_id"
  ) && name !== "listen" && name !== "export_audit"
);

/** What takes something away from people, and so needs a reason. */
const NEEDS_REASON = new Set<ActionName>([
  "mute",
  "mute_all",
  "camera_off",
  "chat_mute",
  "kick",
  "ban",
  "end_session",
]);
/** What is asked in red: it ends something for somebody. */
export const GRAVE = new Set<ActionName>(["kick", "ban", "end_session"]);

export function mayAsk(rank: number, action: ActionName): boolean {
  return rank >= ACTIONS[action].minRank;
}

export function mayReach(rank: number, target: Role): boolean {
  return rank >= OPS_RANK || RANKS[target] < rank;
}

export function scopesFor(rank: number): Scope[] {
  if (rank >= OPS_RANK) return ["session", "creator", "platform"];
  return rank >= HOST_RANK ? ["session", "creator"] : ["session"];
}

/** Roles that may be given, highest first. */
export function rolesFor(rank: number, type: SessionType, now: Role): Role[] {
  if (!mayReach(rank, now)) return [];
  const roles = Object.entries(ROLES[type]) as [Role, RoleFacts][];
  const below = rank >= OPS_RANK ? rank : Math.max(
    0,
    ...roles.filter(([, facts]) => facts.rank <= rank).map(([, facts]) => facts.grantsBelow),
  );
  return roles
    .filter(([role, facts]) =>
      role !== now && facts.rank < below && (facts.rank > AUDIENCE_RANK || facts.arrives)
    )
    .map(([role]) => role);
}

/** The actions worth offering against someone: permitted, and not what is so already. */
export function offers(
  rank: number,
  person: Participant,
  type: SessionType,
  chatMuted: boolean,
): ActionName[] {
  if (!mayReach(rank, person.role)) return [];
  const pointless = new Set<ActionName>([
    person.mic_muted ? "mute" : "unmute",
    person.camera_off ? "camera_off" : "camera_on",
    chatMuted ? "chat_mute" : "chat_unmute",
  ]);
  if (type === "audio_room") pointless.add("camera_off").add("camera_on");
  if (!person.is_online) pointless.add("kick");
  if (rolesFor(rank, type, person.role).length === 0) pointless.add("set_role");
  return ON_PERSON.filter((action) => mayAsk(rank, action) && !pointless.has(action));
}

/** What one may ask against each of these people: what may be asked of all of them. */
export function offersToAll(each: ActionName[][]): ActionName[] {
  return (each[0] ?? []).filter((action) =>
    action !== "set_role" && each.every((some) => some.includes(action))
  );
}

/** What still makes sense when the session is over. */
export function offersAfterEnd(rank: number, person: Pick<Participant, "role">): ActionName[] {
  return mayReach(rank, person.role) && mayAsk(rank, "ban") ? ["ban"] : [];
}

/** What the form holds. */
export interface Draft {
  action: ActionName;
  targetId: string | null;
  seconds: number | null;
  scope: Scope;
  role: Role | null;
  text: string;
  mode: ChatMode;
  /** Of what is about a message. */
  messageId: string | null;
  /** Also where it shortens what holds for longer. */
  replace: boolean;
  reason: string;
  /** Of reason_codes: the person reads its sentence in their own language. */
  code: string | null;
  /** For colleagues of ops alone; the person never sees it. */
  note: string;
}

export function draftOf(action: ActionName, targetId: string | null): Draft {
  return {
    action,
    targetId,
    seconds: null,
    scope: "session",
    role: null,
    text: "",
    mode: "everyone",
    messageId: null,
    replace: false,
    reason: "",
    code: null,
    note: "",
  };
}

export type DraftFault = "reason" | "role" | "text";

/** What is missing from a draft; null when it can be sent. */
export function faultOf(draft: Draft): DraftFault | null {
  if (draft.action === "set_role" && draft.role === null) return "role";
  if (draft.action === "announce" && draft.text.trim() === "") return "text";
  const said = draft.reason.trim() !== "" || draft.code !== null;
  return NEEDS_REASON.has(draft.action) && !said ? "reason" : null;
}

/** A row as `moderation_actions` takes it from an app user. The id makes a retry the same request. */
export interface ActionRow {
  id: string;
  session_id: string | null;
  call_id: string | null;
  target_user_id: string | null;
  action: ActionName;
  params: Record<string, unknown>;
  reason: string | null;
  reason_code: string | null;
  dry_run: boolean;
}

export function rowOf(
  draft: Draft,
  place: { sessionId: string | null; callId?: string | null },
  id: string,
  dryRun: boolean,
): ActionRow {
  return {
    id,
    session_id: place.sessionId,
    call_id: place.callId ?? null,
    target_user_id: draft.targetId,
    action: draft.action,
    params: paramsOf(draft),
    reason: draft.reason.trim() || null,
    reason_code: draft.targetId === null ? null : draft.code,
    dry_run: dryRun,
  };
}

function paramsOf(draft: Draft): Record<string, unknown> {
  const given: Record<string, unknown> = {
    seconds: draft.seconds,
    scope: draft.scope,
    role: draft.role,
    text: draft.text.trim(),
    mode: draft.mode,
    message_id: draft.messageId,
    replace: draft.replace || null,
  };
  const taken = ACTIONS[draft.action].params.filter((name) => (given[name] ?? null) !== null);
  return Object.fromEntries(taken.map((name) => [name, given[name]]));
}

const FINAL = new Set<ActionStatus>(["applied", "failed", "expired", "cancelled"]);

export function isFinal(status: ActionStatus): boolean {
  return FINAL.has(status);
}

/** How long to wait before looking again at a row that is not final, ms. Hints come sooner as a rule. */
export function lookAgainAfter(looks: number): number {
  return Math.min(300 * 2 ** looks, 3_000);
}
