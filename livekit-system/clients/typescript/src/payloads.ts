// Written from events.json, notices.json, personal.json, hints.json by tests/unit/test_message_lists.py.

import type { Role } from "./roles.ts";

/** Words that a person reads. */
export interface Text {
  readonly en: string;
  readonly tr: string;
}

/** A person as others are shown them. */
export interface Card {
  readonly id: string;
  readonly name: string | null;
  readonly avatar: string | null;
}

/** An event of `live_events` as topic live.events carries it. Types and fields may be added: readers ignore what they do not know. `seq` is 1, 2, 3… per session without gaps. The payloads by type. */
export interface EventPayloads {
  /** Someone gave a gift. `coins` is what the whole gift cost: price times quantity. */
  readonly gift: {
    readonly gift_id: string;
    readonly sender_id: string;
    readonly sender_name?: string;
    readonly sender_avatar?: string;
    readonly gift_code: string;
    readonly quantity: number;
    readonly coins: number;
  };
  /** Several equal gifts of one sender, from first_seq to last_seq, to be shown as one. Each is a `gift` event as well: sum those, never these. */
  readonly gift_combo: {
    readonly sender_id: string;
    readonly sender_name?: string;
    readonly gift_code: string;
    readonly gifts: number;
    readonly quantity: number;
    readonly coins: number;
    readonly first_seq: number;
    readonly last_seq: number;
  };
  /** A word of the house to everyone, as ops wrote it. */
  readonly system: { readonly kind: "announcement"; readonly text: string };
  /** Someone's role in this session changed. */
  readonly role_changed: { readonly user_id: string; readonly role: Role; readonly previous: Role };
  /** A moderator muted someone; `user_id` null means everyone below the hosts. Who did it and why is not the room's business. */
  readonly muted: { readonly user_id: string | null; readonly until: string | null };
  /** The mute is over; `user_id` null means everyone's. */
  readonly unmuted: { readonly user_id: string | null };
  /** Someone was removed. Whether for good, and why, is between them and the house. */
  readonly removed: { readonly user_id: string };
  /** Someone asks to speak. */
  readonly hand_raised: { readonly user_id: string };
  /** They no longer ask, or were answered. */
  readonly hand_lowered: { readonly user_id: string };
  /** The session will end at `ends_at` unless `session_resumed` follows: its host is away. A later one replaces it. */
  readonly session_ending: { readonly ends_at: string; readonly reason: string };
  /** It will not end by itself after all: the host is back. */
  readonly session_resumed: { readonly reason: string };
  /** The session is over; `at` says since when. The last event of its stream. */
  readonly session_ended: { readonly reason: string | null };
  /** The session will be recorded from `begins_at` on. Who publishes agrees (`consent_to_recording`) until `answer_by`, or listens from then on. */
  readonly recording_starting: {
    readonly recording_id: string;
    readonly mode: "audio" | "host" | "composite";
    readonly begins_at: string;
    readonly answer_by: string;
    readonly notice_version: string;
  };
  /** The session is recorded now. */
  readonly recording_started: {
    readonly recording_id: string;
    readonly mode: "audio" | "host" | "composite";
  };
  /** This recording records no more. Nobody's consent is needed while no other runs. */
  readonly recording_stopped: {
    readonly recording_id: string;
    readonly mode: "audio" | "host" | "composite";
  };
  /** So many watch at once for the first time. */
  readonly viewer_milestone: { readonly viewers: number };
}

