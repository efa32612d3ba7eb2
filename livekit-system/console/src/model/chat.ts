/** The chat of a session as moderators see it, and its word lists. Pure. */
import type { ChatMode, Time } from "./rows.ts";

/** A row of `live_messages`. */
export interface ChatLine {
  id: string;
  user_id: string | null;
  body: string | null;
  created_at: Time;
  deleted_at: Time | null;
  /** Since when it waits for a moderator. */
  held_at: Time | null;
  sender_name: string | null;
}

/** How the chat of a session is set. */
export interface ChatSettings {
  slow_mode_seconds: number;
  chat_mode: ChatMode;
  pinned_message_id: string | null;
}

export type RuleEffect = "refuse" | "hold" | "flag";
export const EFFECTS: RuleEffect[] = ["hold", "refuse", "flag"];

/** A row of `chat_rules`. */
export interface WordRule {
  id: string;
  pattern: string;
  effect: RuleEffect;
  language: "tr" | "en" | null;
  exact_letters: boolean;
}

/** What a moderator looks at first: what waits, then the newest of the rest, each once. */
export function inOrder(held: ChatLine[], latest: ChatLine[]): ChatLine[] {
  const waiting = new Set(held.map((line) => line.id));
  return [...held, ...latest.filter((line) => !waiting.has(line.id))];
}
