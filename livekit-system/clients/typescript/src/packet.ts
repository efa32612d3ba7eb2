// Owns the judgement over one packet: is it from our agent, for this room, session and person, and of now?
// Pure. What an accepted packet means for the stream is sequence.ts.

import { fromBase64Url } from "./base64url.ts";
import { keyRefusal, type KeyRing, sentRefusal, type SigningKey } from "./keys.ts";
import type { JsonObject, Refusal } from "./types.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

export const TOPICS = ["live.events", "live.notice", "live.levels"] as const;
export type Topic = typeof TOPICS[number];

/** LiveKit's documented limit for one reliable packet. */
export const MAX_PACKET_BYTES = 15 * 1024;
/** Notices and levels speak of now; older ones mislead. */
export const MAX_AGE_MS = 30_000;
const MAX_KID_LENGTH = 128;
const MAX_ID_LENGTH = 128;
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/;

export type Verify = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean;

/** Whose packets these are. `call` has notices only. */
export interface Subject {
  readonly kind: "session" | "call";
  readonly id: string;
}

export interface PacketContext {
  readonly room: string;
  readonly subject: Subject;
  readonly identity: string;
  /** The server's clock as this device knows it, epoch ms. */
  readonly now: number;
  /** Told when a packet that our agent has certainly signed was sent; answers what time it is now. */
  readonly signed?: (sentAt: number) => number;
  readonly keys: KeyRing;
  readonly verify: Verify;
}

export interface Packet {
  readonly payload: Uint8Array;
  readonly topic: Topic;
  readonly fromParticipant: boolean;
}

export interface PacketEvent {
  readonly seq: number | null;
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly payload: JsonObject;
}

export type Verdict =
  | { readonly outcome: "accepted"; readonly body: Body }
  | { readonly outcome: "refused"; readonly reason: Refusal }
  | { readonly outcome: "unknown_key"; readonly kid: string };

export interface Body {
  readonly topic: Topic;
  readonly sentAt: number;
  /** The session's highest seq when the packet was sent, where the agent says so. */
  readonly lastSeq: number | null;
  /** False: the agent says that Realtime drops hints. */
  readonly hints: boolean;
  readonly events: readonly PacketEvent[];
}

interface Envelope {
  readonly body: string;
  readonly kid: string;
  readonly sig: string;
}

/** Judges one packet. Nothing of the body is believed, or even parsed, before its signature holds. */
export function judge(packet: Packet, context: PacketContext): Verdict {
  if (packet.fromParticipant) return refused("visible_sender");
  if (packet.payload.byteLength > MAX_PACKET_BYTES) return refused("oversize");
  const envelope = parseEnvelope(packet.payload);
  if (envelope === null) return refused("malformed");
  const key = context.keys.get(envelope.kid);
  if (key === undefined) return { outcome: "unknown_key", kid: envelope.kid };
  return judgeSigned(envelope, key, packet.topic, context);
}

function judgeSigned(envelope: Envelope, key: SigningKey, topic: Topic, context: PacketContext): Verdict {
  const untrusted = keyRefusal(key, context.now);
  if (untrusted !== null) return refused(untrusted);
  const signature = fromBase64Url(envelope.sig);
  const message = encodeUtf8(envelope.body);
  if (signature?.length !== 64 || message === null) return refused("malformed");
  if (!context.verify(signature, message, key.publicKey)) return refused("bad_signature");
  return judgeBody(parseObject(envelope.body), key, topic, context);
}

