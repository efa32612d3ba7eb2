// Who speaks, and how loud. Everyone has LiveKit's word for it; hosts, co-hosts and moderators also the agent's, for as long as they look.

import type { LevelsPayload } from "./event_types.ts";

/** One person's sound. */
export interface Level {
  readonly speaking: boolean;
  /** 0 to 1 as LiveKit measures it. */
  readonly level: number;
  /** In dBFS as the agent measures it; staff only. */
  readonly dbfs: number | null;
}

export type Levels = Readonly<Record<string, Level>>;

/** The agent repeats itself every 5 s; after this long without a word nothing is known any more. */
export const LEVELS_HOLD_MS = 12_000;

interface Speaker {
  readonly identity: string;
  readonly audioLevel: number;
}

/** What is needed of livekit-client's `Room`. */
export interface LevelsRoom {
  readonly activeSpeakers: readonly Speaker[];
}

/** Both words together. `told`: null when the agent's is not known. */
export function levelsNow(room: LevelsRoom, told: LevelsPayload | null): Levels {
  const levels: Record<string, Level> = {};
  for (const { user_id, speaking, level_dbfs } of told?.people ?? []) {
    levels[user_id] = { speaking, level: 0, dbfs: level_dbfs };
  }
  for (const { identity, audioLevel } of room.activeSpeakers) {
    levels[identity] = { speaking: true, level: audioLevel, dbfs: levels[identity]?.dbfs ?? null };
  }
  return levels;
}
