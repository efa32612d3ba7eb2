// Owns what is known about signing keys and when one may be trusted. Fetching them is key_fetch.ts.

import { fromBase64Url } from "./base64url.ts";
import type { Refusal, RelayKey } from "./types.ts";

/** What one answer of the database may hold. Those that are good for longest are kept: a worker prolongs its key as long as it lives. */
export const MAX_KEYS = 1_000;
/** How far the device's clock may be off before a key's validity seems over, or not begun. */
export const CLOCK_SKEW_MS = 30_000;
/** How far the worker's clock may be off the database's. */
export const SERVER_SKEW_MS = 5_000;

export interface SigningKey {
  readonly kid: string;
  readonly publicKey: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly revoked: boolean;
}

/** Reads a row of `relay_keys`; null when it is not one, since a bad row must not take the good ones with it. */
export function parseKey(row: unknown): SigningKey | null {
  if (typeof row !== "object" || row === null) return null;
  const { kid, public_key, not_before, not_after, revoked_at } = row as Partial<RelayKey>;
  if (typeof kid !== "string" || typeof public_key !== "string") return null;
  const publicKey = fromBase64Url(public_key);
  const notBefore = Date.parse(not_before ?? "");
  const notAfter = Date.parse(not_after ?? "");
  if (publicKey?.length !== 32 || Number.isNaN(notBefore) || Number.isNaN(notAfter)) return null;
  return { kid, publicKey, notBefore, notAfter, revoked: (revoked_at ?? null) !== null };
}

/** Why a key may not be used at `now` (epoch ms, server time), or null. */
export function keyRefusal(key: SigningKey, now: number): Refusal | null {
  if (key.revoked) return "revoked_key";
  if (now < key.notBefore - CLOCK_SKEW_MS) return "key_not_yet_valid";
  return now > key.notAfter + CLOCK_SKEW_MS ? "expired_key" : null;
}

/** Why a key may not vouch for what it says was sent at `sentAt`; between two servers' clocks, so nearly exact. */
export function sentRefusal(key: SigningKey, sentAt: number): Refusal | null {
  if (sentAt < key.notBefore - SERVER_SKEW_MS) return "key_not_yet_valid";
  return sentAt > key.notAfter + SERVER_SKEW_MS ? "expired_key" : null;
}

export class KeyRing {
  #keys = new Map<string, SigningKey>();

  constructor(rows: readonly unknown[]) {
    this.replace(rows);
  }

  get(kid: string): SigningKey | undefined {
    return this.#keys.get(kid);
  }

  /** The rows become all that is trusted: a key that the database no longer has is no longer good. */
  replace(rows: readonly unknown[]): void {
    const keys = rows.map(parseKey).filter((key) => key !== null);
    // Not by age: many newer keys must never push out one that still signs.
    keys.sort((a, b) => Number(a.revoked) - Number(b.revoked) || b.notAfter - a.notAfter);
    this.#keys = new Map(keys.slice(0, MAX_KEYS).map((key) => [key.kid, key]));
  }
}
