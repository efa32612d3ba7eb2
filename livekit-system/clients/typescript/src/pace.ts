// How often a chat is read by the clock. Hints make it prompt; the clock makes it certain: Realtime drops messages in
// silence once a project's budget is spent, and then nothing else tells.

import type { Runtime } from "./runtime.ts";

/** While people talk, or hints are missing: with a quarter more by chance and the read itself, within three seconds. */
export const ACTIVE_READ_MS = 2_200;
/** Nobody has said anything for a minute, and what was said before that had been told. */
export const QUIET_READ_MS = 10_000;
const ACTIVE_FOR_MS = 60_000;
const MISSING_FOR_MS = 300_000;
/** How long the agent's word counts; it repeats it every 20 s. */
export const HINTS_LOST_MS = 60_000;
/** A hint may be this late beside the interval that the database keeps between two. */
const LATE_MS = 1_500;

export class Pace {
  readonly #runtime: Runtime;
  #activeAt: number;
  #wholeAt: number;
  #everyMs = 0;
  #last: number | null = null;
  /** Since when a line is here that no hint has told. */
  #untoldAt: number | null = null;
  #missingUntil = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#activeAt = this.#wholeAt = runtime.monotonic();
  }

  /** A hint came: the `n`-th of its session. Returns whether the one before it came too. */
  heard(n: unknown, everyMs: unknown): boolean {
    const next = this.#last === null || n === this.#last + 1;
    this.#last = typeof n === "number" ? n : null;
    this.#everyMs = typeof everyMs === "number" ? everyMs : 0;
    this.#activeAt = this.#runtime.monotonic();
    this.#untoldAt = null;
    if (next) {
      this.#wholeAt = this.#activeAt;
      this.#missingUntil = 0;
    }
    return next;
  }

  /** Lines were found that no hint had told. */
  found(): void {
    this.#activeAt = this.#runtime.monotonic();
    this.#untoldAt ??= this.#activeAt;
  }

  /** The agent says that hints are dropped. */
  lost(): void {
    this.#missingUntil = Math.max(this.#missingUntil, this.#runtime.monotonic() + HINTS_LOST_MS);
  }

  /** Until the next read by the clock. */
  get ms(): number {
    const now = this.#runtime.monotonic();
    if (this.#untoldAt !== null && now - this.#untoldAt > this.#everyMs + LATE_MS) {
      this.#missingUntil = now + MISSING_FOR_MS;
      this.#untoldAt = null;
    }
    return this.#isActive(now) ? ACTIVE_READ_MS : QUIET_READ_MS;
  }

  /** Whether a read by the clock is to bring everything, since a deletion is no new line. */
  wholeIsDue(): boolean {
    const now = this.#runtime.monotonic();
    const due = now - this.#wholeAt > (this.#isActive(now) ? QUIET_READ_MS : ACTIVE_FOR_MS);
    if (due) this.#wholeAt = now;
    return due;
  }

  #isActive(now: number): boolean {
    return now - this.#activeAt < ACTIVE_FOR_MS || now < this.#missingUntil;
  }
}
