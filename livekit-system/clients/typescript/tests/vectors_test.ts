// Every packet of the shared vectors gets the verdict that they state; also where the signatures are checked by OpenSSL's own rules, as
// react-native-quick-crypto does on a phone.

import { deepStrictEqual, strictEqual } from "node:assert";
import { createPublicKey, verify } from "node:crypto";
import type { Verify } from "../src/packet.ts";
import { verifyEd25519 } from "../src/verify.ts";
import { type Vectors, verdictOf } from "./verdict.ts";

const file = new URL("../../vectors/packets.json", import.meta.url);
const vectors: Vectors = JSON.parse(await Deno.readTextFile(file));

for (const vector of vectors.packets) {
  Deno.test(`packet: ${vector.name}`, () => deepStrictEqual(verdictOf(vectors, vector), vector.expect));
}

/** What stands before the 32 bytes of a key in its SubjectPublicKeyInfo (RFC 8410). */
const SPKI = Uint8Array.from([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]);
let asked = 0;
const native: Verify = (signature, message, publicKey) => {
  asked += 1;
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: "der", type: "spki" });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
};

Deno.test("a native verifier gives every packet the same verdict", () => {
  for (const vector of vectors.packets) deepStrictEqual(verdictOf(vectors, vector, native), vector.expect);
  strictEqual(asked > 0, true);
});

Deno.test("neither takes a signature whose second half is not reduced, or a message with a bit turned", () => {
  const vector = vectors.packets.find(({ expect, payload }) => expect.outcome === "accepted" && payload);
  const { body, sig } = JSON.parse(vector?.payload ?? "");
  const { public_key } = vectors.keys[0] as { public_key: string };
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, "base64url"));
  const [signature, message, key] = [bytes(sig), new TextEncoder().encode(body), bytes(public_key)];
  // S + L is the same number to a careless verifier: a second signature under which one packet is two.
  const order = (1n << 252n) + 27742317777372353535851937790883648493n;
  let s = order;
  for (let n = 0; n < 32; n++) s += BigInt(signature[32 + n] ?? 0) << BigInt(8 * n);
  const malleable = signature.map((byte, n) => (n < 32 ? byte : Number((s >> BigInt(8 * (n - 32))) & 255n)));
  const turned = message.map((byte, n) => (n === 0 ? byte ^ 1 : byte));
  for (const check of [verifyEd25519, native]) {
    strictEqual(check(signature, message, key), true);
    strictEqual(check(malleable, message, key), false);
    strictEqual(check(signature, turned, key), false);
  }
});
