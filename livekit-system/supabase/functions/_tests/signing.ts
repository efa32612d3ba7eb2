// Signs a webhook as LiveKit does: the body's SHA-256 in a token of the API key.
import { AccessToken } from "npm:livekit-server-sdk@2.19.2";

export async function signature(
  body: string,
  key: string,
  secret: string,
  ttlSeconds = 300,
): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
  const token = new AccessToken(key, secret, { ttl: ttlSeconds });
  token.sha256 = btoa(String.fromCharCode(...new Uint8Array(hash)));
  return await token.toJwt();
}
