// What protects people from each other: blocks, reports, decisions and appeals, and who may call.

import { onceThere } from "./once_there.ts";
import { type Runtime, systemRuntime } from "./runtime.ts";
import { call, rows } from "./tables.ts";
import type { CoinsSupabase as SafetySupabase } from "./coins.ts";

export type { SafetySupabase };

/** Nobody is told. @throws LiveError */
export function blockUser(supabase: SafetySupabase, userId: string): Promise<{ readonly blocked: boolean }> {
  return call(supabase, "block_user", { user_id: userId });
}

/** @throws LiveError */
export function unblockUser(
  supabase: SafetySupabase,
  userId: string,
): Promise<{ readonly unblocked: boolean }> {
  return call(supabase, "unblock_user", { user_id: userId });
}

/** Ids of those whom one has blocked, the latest first. @throws LiveError */
export async function myBlocks(
  supabase: SafetySupabase,
  runtime: Runtime = systemRuntime,
): Promise<readonly string[]> {
  const found = await rows<{ blocked_id: string }>(
    supabase,
    "user_blocks",
    "blocked_id",
    (query) => query.order("created_at", { ascending: false }),
    runtime,
  );
  return found.map(({ blocked_id }) => blocked_id);
}

export interface ReasonCode {
  readonly code: string;
  readonly text_en: string;
  readonly text_tr: string;
}

/** What a report may say. @throws LiveError */
export function reportReasons(
  supabase: SafetySupabase,
  runtime: Runtime = systemRuntime,
): Promise<readonly ReasonCode[]> {
  const columns = "code,text_en,text_tr";
  return rows<ReasonCode>(
    supabase,
    "reason_codes",
    columns,
    (query) => query.eq("for_reports", true),
    runtime,
  );
}

export interface Report {
  readonly report_id: string;
  /** The same was reported today already. */
  readonly repeated: boolean;
}

export type Reported =
  | { readonly userId: string; readonly sessionId?: string; readonly callId?: string }
  | { readonly messageId: string }
  | { readonly recordingId: string }
  | { readonly sessionId: string };

/** The reported never learns who it was. @throws LiveError */
export function report(
  supabase: SafetySupabase,
  about: Reported,
  reasonCode: string,
  text?: string,
  runtime: Runtime = systemRuntime,
): Promise<Report> {
  const [name, what] = reported(about);
  const args = { ...what, reason_code: reasonCode, text: text ?? null };
  return onceThere(() => call<Report>(supabase, name, args, runtime), runtime);
}

function reported(about: Reported): [string, Readonly<Record<string, unknown>>] {
  if ("messageId" in about) return ["report_message", { message_id: about.messageId }];
  if ("recordingId" in about) return ["report_recording", { recording_id: about.recordingId }];
  if (!("userId" in about)) return ["report_session", { session_id: about.sessionId }];
  const { userId, sessionId = null, callId = null } = about;
  return ["report_person", { user_id: userId, session_id: sessionId, call_id: callId }];
}

/** Something that was decided about the person who is signed in. */
export interface Decision {
  readonly action_id: string;
  readonly action: string;
  readonly at: string;
  readonly session_id: string | null;
  readonly title: string | null;
  readonly seconds: number | null;
  readonly scope: string | null;
  readonly decided_by: "rule" | "room" | "platform";
  readonly reason: string | null;
  readonly rule: string | null;
  /** How many clips of sound are kept of it. */
  readonly clips: number;
  readonly reason_code: string | null;
  readonly text_en: string | null;
  readonly text_tr: string | null;
  readonly may_appeal: boolean;
  readonly appeal: {
    readonly id: string;
    readonly decision: string | null;
    readonly answer: string | null;
  } | null;
}

/** Newest first; also for a suspended account. @throws LiveError */
export function myDecisions(supabase: SafetySupabase, before?: string): Promise<readonly Decision[]> {
  return call(supabase, "my_decisions", { before: before ?? null });
}

/** Once for each decision; also for a suspended account. @throws LiveError */
export function appeal(
  supabase: SafetySupabase,
  actionId: string,
  text: string,
): Promise<{ readonly appeal_id: string }> {
  return call(supabase, "appeal", { action_id: actionId, text });
}

/** What may be kept of a speaker's sound, whether words are searched, and whether cameras are looked at. */
export interface EvidenceNotice {
  readonly kept: boolean;
  readonly seconds: number;
  readonly speech: boolean;
  readonly pictures: boolean;
  readonly text_en: string;
  readonly text_tr: string;
}

/** To be shown before somebody speaks for the first time. @throws LiveError */
export function evidenceNotice(supabase: SafetySupabase): Promise<EvidenceNotice> {
  return call(supabase, "evidence_notice", {});
}

export type CallsFrom = "everyone" | "followed" | "nobody";

/** @throws LiveError */
export function setCallsFrom(supabase: SafetySupabase, from: CallsFrom): Promise<unknown> {
  return call(supabase, "set_calls_from", { calls_from: from });
}
