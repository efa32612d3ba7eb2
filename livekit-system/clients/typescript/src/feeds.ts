// Lists, and what a creator does with a session of theirs.

import { ask } from "./ask.ts";
import type { Join } from "./connection.ts";
import { type Runtime, systemRuntime } from "./runtime.ts";
import { call, type LiveSupabase, rows } from "./tables.ts";

export type SessionType = "video_live" | "audio_room";
export type AccessType = "public" | "subscribers" | "pay_per_view";

interface Listed {
  readonly id: string;
  readonly type: SessionType;
  readonly access_type: AccessType;
  readonly price_coins: number | null;
  readonly title: string;
  readonly creator_id: string;
  readonly creator_name: string | null;
  readonly creator_avatar: string | null;
  /** What keeps the reader out, a code; null when nothing does. */
  readonly reason: string | null;
}

/** A row of `live_now`. */
export interface LiveNow extends Listed {
  readonly viewer_count: number;
  readonly started_at: string;
  readonly ends_at: string | null;
}

/** A row of `live_upcoming`. */
export interface Upcoming extends Listed {
  readonly scheduled_at: string;
  readonly planned_minutes: number | null;
  readonly had_ticket: boolean;
}

const PAGE = 20;
const LISTED = "id,type,access_type,price_coins,title,creator_id,creator_name,creator_avatar,reason";

export interface FeedPage {
  /** The last row of the page before. */
  readonly after?: LiveNow | undefined;
  /** Words in the title or the creator's name. */
  readonly search?: string | undefined;
}

/** Live sessions, newest first, a page at a time. @throws LiveError */
export function liveNow(
  supabase: Pick<LiveSupabase, "from">,
  { after, search = "" }: FeedPage = {},
  runtime: Runtime = systemRuntime,
): Promise<readonly LiveNow[]> {
  return rows<LiveNow>(supabase, "live_now", `${LISTED},viewer_count,started_at,ends_at`, (query) => {
    // PostgREST reads these as its own; nobody searches for them.
    const words = search.replace(/[*%,()"\\:]/g, " ").trim();
    let narrowed = query;
    if (words !== "") narrowed = narrowed.or(`title.ilike."*${words}*",creator_name.ilike."*${words}*"`);
    if (after !== undefined) {
      const { started_at: at, id } = after;
      narrowed = narrowed.or(`started_at.lt."${at}",and(started_at.eq."${at}",id.lt.${id})`);
    }
    return narrowed.order("started_at", { ascending: false }).order("id", { ascending: false }).limit(PAGE);
  }, runtime);
}

/** Announced sessions, the soonest first. @throws LiveError */
export function upcoming(
  supabase: Pick<LiveSupabase, "from">,
  runtime: Runtime = systemRuntime,
): Promise<readonly Upcoming[]> {
  return rows<Upcoming>(
    supabase,
    "live_upcoming",
    `${LISTED},scheduled_at,planned_minutes,had_ticket`,
    (query) => query.order("scheduled_at", { ascending: true }).order("id", { ascending: true }).limit(PAGE),
    runtime,
  );
}

export interface NewSession {
  readonly type: SessionType;
  readonly access_type: AccessType;
  readonly title: string;
  /** For `pay_per_view`, and only there. */
  readonly price_coins?: number;
  /** ISO 8601; without it the session is live at once. */
  readonly scheduled_at?: string;
  readonly planned_minutes?: number;
}

/** The columns of `live_sessions` that a screen shows. */
export interface Session {
  readonly id: string;
  readonly creator_id: string;
  readonly type: SessionType;
  readonly access_type: AccessType;
  readonly price_coins: number | null;
  readonly title: string;
  readonly status: "scheduled" | "live" | "ended";
  readonly scheduled_at: string | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly end_reason: string | null;
  readonly cancel_reason: string | null;
  readonly viewer_count: number;
  /** When it ends because its host is away; null while it will not. */
  readonly ends_at: string | null;
  readonly slow_mode_seconds: number;
  readonly chat_mode: "everyone" | "followers_only" | "subscribers_only";
  readonly pinned_message_id: string | null;
}

export interface Begun {
  readonly session: Session;
  /** Null while the session is scheduled. */
  readonly join: Join | null;
}

/** @throws LiveError */
export function createSession(supabase: LiveSupabase, session: NewSession): Promise<Begun> {
  return ask(supabase, "session-create", session);
}

/** An announced session goes live. @throws LiveError */
export function startSession(supabase: LiveSupabase, sessionId: string): Promise<Begun> {
  return ask(supabase, "session-start", { session_id: sessionId });
}

/** @throws LiveError */
export function endSession(supabase: LiveSupabase, sessionId: string): Promise<unknown> {
  return ask(supabase, "session-end", { session_id: sessionId });
}

/** Ticket holders are told. @throws LiveError */
export function moveSession(
  supabase: LiveSupabase,
  sessionId: string,
  scheduledAt: string,
): Promise<unknown> {
  return call(supabase, "move_session", { session_id: sessionId, scheduled_at: scheduledAt });
}

/** Before it has begun; ticket holders are told why, and are paid back. @throws LiveError */
export function cancelSession(supabase: LiveSupabase, sessionId: string, reason: string): Promise<unknown> {
  return call(supabase, "cancel_session", { session_id: sessionId, reason });
}
