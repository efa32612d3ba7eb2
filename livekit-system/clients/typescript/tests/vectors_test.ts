// Every packet of the shared vectors gets the verdict that they state.

import { deepStrictEqual } from "node:assert";
import { KeyRing } from "../src/keys.ts";
import { judge, type Packet, type PacketContext, type Subject } from "../src/packet.ts";
import { verifyEd25519 } from "../src/verify.ts";

interface Vector {
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

const file = new URL("../../vectors/packets.json", import.meta.url);
const vectors: { context: VectorContext; keys: unknown[]; packets: Vector[] } = JSON.parse(
  await Deno.readTextFile(file),
);

function bytesOf({ payload, payload_base64 }: Vector): Uint8Array {
  if (payload !== undefined) return new TextEncoder().encode(payload);
  return Uint8Array.from(atob(payload_base64 ?? ""), (char) => char.charCodeAt(0));
}

function verdictOf(vector: Vector): Record<string, unknown> {
  const { now, ...about } = { ...vectors.context, ...vector.context };
  const keys = new KeyRing(vectors.keys);
  const context: PacketContext = { ...about, now: Date.parse(now), keys, verify: verifyEd25519 };
  const fromParticipant = vector.from_participant ?? false;
  const verdict = judge({ payload: bytesOf(vector), topic: vector.topic, fromParticipant }, context);
  if (verdict.outcome !== "accepted") return { ...verdict };
  return { outcome: "accepted", ids: verdict.body.events.map((event) => event.id) };
}

for (const vector of vectors.packets) {
  Deno.test(`packet: ${vector.name}`, () => deepStrictEqual(verdictOf(vector), vector.expect));
}
