// Wallet, gifts, tickets. What is paid is what the person saw: every purchase says the expected price, and a key that makes a retry
// the same purchase.

import { type Runtime, systemRuntime } from "./runtime.ts";
import { call, rows } from "./tables.ts";

/** Any typed supabase-js client. */
export interface CoinsSupabase {
  rpc(fn: never, args: never): unknown;
  from(table: never): unknown;
}

export interface Gift {
  readonly code: string;
  readonly name_en: string;
  readonly name_tr: string;
  /** Price of one. */
  readonly coins: number;
}

/** What can be sent, in the shop's order. @throws LiveError */
export function giftCatalog(
  supabase: CoinsSupabase,
  runtime: Runtime = systemRuntime,
): Promise<readonly Gift[]> {
  return rows<Gift>(
    supabase,
    "gift_catalog",
    "code,name_en,name_tr,coins",
    (query) => query.eq("is_active", true).order("sort_order", { ascending: true }),
    runtime,
  );
}

/** Coins to spend; 0 where nothing was ever bought. @throws LiveError */
export async function balance(supabase: CoinsSupabase, runtime: Runtime = systemRuntime): Promise<number> {
  const found = await rows<{ balance: number; user_id: string }>(
    supabase,
    "coin_wallets",
    "user_id,balance",
    (query) => query.limit(1),
    runtime,
  );
  return found[0]?.balance ?? 0;
}

export interface GiftReceipt {
  readonly gift_id: string;
  readonly seq: number;
  readonly coins: number;
  /** The wallet after it. */
  readonly balance: number;
}

/**
 * Sends a gift at the price that `gift` shows.
 * @param key chosen once for each tap (`newId()`): the same key is paid once
 * @throws LiveError `price_changed`, `insufficient_coins`, `rate_limited`…
 */
export function sendGift(
  supabase: CoinsSupabase,
  sessionId: string,
  gift: Gift,
  quantity: number,
  key: string,
  runtime: Runtime = systemRuntime,
): Promise<GiftReceipt> {
  return call(supabase, "send_gift", {
    session_id: sessionId,
    gift_code: gift.code,
    quantity,
    idempotency_key: key,
    p_expected_coins: gift.coins * quantity,
  }, runtime);
}

/**
 * @param price what the person saw
 * @param key chosen once for each tap (`newId()`)
 * @throws LiveError `price_changed`, `already_has_ticket`, `insufficient_coins`…
 */
export function buyTicket(
  supabase: CoinsSupabase,
  sessionId: string,
  price: number,
  key: string,
  runtime: Runtime = systemRuntime,
): Promise<{ readonly ticket_id: string; readonly balance: number }> {
  const args = { session_id: sessionId, idempotency_key: key, p_expected_coins: price };
  return call(supabase, "buy_ticket", args, runtime);
}

export interface Ticket {
  readonly id: string;
  readonly session_id: string;
  /** The recording that it admits to; null for a ticket of the session. */
  readonly recording_id: string | null;
  readonly coins: number;
  /** `not_delivered`, `removed` or `ops`. */
  readonly refund_reason: string | null;
  readonly refunded_at: string | null;
  readonly created_at: string;
}

/** One's own tickets, newest first. @throws LiveError */
export function myTickets(
  supabase: CoinsSupabase,
  userId: string,
  runtime: Runtime = systemRuntime,
): Promise<readonly Ticket[]> {
  return rows<Ticket>(
    supabase,
    "live_tickets",
    "id,session_id,recording_id,coins,refund_reason,refunded_at,created_at",
    (query) => query.eq("user_id", userId).order("created_at", { ascending: false }).limit(100),
    runtime,
  );
}
