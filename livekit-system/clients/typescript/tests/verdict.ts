// What a packet of the shared vectors is found to be: for Deno, and for Hermes, which has less of the web.

import { fromBase64Url } from "../src/base64url.ts";
import { KeyRing } from "../src/keys.ts";
import { judge, type Packet, type PacketContext, type Subject, type Verify } from "../src/packet.ts";
import { verifyEd25519 } from "../src/verify.ts";

export interface Vector {
  readonly name: string;
  readonly topic: Packet["topic"];
  readonly payload?: string;
  readonly payload_base64?: string;
  readonly from_participant?: boolean;
  readonly context?: Partial<VectorContext>;
  readonly expect: Record<string, unknown>;
}

interface VectorContext {
  readonly room: string;
  readonly subject: Subject;
  readonly identity: string;
  readonly now: string;
}

export interface Vectors {
  readonly context: VectorContext;
  readonly keys: readonly unknown[];
  readonly packets: readonly Vector[];
}

function bytesOf({ payload, payload_base64 }: Vector): Uint8Array {
  if (payload !== undefined) return new TextEncoder().encode(payload);
  const url = (payload_base64 ?? "").replace(/=+$/, "").replace(/\+/g, "-").replace(/\//g, "_");
  return fromBase64Url(url) ?? new Uint8Array();
}

export function verdictOf(
  vectors: Vectors,
  vector: Vector,
  verify: Verify = verifyEd25519,
): Record<string, unknown> {
  const { now, ...about } = { ...vectors.context, ...vector.context };
  const keys = new KeyRing(vectors.keys);
  const context: PacketContext = { ...about, now: Date.parse(now), keys, verify };
  const fromParticipant = vector.from_participant ?? false;
  const verdict = judge({ payload: bytesOf(vector), topic: vector.topic, fromParticipant }, context);
  if (verdict.outcome !== "accepted") return { ...verdict };
  return { outcome: "accepted", ids: verdict.body.events.map((event) => event.id) };
}
