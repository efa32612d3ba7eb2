// LiveKit's tokens: JWTs signed by HS256 with an API key's secret. Written here, since LiveKit's SDK brings packages whose
// versions nothing holds where functions are deployed: the lock is not uploaded.
const ALGORITHM = { name: "HMAC", hash: "SHA-256" };
const HEADER = encode(JSON.stringify({ alg: "HS256", typ: "JWT" }));
/** Two clocks may be so far apart. */
const TOLERANCE_SECONDS = 10;

export type Claims = Readonly<Record<string, unknown>>;

/** A token of this API key for `claims`, good until `expiresAt`. */
export async function sign(key: string, secret: string, claims: Claims, expiresAt: Date): Promise<string> {
  const exp = Math.floor(expiresAt.getTime() / 1000);
  const nbf = Math.floor(Date.now() / 1000);
  const signed = `${HEADER}.${encode(JSON.stringify({ ...claims, iss: key, nbf, exp }))}`;
  const mac = await crypto.subtle.sign(ALGORITHM.name, await hmacKey(secret), bytes(signed));
  return `${signed}.${encode(new Uint8Array(mac))}`;
}

/** The claims of a token that this API key has signed and that is good now; throws for any other. */
export async function verify(token: string, key: string, secret: string): Promise<Claims> {
  const [head, body, mac, ...more] = token.split(".");
  if (head === undefined || body === undefined || mac === undefined || more.length > 0) {
    throw new Error("not a token");
  }
  if (parse(head).alg !== "HS256") throw new Error("signed by another algorithm");
  const genuine = await crypto.subtle.verify(
    ALGORITHM.name,
    await hmacKey(secret),
    decode(mac),
    bytes(`${head}.${body}`),
  );
  if (!genuine) throw new Error("signed by somebody else");
  const claims = parse(body);
  const now = Date.now() / 1000;
  if (claims.iss !== key) throw new Error("signed for another key");
  if (typeof claims.exp !== "number" || claims.exp + TOLERANCE_SECONDS < now) throw new Error("expired");
  if (typeof claims.nbf === "number" && claims.nbf - TOLERANCE_SECONDS > now) throw new Error("not yet good");
  return claims;
}

/** What LiveKit writes into the token of a webhook: SHA-256 of the body, in base64. */
export async function bodyHash(body: string): Promise<string> {
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes(body)))));
}

function hmacKey(secret: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes(secret), ALGORITHM, false, ["sign", "verify"]);
}

function parse(part: string): Record<string, unknown> {
  const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(decode(part)));
  if (typeof value !== "object" || value === null) throw new Error("not an object");
  return value as Record<string, unknown>;
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function encode(part: string | Uint8Array): string {
  const raw = typeof part === "string" ? bytes(part) : part;
  return btoa(Array.from(raw, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decode(part: string): Uint8Array<ArrayBuffer> {
  const standard = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(standard, (letter) => letter.charCodeAt(0));
}
