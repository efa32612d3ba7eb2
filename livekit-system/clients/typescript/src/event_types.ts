// Payloads of the known event types, in step with livekit-system/schemas (the tests hold both to the same
// examples). An unknown type still arrives: a newer server may tell an older app more than it understands.

import type { Role } from "./roles.ts";
import type { RelayEvent, RelayLevels, RelayNotice } from "./types.ts";

export type { Role };

export interface EventPayloads {
  gift: GiftPayload;
  gift_combo: GiftComboPayload;
  system: { readonly kind: "announcement"; readonly text: string };
  role_changed: { readonly user_id: string; readonly role: Role; readonly previous: Role };
  /** `user_id` null: everyone below the hosts. */
  muted: { readonly user_id: string | null; readonly until: string | null };
  unmuted: { readonly user_id: string | null };
  removed: { readonly user_id: string };
  hand_raised: { readonly user_id: string };
  hand_lowered: { readonly user_id: string };
  session_ending: { readonly ends_at: string; readonly reason: string };
  /** It will not end by itself after all. */
  session_resumed: { readonly reason: string };
  session_ended: { readonly reason: string | null };
  viewer_milestone: { readonly viewers: number };
}

export interface GiftPayload {
  readonly gift_id: string;
  readonly sender_id: string;
  readonly sender_name?: string;
  readonly sender_avatar?: string;
  readonly gift_code: string;
  readonly quantity: number;
  /** What the whole gift cost: price times quantity. */
  readonly coins: number;
}

/** Several equal gifts of one sender, to be shown as one. A sum over `gift` events alone is already complete. */
export interface GiftComboPayload {
  readonly sender_id: string;
  readonly sender_name?: string;
  readonly gift_code: string;
  readonly gifts: number;
  readonly quantity: number;
  readonly coins: number;
  readonly first_seq: number;
  readonly last_seq: number;
}

export interface Text {
  readonly en: string;
  readonly tr: string;
}

export interface NoticePayloads {
  warning: { readonly text: Text; readonly rule?: string; readonly strikes?: number };
  tip: { readonly text: Text; readonly rule: string };
  muted: { readonly text: Text; readonly until?: string | null };
  unmuted: { readonly text: Text };
  chat_muted: { readonly text: Text; readonly until?: string | null };
  chat_unmuted: { readonly text: Text };
  camera_off: { readonly text: Text };
  camera_on: { readonly text: Text };
  role_changed: { readonly text: Text; readonly role?: Role };
  invited: { readonly text: Text; readonly role?: Role; readonly expires_at?: string };
  removed: { readonly text: Text; readonly reason?: string | null; readonly until?: string | null };
  access_ending: { readonly text: Text; readonly ends_at: string };
}

export interface LevelsPayload {
  readonly people: readonly {
    readonly user_id: string;
    readonly speaking: boolean;
    /** RMS of the last 400 ms of all their sounds in dBFS; null for who is not heard any more. */
    readonly level_dbfs: number | null;
    readonly microphone: Switch;
    readonly camera: Switch;
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
