// Owns reading what is missing from the database: one request at a time, page by page, again after a failure.

import type { Lamp } from "./lamp.ts";
import { parseEvent } from "./packet.ts";
import type { PacketEvent } from "./packet.ts";
import { type Answer, ask } from "./query.ts";
import { backoffMs, type Runtime, Timer } from "./runtime.ts";
import type { RelayError, RelaySupabase, RelayTables } from "./types.ts";

export const PAGE_SIZE = 200;
const RETRY_BASE_MS = 500;
const RETRY_CAP_MS = 30_000;
/** A verified packet spoke of events that the database does not show: ask this often, then wait for a trigger. */
const MAX_EMPTY_TRIES = 5;

export interface CatchUpOptions {
  readonly supabase: RelaySupabase;
  readonly runtime: Runtime;
  readonly lamp: Lamp;
  readonly sessionId: string;
  readonly position: () => number;
  /** Whether events are known to exist after `position`. */
  readonly behind: () => boolean;
  readonly onRows: (rows: readonly PacketEvent[]) => void;
  /** The stream is complete as far as the database knows; `found` rows came in. */
  readonly onDone: (found: number) => void;
  readonly onError: (error: RelayError) => void;
}

export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #timer: Timer;
  #running = false;
  #again = false;
  #disposed = false;
  #failures = 0;
  #found = 0;

  constructor(options: CatchUpOptions) {
    this.#options = options;
    this.#timer = new Timer(options.runtime, () => void this.#run());
  }

  /** Reads at once, cutting short a wait; during a request, once more after it. */
  requestNow(): void {
    if (this.#disposed) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#timer.cancel();
    void this.#run();
  }

  /** Reads within `delayMs`, unless a read is under way or due. */
  requestSoon(delayMs: number): void {
    if (!this.#disposed && !this.#running && !this.#timer.armed) this.#timer.arm(delayMs);
  }

  /** Forgets a read that is due; for when what it would have fetched has arrived. */
  cancelSoon(): void {
    if (this.#failures === 0) this.#timer.cancel();
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer.cancel();
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#again = false;
    const answer = await this.#page();
    this.#running = false;
    if (this.#disposed) return;
    if (!answer.ok) return this.#fail(answer.message, answer.retryable, answer.cause);
    this.#accept(answer.rows);
  }

  #page(): Promise<Answer> {
    const { supabase, lamp, sessionId, position } = this.#options;
    const args = { session_id: sessionId, after_seq: position(), limit: PAGE_SIZE };
    return ask(() => (supabase as unknown as RelayTables).rpc("live_events_since", args), lamp);
  }

  #accept(raw: readonly unknown[]): void {
    const parsed = raw.map(parseRow);
    if (!parsed.every((row) => row !== null)) {
      return this.#fail("a row of live_events could not be read", false, raw);
    }
    // Rows that were not asked for are dropped, so that every page read moves the position or ends the reading.
    const position = this.#options.position();
    const rows = parsed.filter((row) => (row.seq ?? 0) > position);
    if (rows.length === 0 && this.#options.behind() && this.#failures + 1 < MAX_EMPTY_TRIES) {
      return this.#fail("the database does not show events that were announced", true, undefined);
    }
    this.#failures = 0;
    this.#found += rows.length;
    this.#options.onRows(rows);
    if (this.#disposed) return;
    // A page may be cut shorter than asked, so only an empty one, or nothing left to expect, ends the reading.
    const more = this.#again || rows.length >= PAGE_SIZE || (rows.length > 0 && this.#options.behind());
    if (more) return void this.#run();
    const found = this.#found;
    this.#found = 0;
    this.#options.onDone(found);
  }

  #fail(message: string, retryable: boolean, cause: unknown): void {
    const { runtime, onError } = this.#options;
    this.#failures = retryable ? this.#failures + 1 : 0;
    if (retryable) this.#timer.arm(backoffMs(this.#failures, RETRY_BASE_MS, RETRY_CAP_MS, runtime.random()));
    onError({ code: "catch_up_failed", message, retrying: retryable, cause });
  }
}

function parseRow(row: unknown): PacketEvent | null {
  return parseEvent({ ...(row as object), at: (row as { created_at?: unknown } | null)?.created_at }, true);
}
