// Narrows what arrives to the known types, whose payloads are in payloads.ts. An unknown type still arrives: a newer
// server may tell an older app more than it understands.

import type { EventPayloads, HintPayloads, NoticePayloads, PersonalPayloads, Text } from "./payloads.ts";
import type { Role } from "./roles.ts";
import type { RelayEvent, RelayLevels, RelayNotice } from "./types.ts";

export type { EventPayloads, HintPayloads, NoticePayloads, PersonalPayloads, Role, Text };

export type GiftPayload = EventPayloads["gift"];
export type GiftComboPayload = EventPayloads["gift_combo"];

export interface LevelsPayload {
  readonly people: readonly {
    readonly user_id: string;
    readonly speaking: boolean;
    /** RMS of the last 400 ms of all their sounds in dBFS; null for who is not heard any more. */
    readonly level_dbfs: number | null;
    readonly microphone: Switch;
    readonly camera: Switch;
    /** Only while LiveKit calls their connection weak: `lost`: nothing comes through. Of those who publish sound. */
    readonly connection?: "poor" | "lost";
    /** Each of their sounds, where more is heard than one microphone. */
    readonly tracks?: readonly SoundLevel[];
  }[];
  /** Anyone who is not named publishes neither microphone nor camera; false when there were too many for one packet. */
  readonly complete: boolean;
}

/** One of several sounds of a person. */
export interface SoundLevel {
  readonly source: "microphone" | "screen_share_audio" | "camera" | "screen_share" | "unknown";
  /** 0 for the first one of its source. */
  readonly number: number;
  readonly speaking: boolean;
  readonly level_dbfs: number;
}

/** What somebody has set themselves. `muted`: published, and sends nothing. */
export type Switch = "on" | "muted" | "off";

/** Narrows an event to a known type. The payload's shape is the signer's word; it is not checked again here. */
export function isEvent<T extends keyof EventPayloads>(
  event: RelayEvent,
  type: T,
): event is RelayEvent & { readonly type: T; readonly payload: EventPayloads[T] } {
  return event.type === type;
}

/** Narrows a notice to a known type. */
export function isNotice<T extends keyof NoticePayloads>(
  notice: RelayNotice,
  type: T,
): notice is RelayNotice & { readonly type: T; readonly payload: NoticePayloads[T] } {
  return notice.type === type;
}

/** The levels of a packet as the moderation schema words them. */
export function levelsOf(levels: RelayLevels): LevelsPayload {
  return levels.payload as unknown as LevelsPayload;
}
