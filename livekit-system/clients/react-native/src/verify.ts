// Signatures checked by the phone's own code: OpenSSL, through react-native-quick-crypto. Install that package where it is wanted: this
// file is imported by its own path, `@ipelya/live-react-native/dist/verify`.

import type { Verify } from "@ipelya/live";
import { Ed } from "react-native-quick-crypto";

const ed25519 = new Ed("ed25519", {});

/** For `LiveProvider` or `openSession`; without it the check is JavaScript's. Both agree on every vector. */
export const nativeVerify: Verify = (signature, message, publicKey) => {
  try {
    return ed25519.verifySync(signature, message, publicKey);
  } catch {
    return false; // what is no key, or no signature at all
  }
};
