// JSON Web Tokens by which we show Google and Apple who we are.

const ALGORITHMS = {
  RS256: { import: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, sign: { name: "RSASSA-PKCS1-v1_5" } },
  ES256: { import: { name: "ECDSA", namedCurve: "P-256" }, sign: { name: "ECDSA", hash: "SHA-256" } },
} as const;

/**
 * @param pem a PKCS #8 private key; line breaks may be written as \n, as environments hold them
 * @throws when the key is none of its kind
 */
export async function signed(
  algorithm: keyof typeof ALGORITHMS,
  pem: string,
  header: Readonly<Record<string, string>>,
  claims: Readonly<Record<string, string | number>>,
): Promise<string> {
  const { import: kind, sign } = ALGORITHMS[algorithm];
  const key = await crypto.subtle.importKey("pkcs8", bytesOf(pem), kind, false, ["sign"]);
  const text = `${encoded({ alg: algorithm, typ: "JWT", ...header })}.${encoded(claims)}`;
  const signature = await crypto.subtle.sign(sign, key, new TextEncoder().encode(text));
  return `${text}.${base64Url(new Uint8Array(signature))}`;
}

function bytesOf(pem: string): Uint8Array<ArrayBuffer> {
  const body = pem.replaceAll("\\n", "\n").replace(/-----[A-Z ]+-----/g, "").replace(/\s/g, "");
  return Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
}

function encoded(value: object): string {
  return base64Url(new TextEncoder().encode(JSON.stringify(value)));
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
