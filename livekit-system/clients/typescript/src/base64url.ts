// Strict base64url without padding. Written out because `atob` is missing on some React Native engines and
// tolerates what a signature must not.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Map([...ALPHABET].map((char, value) => [char, value]));

/** The bytes, or null for padding, foreign characters, an impossible length, or stray bits in the last character. */
export function fromBase64Url(text: string): Uint8Array | null {
  if (text.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let pending = 0;
  let length = 0;
  for (const char of text) {
    const value = VALUES.get(char);
    if (value === undefined) return null;
    bits = ((bits << 6) | value) & 0xffff;
    pending += 6;
    if (pending >= 8) {
      pending -= 8;
      bytes[length++] = (bits >> pending) & 0xff;
    }
  }
  return (bits & ((1 << pending) - 1)) === 0 ? bytes : null;
}
