// Owns fetching relay_keys: one request at a time, and a pause after each, however many strange kids arrive.

import type { KeyRing } from "./keys.ts";
import { MAX_KEYS } from "./keys.ts";
import type { Lamp } from "./lamp.ts";
import { ask } from "./query.ts";
import { backoffMs, type Runtime, Timer } from "./runtime.ts";
import type { RelayError, RelaySupabase, RelayTables } from "./types.ts";

/** After a fetch, before the next. */
export const KEY_FETCH_PAUSE_MS = 2_000;
/** A successor's first packet meets a whole audience at once: their fetches are spread over this. */
export const KEY_FETCH_SPREAD_MS = 200;
const RETRY_BASE_MS = 500;
const RETRY_CAP_MS = 30_000;
const MAX_FAILURES = 5;
const COLUMNS = "kid,public_key,not_before,not_after,revoked_at";

export interface KeyFetchOptions {
  readonly supabase: RelaySupabase;
  readonly lamp: Lamp;
  readonly runtime: Runtime;
  readonly keys: KeyRing;
  /** The ring is fresh, or this round was given up. */
  readonly onDone: () => void;
  readonly onError: (error: RelayError) => void;
}

export class KeyFetch {
  readonly #options: KeyFetchOptions;
  readonly #timer: Timer;
  #begun = 0;
  #running = false;
  #wanted = false;
  #disposed = false;
  #failures = 0;

  constructor(options: KeyFetchOptions) {
    this.#options = options;
    this.#timer = new Timer(options.runtime, () => this.#onTimer());
  }

  /** Fetches within the spread, or once the running request and the pause after it are over. */
  request(): void {
    if (this.#disposed) return;
    this.#wanted = true;
    if (this.#running || this.#timer.armed) return;
    this.#timer.arm(KEY_FETCH_SPREAD_MS * this.#options.runtime.random());
  }

  /** How many fetches have begun. */
  get begun(): number {
    return this.#begun;
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer.cancel();
  }

  #onTimer(): void {
    if (this.#wanted) void this.#run();
  }

  async #run(): Promise<void> {
    const { supabase, lamp, keys } = this.#options;
    this.#begun += 1;
    this.#running = true;
    this.#wanted = false;
    const answer = await ask(
      () =>
        (supabase as unknown as RelayTables).from("relay_keys").select(COLUMNS).order("not_after", {
          ascending: false,
        }).limit(MAX_KEYS),
      lamp,
    );
    this.#running = false;
    if (this.#disposed) return;
    if (!answer.ok) return this.#fail(answer.message, answer.retryable, answer.cause);
    // What row-level security shows to someone signed out is nothing, not an error; it revokes no key.
    if (answer.rows.length === 0) return this.#fail("no key is visible", false, undefined);
    keys.replace(answer.rows);
    this.#finish();
  }

  #fail(message: string, retryable: boolean, cause: unknown): void {
    const { runtime, onError } = this.#options;
    this.#failures += 1;
    const retrying = retryable && this.#failures < MAX_FAILURES;
    if (retrying) {
      this.#wanted = true;
      this.#timer.arm(backoffMs(this.#failures, RETRY_BASE_MS, RETRY_CAP_MS, runtime.random()));
    } else {
      this.#finish();
    }
    onError({ code: "keys_failed", message, retrying, cause });
  }

  #finish(): void {
    this.#failures = 0;
    this.#timer.arm(KEY_FETCH_PAUSE_MS);
    this.#options.onDone();
  }
}
