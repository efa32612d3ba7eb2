// UTF-8 that refuses instead of repairing: a signature over repaired text would vouch for two texts.
// By round trip, since the polyfills common on React Native know no `fatal` option.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The text, or null when the bytes are not exactly its UTF-8 (a byte-order mark counts as foreign). */
export function decodeUtf8(bytes: Uint8Array): string | null {
  const text = decoder.decode(bytes);
  const again = encoder.encode(text);
  if (again.length !== bytes.length) return null;
  return again.every((byte, index) => byte === bytes[index]) ? text : null;
}

/** The bytes, or null when the text holds half of a surrogate pair. */
export function encodeUtf8(text: string): Uint8Array | null {
  const bytes = encoder.encode(text);
  return decoder.decode(bytes) === text ? bytes : null;
}