function judgeBody(raw: JsonObject | null, key: SigningKey, topic: Topic, context: PacketContext): Verdict {
  if (raw === null) return refused("malformed");
  if (raw.v !== 1) return refused("unsupported_version");
  if (raw.room !== context.room) return refused("wrong_room");
  if (!isAbout(raw, context.subject)) return refused("wrong_session");
  if (raw.topic !== topic || !hasTopic(context.subject, topic)) return refused("wrong_topic");
  if (!isFor(raw.to, topic, context.identity)) return refused("wrong_recipient");
  const body = parseBody(raw, topic);
  if (body === null) return refused("malformed");
  // A key vouches for its own time only, so what lies outside it teaches nothing.
  const reason = sentRefusal(key, body.sentAt) ??
    ageRefusal(body, context.signed?.(body.sentAt) ?? context.now);
  return reason === null ? { outcome: "accepted", body } : refused(reason);
}

function isAbout(raw: JsonObject, subject: Subject): boolean {
  return subject.kind === "session"
    ? raw.session_id === subject.id && raw.call_id === undefined
    : raw.call_id === subject.id && raw.session_id === undefined;
}

/** A call has no stream of events, and nobody who moderates it. */
function hasTopic(subject: Subject, topic: Topic): boolean {
  return subject.kind === "session" || topic === "live.notice";
}

/** A notice must name its reader; anything else may, and then it binds. */
function isFor(to: unknown, topic: Topic, identity: string): boolean {
  return to === identity || (to === undefined && topic !== "live.notice");
}

function ageRefusal(body: Body, now: number): Refusal | null {
  if (body.topic === "live.events") return null;
  if (now - body.sentAt > MAX_AGE_MS) return "stale";
  return body.sentAt - now > MAX_AGE_MS ? "future" : null;
}

function parseEnvelope(payload: Uint8Array): Envelope | null {
  const text = decodeUtf8(payload);
  const raw = text === null ? null : parseObject(text);
  if (raw === null) return null;
  const { body, kid, sig } = raw;
  if (typeof body !== "string" || typeof kid !== "string" || typeof sig !== "string") return null;
  return kid.length > 0 && kid.length <= MAX_KID_LENGTH ? { body, kid, sig } : null;
}

function parseBody(raw: JsonObject, topic: Topic): Body | null {
  const sentAt = parseTime(raw.sent_at);
  const lastSeq = raw.last_seq ?? null;
  if (sentAt === null || !(lastSeq === null || isCount(lastSeq)) || !Array.isArray(raw.events)) return null;
  const events = raw.events.map((event) => parseEvent(event, topic === "live.events"));
  if (!events.every((event) => event !== null)) return null;
  return { topic, sentAt: sentAt.getTime(), lastSeq, hints: raw.hints !== false, events };
}

/** Reads one event as packets and `live_events_since` word it; `at` becomes UTC with milliseconds. */
export function parseEvent(raw: unknown, numbered: boolean): PacketEvent | null {
  if (!isObject(raw) || !isObject(raw.payload)) return null;
  const { id, type, payload } = raw;
  const at = parseTime(raw.at);
  if (typeof id !== "string" || id === "" || id.length > MAX_ID_LENGTH) return null;
  if (typeof type !== "string" || type === "" || at === null) return null;
  const seq = raw.seq ?? null;
  if (numbered ? !isCount(seq) || seq === 0 : seq !== null) return null;
  return { seq: seq as number | null, id, type, at: at.toISOString(), payload };
}

function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function parseTime(value: unknown): Date | null {
  const match = typeof value === "string" ? TIME.exec(value) : null;
  if (match === null) return null;
  // Engines differ in how many fractional digits they read; Postgres writes up to six.
  const [, seconds, fraction = "", zone] = match;
  const time = new Date(`${seconds}.${fraction.slice(0, 3).padEnd(3, "0")}${zone}`);
  // Engines make another day of one that is in no calendar: V8 of February's 30th, Hermes of a 13th month as well.
  return isTime(`${seconds}.000Z`) && !Number.isNaN(time.getTime()) ? time : null;
}

function isTime(written: string): boolean {
  const read = new Date(written);
  return !Number.isNaN(read.getTime()) && read.toISOString() === written;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function refused(reason: Refusal): Verdict {
  return { outcome: "refused", reason };
}
