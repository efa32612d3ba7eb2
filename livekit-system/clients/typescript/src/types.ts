// The shapes at the border: what this package needs of LiveKit and Supabase, and what it hands to the app.
// Structural on purpose: any version of either library that has these members will do.

export type JsonObject = { readonly [key: string]: unknown };

/** LiveKit misses the server and tries again: by signalling alone, or by everything. It may tell the one without the other. */
export type Lost = "reconnecting" | "signalReconnecting";
export const LOST: readonly Lost[] = ["reconnecting", "signalReconnecting"];

/** What is needed of livekit-client's `Room`. `name` and `identity` are read late: both are empty until it connects. */
export interface RelayRoom {
  readonly name: string;
  readonly localParticipant: { readonly identity: string };
  on(event: "dataReceived", listener: DataListener): unknown;
  on(event: "connected" | "reconnected" | Lost, listener: () => void): unknown;
  off(event: "dataReceived", listener: DataListener): unknown;
  off(event: "connected" | "reconnected" | Lost, listener: () => void): unknown;
}

export type DataListener = (
  payload: Uint8Array,
  participant?: unknown,
  kind?: unknown,
  topic?: string,
) => void;

/** What PostgREST answers through supabase-js. `status` is 0 or absent when the network failed. */
export interface QueryResult {
  readonly data: unknown;
  readonly error: { readonly message: string; readonly code?: string; readonly hint?: string | null } | null;
  readonly status?: number;
}

export type Query = PromiseLike<QueryResult>;

export interface KeysQuery extends Query {
  order(column: string, options: { ascending: boolean }): { limit(count: number): Query };
}

/** supabase-js' client, whatever `Database` it is typed with: names of tables and functions are its own affair. */
export interface RelaySupabase {
  rpc(fn: never, args: never): unknown;
  from(table: never): unknown;
}

/** The same, as it is asked. */
export interface RelayTables {
  rpc(fn: string, args: Record<string, unknown>): Query;
  from(table: string): { select(columns: string): KeysQuery };
}

/** A row of `relay_keys`. `public_key` is base64url without padding, times ISO 8601. */
export interface RelayKey {
  readonly kid: string;
  readonly public_key: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly revoked_at?: string | null;
}

/** The part of an edge function's `join` that primes the relay. */
export interface RelayJoin {
  readonly last_seq: number;
  readonly relay_keys: readonly RelayKey[];
  /** The server's clock when it answered (ISO 8601). Given, it corrects a device whose clock is wrong. */
  readonly now?: string;
}

export type Source = "live" | "caught_up";

/** An event of the session's stream. `at` is ISO 8601 in UTC with milliseconds. */
export interface RelayEvent {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly payload: JsonObject;
  /** `live`: arrived as a packet. `caught_up`: read from the database afterwards; show it, do not celebrate it. */
  readonly source: Source;
}

/** A word to this participant alone; `payload.text` holds it in English and Turkish. */
export interface RelayNotice {
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly payload: JsonObject;
}

/** Who speaks and how loud; see `LevelsPayload`. */
export interface RelayLevels {
  readonly id: string;
  readonly at: string;
  readonly payload: JsonObject;
}

/** Why a packet, or an event within one, was refused. */
export const REFUSALS = [
  "visible_sender",
  "oversize",
  "malformed",
  "unknown_key",
  "revoked_key",
  "key_not_yet_valid",
  "expired_key",
  "bad_signature",
  "unsupported_version",
  "wrong_room",
  "wrong_session",
  "wrong_topic",
  "wrong_recipient",
  "stale",
  "future",
  "repeat",
  "queue_full",
] as const;
export type Refusal = typeof REFUSALS[number];

/** `retrying` says whether the package goes on by itself; otherwise it waits for a reconnect, packet or `catchUp()`. */
export interface RelayError {
  readonly code: "catch_up_failed" | "keys_failed" | "events_missing" | "callback_threw" | "clock_wrong";
  readonly message: string;
  readonly retrying: boolean;
  readonly cause?: unknown;
}

export interface RelayStats {
  /** The highest `seq` such that it and all before it have been emitted. */
  readonly position: number;
  readonly emitted: Readonly<Record<Source, number>>;
  readonly notices: number;
  readonly levels: number;
  readonly refused: Readonly<Record<Refusal, number>>;
  /** Events waiting for an earlier one, and packets waiting for a key. */
  readonly pending: number;
  readonly held: number;
  /** How far the device's clock is ahead of the server's; nothing here rests on it. */
  readonly clockAheadMs: number;
}