/** What topic live.notice tells one participant. `text` is ready to show, in English and Turkish. The payloads by type. */
export interface NoticePayloads {
  /** Your microphone was taken; `until` null: until someone gives it back. */
  readonly muted: { readonly text: Text; readonly until: string | null };
  /** You may use your microphone again; it does not open by itself. */
  readonly unmuted: { readonly text: Text };
  /** Your camera was taken. */
  readonly camera_off: { readonly text: Text };
  /** You may use your camera again; it does not open by itself. */
  readonly camera_on: { readonly text: Text };
  /** Your role changed. */
  readonly role_changed: { readonly text: Text; readonly role: Role };
  /** You are invited to a role; accept_invite or decline_invite. */
  readonly invited: { readonly text: Text; readonly role: Role; readonly expires_at: string | null };
  /** You may not write for now. */
  readonly chat_muted: { readonly text: Text; readonly until: string | null };
  /** You may write again. */
  readonly chat_unmuted: { readonly text: Text };
  /** You are being disconnected. Do not reconnect by yourself. */
  readonly removed: { readonly text: Text; readonly reason: string | null; readonly until: string | null };
  /** A rule was broken; the next step is stronger. */
  readonly warning: { readonly text: Text; readonly rule: string; readonly strikes: number };
  /** Something about the person's sound that can be mended. Nothing is held against them. */
  readonly tip: { readonly text: Text; readonly rule: string };
  /** Your right to watch ends at `ends_at`. */
  readonly access_ending: { readonly text: Text; readonly ends_at: string };
  /** You publish nothing while this session is recorded: you have not agreed, or took your consent back. */
  readonly recording_withheld: { readonly text: Text };
  /** You may publish again: you agreed, or nothing is recorded any more. */
  readonly recording_released: { readonly text: Text };
}

/** What the Realtime topic live:user:<id> tells its person: the broadcast's event is `type`. Each payload has `now` as well, the server's time. The payloads by type. */
export interface PersonalPayloads {
  /** Something happened to a call of theirs: enough to show it without a request. `rings_until` is null once it rings no more. */
  readonly call: {
    readonly happened:
      | "ringing"
      | "accepted"
      | "answered_elsewhere"
      | "declined"
      | "cancelled"
      | "missed"
      | "ended"
      | "video_wanted"
      | "video_declined"
      | "video";
    readonly call: {
      readonly id: string;
      readonly caller_id: string;
      readonly callee_id: string;
      readonly type: "audio" | "video";
      readonly status:
        | "initiated"
        | "ringing"
        | "accepted"
        | "declined"
        | "missed"
        | "cancelled"
        | "ended"
        | "failed";
      readonly ringing_at: string | null;
      readonly accepted_at: string | null;
      readonly ended_at: string | null;
      readonly duration_seconds: number | null;
      readonly end_reason: string | null;
      readonly video_wanted_by: string | null;
      readonly created_at: string;
    };
    readonly rings_until: string | null;
    readonly caller: Card;
    readonly callee: Card;
  };
  /** They are invited to a role in a session; accept_invite or decline_invite. */
  readonly invitation: {
    readonly session_id: string;
    readonly role: Role;
    readonly expires_at: string | null;
  };
  /** They are banned, or a ban of theirs was changed or lifted. The reason is in the row. */
  readonly ban: {
    readonly ban_id: string;
    readonly scope: "session" | "creator" | "platform";
    readonly session_id: string | null;
    readonly creator_id: string | null;
    readonly expires_at: string | null;
    readonly lifted: boolean;
  };
  /** They were paid back; `balance` is the new one. */
  readonly refund: {
    readonly kind: "ticket_refund" | "gift_refund";
    readonly coins: number;
    readonly balance: number;
    readonly session_id: string;
    readonly ticket_id: string | null;
    readonly gift_id: string | null;
  };
  /** Something happened to a session that they have a ticket for. */
  readonly session: {
    readonly happened: "moved" | "cancelled" | "soon";
    readonly session_id: string;
    readonly title: string;
    readonly scheduled_at: string | null;
    readonly reason: string | null;
  };
  /** Their appeal against an act of moderation is decided. */
  readonly appeal: { readonly action_id: string; readonly decision: "upheld" | "lifted" };
}

/** What the broadcast `changed` of a Realtime topic says: which rows to read anew. `type` is the topic, live:<type>. The payloads by type. */
export interface HintPayloads {
  /** On live:session:<id>: rows of the session changed, by table. No ids: more than 50 of that table did, read anew. `n` counts the hints of the session, so a gap says that one got lost; the next one is at least `every_ms` away. */
  readonly session: {
    readonly n: number;
    readonly changed: { readonly [key: string]: readonly string[] };
    readonly every_ms: number;
    readonly now: string;
  };
  /** On live:cases, for ops: a case changed, or an appeal came in (`state` is `appeal`, and `id` the appeal's). */
  readonly cases: {
    readonly id: string;
    readonly severity: "info" | "warning" | "critical";
    readonly state: "open" | "claimed" | "resolved" | "appeal";
  };
}
