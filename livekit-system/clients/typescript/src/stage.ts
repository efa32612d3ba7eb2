// Hands and invitations: how somebody comes to speak, and the host's moderation by its one door.

import type { ActionName, ActionParams } from "./action_list.ts";
import { ACTION_FACTS } from "./action_list.ts";
import { newId } from "./new_id.ts";
import { onceThere } from "./once_there.ts";
import { RANKS, type Role } from "./roles.ts";
import { type Runtime, systemRuntime } from "./runtime.ts";
import { call, insert, rows } from "./tables.ts";
import type { CoinsSupabase as StageSupabase } from "./coins.ts";

export type { StageSupabase };

/** Asks to speak. @throws LiveError */
export function raiseHand(
  supabase: StageSupabase,
  sessionId: string,
  runtime: Runtime = systemRuntime,
): Promise<{ readonly hand_raised_at: string; readonly position: number }> {
  return onceThere(() => call(supabase, "raise_hand", { session_id: sessionId }), runtime);
}

/** One's own hand, or as a moderator somebody else's. @throws LiveError */
export function lowerHand(supabase: StageSupabase, sessionId: string, userId?: string): Promise<unknown> {
  return call(supabase, "lower_hand", { session_id: sessionId, user_id: userId ?? null });
}

/** The right follows within moments; no microphone opens by itself. @throws LiveError */
export function acceptInvite(supabase: StageSupabase, sessionId: string): Promise<{ readonly role: Role }> {
  return call(supabase, "accept_invite", { session_id: sessionId });
}

/** @throws LiveError */
export function declineInvite(supabase: StageSupabase, sessionId: string): Promise<unknown> {
  return call(supabase, "decline_invite", { session_id: sessionId });
}

export interface ActionRequest<Name extends ActionName = ActionName> {
  readonly action: Name;
  readonly sessionId: string;
  /** Whom; not for what is about the whole session. */
  readonly target?: string | undefined;
  readonly params?: ActionParams[Name] | undefined;
  /** For the audit, and for the person concerned. */
  readonly reason?: string | undefined;
  /** Chosen once, so that a retry is the same request. */
  readonly id?: string | undefined;
}

/** What became of a request. */
export interface ActionOutcome {
  readonly id: string;
  readonly status: "pending" | "claimed" | "applied" | "failed" | "expired" | "cancelled";
  /** From the request until LiveKit confirmed. */
  readonly enforce_ms: number | null;
  readonly error_code: string | null;
  /** `invited`: an offer was made, and the person decides. */
  readonly after: { readonly invited?: boolean } | null;
}

/**
 * Asks for an act of moderation: it holds from that moment on.
 * @returns the request's id, for `actionOutcome`
 * @throws LiveError `outranked`, `not_allowed`, `weaker_than_standing`…
 */
export async function moderate<Name extends ActionName>(
  supabase: StageSupabase,
  request: ActionRequest<Name>,
  runtime: Runtime = systemRuntime,
): Promise<string> {
  const { action, sessionId, target = null, params = {}, reason = null, id = newId() } = request;
  const row = { id, session_id: sessionId, target_user_id: target, action, params, reason };
  await insert(supabase, "moderation_actions", row, runtime);
  return id;
}

const FINAL = new Set<ActionOutcome["status"]>(["applied", "failed", "expired", "cancelled"]);
const LOOK_MS = 150;
const LOOK_CAP_MS = 2_000;

/**
 * What became of a request, as soon as that is final.
 * @param withinMs after that as it stands: it may be made true later
 * @throws LiveError
 */
export async function actionOutcome(
  supabase: StageSupabase,
  id: string,
  withinMs = 10_000,
  runtime: Runtime = systemRuntime,
): Promise<ActionOutcome | null> {
  const until = runtime.monotonic() + withinMs;
  for (let wait = LOOK_MS;; wait = Math.min(LOOK_CAP_MS, wait * 2)) {
    const [found = null] = await rows<ActionOutcome>(
      supabase,
      "moderation_actions",
      "id,status,enforce_ms,error_code,after",
      (query) => query.eq("id", id),
      runtime,
    );
    if (found !== null && FINAL.has(found.status)) return found;
    if (runtime.monotonic() + wait > until) return found;
    await new Promise<void>((resolve) => void runtime.setTimeout(resolve, wait));
  }
}

/** The acts worth offering to somebody of this role against somebody of that one. The database decides. */
export function actionsOn(mine: Role, theirs: Role): readonly ActionName[] {
  if (RANKS[theirs] >= RANKS[mine]) return [];
  return offered(mine, ["person", "account"]);
}

/** The acts on the session as a whole, or its chat. */
export function actionsInRoom(mine: Role): readonly ActionName[] {
  return offered(mine, ["session", "message"]);
}

function offered(mine: Role, scopes: readonly string[]): readonly ActionName[] {
  const names = Object.keys(ACTION_FACTS) as ActionName[];
  return names.filter((name) =>
    scopes.includes(ACTION_FACTS[name].scope) && ACTION_FACTS[name].minRank <= RANKS[mine]
  );
}

/** Whether a role moderates. */
export function isStaff(role: Role | null): boolean {
  return role !== null && actionsOn(role, "viewer").length > 0;
}

/** Asks for levels for 15 s: call it again while somebody is looking. Staff only. @throws LiveError */
export function watchLevels(
  supabase: StageSupabase,
  sessionId: string,
  runtime: Runtime = systemRuntime,
): Promise<unknown> {
  return call(supabase, "watch_levels", { session_id: sessionId }, runtime);
}
