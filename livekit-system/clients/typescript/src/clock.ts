// The server's clock as this device knows it. It never rests on the device's own: that may be a day wrong, and may be set while
// the app runs. What counts is time that passed (monotonic), and what the server has said since.

import type { Runtime } from "./runtime.ts";

/** A device clock further off than this is worth a word to its owner. */
export const WRONG_CLOCK_MS = 60_000;

export class ServerClock {
  readonly #runtime: Runtime;
  /** Server time minus passed time: the highest that any word of the server has proved. Null: it has said nothing yet. */
  #base: number | null = null;

  /** @param known the server's time when it answered (ISO 8601), which may be a while ago by now */
  constructor(runtime: Runtime, known?: string) {
    this.#runtime = runtime;
    const at = Date.parse(known ?? "");
    if (!Number.isNaN(at)) this.learn(at);
  }

  now(): number {
    return this.#base === null ? this.#runtime.now() : this.#base + this.#runtime.monotonic();
  }

  /** The server has certainly reached this moment: it said so itself. An older word changes nothing. */
  learn(at: number): void {
    const base = at - this.#runtime.monotonic();
    if (this.#base === null || base > this.#base) this.#base = base;
  }

  /** How far the device's own clock is ahead of the server's; 0 until the server has said anything. */
  get deviceAheadMs(): number {
    return this.#base === null ? 0 : this.#runtime.now() - this.now();
  }
}
