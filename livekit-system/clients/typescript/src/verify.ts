// Ed25519 in plain JavaScript. WebCrypto's is missing on React Native and on older browsers; this one needs
// nothing of the platform, and no randomness since it only verifies.

import * as ed25519 from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import type { Verify } from "./packet.ts";

ed25519.hashes.sha512 = sha512;

/** RFC 8032 verification (not the laxer ZIP-215), so that clients in different languages agree on every signature. */
export const verifyEd25519: Verify = (signature, message, publicKey) => {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
};
