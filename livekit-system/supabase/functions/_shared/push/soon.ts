// Pushes that a request has just caused: sent after its answer, so that a call rings at once and the caller waits for nothing.
// What is lost here (the instance is stopped) is sent by push-send, which the worker calls.
import type { Database } from "../services.ts";
import type { Pushes } from "./drain.ts";

/** Of Supabase's runtime: keeps the instance until the work is done. */
declare const EdgeRuntime: { waitUntil(work: Promise<unknown>): void } | undefined;

export class SoonPushed {
  readonly #pushes: () => Pushes;
  readonly #database: Database;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(pushes: () => Pushes, database: Database) {
    this.#pushes = pushes;
    this.#database = database;
  }

  /** Begins, and returns at once. While one drain runs, one more follows it. */
  soon(): void {
    this.#again = true;
    if (this.#running !== undefined) return;
    this.#running = this.#run().finally(() => this.#running = undefined);
    if (typeof EdgeRuntime !== "undefined") EdgeRuntime.waitUntil(this.#running);
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      try {
        await this.#pushes().drain(this.#database);
      } catch (error) {
        const reason = error instanceof Error ? error.message : typeof error;
        console.warn(JSON.stringify({ level: "warn", action: "push.failed", reason }));
      }
    }
  }
}
