// What happens to the person who is signed in: calls that ring, invitations, bans, refunds, sessions they have a ticket for.
// Realtime tells it at once; what rings is read from the table at every join, and while Realtime is away.

import { LiveError, rest } from "./ask.ts";
import { lampOf } from "./lamp.ts";
import type { Card, PersonalPayloads } from "./payloads.ts";
import { type Runtime, systemRuntime } from "./runtime.ts";
import { joinTopic, type TopicSupabase } from "./topic.ts";

export interface RingingCall {
  readonly id: string;
  readonly type: "audio" | "video";
  readonly from: Card;
}

/** `elsewhere`: another device of this person answered. `gone`: it rings no more, and how is not known. */
export type RingEnd = "elsewhere" | "declined" | "cancelled" | "missed" | "ended" | "gone";

/** What both sides are told about a call. */
export type CallNews = PersonalPayloads["call"];
export type CallHappened = CallNews["happened"];

export interface MeHandlers {
  readonly onRinging: (call: RingingCall) => void;
  readonly onRingEnd: (callId: string, how: RingEnd) => void;
  /** Everything that happens to one's calls, as Realtime tells it. */
  readonly onCall?: (news: CallNews) => void;
  /** `invitation`, `ban`, `refund`, `appeal`, `session`: see `PersonalPayloads`. */
  readonly onNews?: (event: string, payload: Readonly<Record<string, unknown>>) => void;
  readonly onError?: (error: LiveError) => void;
}

export interface Me {
  /** This device answers, or has answered: that the call was accepted is no news for it. */
  answering(callId: string): void;
  refresh(): void;
  dispose(): void;
}

interface Rows extends PromiseLike<{ data: unknown; error: { message: string } | null; status?: number }> {
  eq(column: string, value: string | boolean): Rows;
}

/** Any typed supabase-js client. */
export type MeSupabase = TopicSupabase;

const ENDS: Readonly<Partial<Record<CallHappened, RingEnd>>> = {
  answered_elsewhere: "elsewhere",
  declined: "declined",
  cancelled: "cancelled",
  missed: "missed",
  ended: "ended",
};

export function hearMe(
  supabase: MeSupabase,
  userId: string,
  handlers: MeHandlers,
  runtime: Runtime = systemRuntime,
): Me {
  const tables = supabase as unknown as { from(table: string): { select(columns: string): Rows } };
  const ringing = new Map<string, RingingCall>();
  const answered = new Set<string>();
  let disposed = false, heard = 0;

  const ring = (call: RingingCall) => {
    if (ringing.has(call.id) || answered.has(call.id)) return;
    ringing.set(call.id, call);
    handlers.onRinging(call);
  };
  const end = (id: string, how: RingEnd) => {
    if (ringing.delete(id) && !answered.has(id)) handlers.onRingEnd(id, how);
  };
  const hear = (news: CallNews) => {
    heard += 1;
    if (news.happened === "ringing" && news.callee.id === userId) {
      ring({ id: news.call.id, type: news.call.type, from: news.caller });
    }
    const how = ENDS[news.happened];
    if (how !== undefined) end(news.call.id, how);
    handlers.onCall?.(news);
  };
  const read = async () => {
    const before = heard;
    try {
      const query = tables.from("my_calls").select("id,type,other_id,other_name,other_avatar");
      const rows = await rest(query.eq("status", "ringing").eq("outgoing", false), lamp) as Record<
        string,
        string
      >[];
      // What Realtime has told meanwhile is younger than this answer.
      if (disposed || heard !== before) return;
      const there = new Set(rows.map(({ id }) => id));
      for (const id of [...ringing.keys()]) if (!there.has(id)) end(id, "gone");
      for (const { id, type, other_id, other_name, other_avatar } of rows) {
        const from = { id: other_id ?? "", name: other_name ?? null, avatar: other_avatar ?? null };
        ring({ id: id ?? "", type: type as RingingCall["type"], from });
      }
    } catch (error) {
      if (!disposed && error instanceof LiveError) handlers.onError?.(error);
    }
  };
  const lamp = lampOf(supabase, runtime);
  const topic = joinTopic({
    supabase,
    runtime,
    name: `live:user:${userId}`,
    onBroadcast: (event, payload) => {
      if (event === "call") hear(payload as unknown as CallNews);
      else handlers.onNews?.(event, payload);
    },
    onRead: () => void read(),
  });
  return {
    answering: (callId) => void answered.add(callId),
    refresh: () => topic.read(),
    dispose: () => {
      disposed = true;
      topic.dispose();
    },
  };
}
