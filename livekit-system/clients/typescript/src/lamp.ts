// Owns the question whether the network is there, and passes on what the relay learns of hints. In a tunnel a request does not fail: it hangs, and so does the connection under
// it long after the light is back. So in the dark one small request a second asks for everybody; when the first is answered,
// what still hangs is given up, and everyone is told to read at once.

import type { Runtime } from "./runtime.ts";

/** What is needed of supabase-js for it. */
export interface LampSupabase {
  from(table: never): unknown;
  readonly realtime?: { disconnect?(): unknown };
}

interface Asked extends PromiseLike<{ status?: number }> {
  abortSignal?(signal: AbortSignal): Asked;
}

interface Tables {
  from(table: string): { select(columns: string): { limit(count: number): Asked } };
}

/** One probe each second while it is dark; slower once that has lasted. */
export const PROBE_EVERY_MS = 1_000;
const LONG_DARK_MS = 5 * 60_000;
const LONG_DARK_EVERY_MS = 5_000;
/** A probe that is not answered by then says that it is dark. Later ones go on meanwhile: none waits for a slow one. */
const DARK_AFTER_MS = 2_000;
const PROBE_TIMEOUT_MS = 3_500;
/** Nobody waits longer for an answer, light or not. */
export const ANSWER_MS = 8_000;

/** A request that was given up, because time or the network had gone. */
export class GivenUp extends Error {
  override readonly name = "GivenUp";
}

interface Waiting {
  readonly giveUp: () => void;
}

export class Lamp {
  readonly #supabase: LampSupabase;
  readonly #runtime: Runtime;
  readonly #listeners = new Set<() => void>();
  readonly #unhinted = new Set<() => void>();
  readonly #waiting = new Set<Waiting>();
  #dark = false;
  #probing = false;
  #began = 0;

  constructor(supabase: LampSupabase, runtime: Runtime) {
    this.#supabase = supabase;
    this.#runtime = runtime;
  }

  get dark(): boolean {
    return this.#dark;
  }

  /** `listener` is called each time the light returns. */
  onLight(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** `listener` is called each time that the agent says that Realtime drops hints. */
  onHintsLost(listener: () => void): () => void {
    this.#unhinted.add(listener);
    return () => void this.#unhinted.delete(listener);
  }

  /** There is a network, and its hints are missing: they are to be done without. */
  loseHints(): void {
    for (const listener of [...this.#unhinted]) listener();
  }

  /** Something has not been answered, or may not be: ask. */
  suspect(): void {
    if (this.#probing) return;
    this.#probing = true;
    this.#began = this.#runtime.monotonic();
    this.#probe();
  }

  /**
   * An answer, or GivenUp: after `ANSWER_MS`, and at the latest when the light returns.
   * @param query aborted as well, where it can be, so that it occupies no connection any more
   */
  wait<Answer>(query: PromiseLike<Answer>): Promise<Answer> {
    const abort = typeof AbortController === "undefined" ? undefined : new AbortController();
    const asked = query as PromiseLike<Answer> & { abortSignal?(signal: AbortSignal): PromiseLike<Answer> };
    const sent = abort !== undefined && typeof asked.abortSignal === "function"
      ? asked.abortSignal(abort.signal)
      : query;
    return new Promise((resolve, reject) => {
      const timer = this.#runtime.setTimeout(() => {
        waiting.giveUp();
        this.suspect();
      }, ANSWER_MS);
      const settle = () => {
        this.#waiting.delete(waiting);
        this.#runtime.clearTimeout(timer);
      };
      const waiting = {
        giveUp: () => {
          settle();
          reject(new GivenUp("no answer"));
          abort?.abort();
        },
      };
      this.#waiting.add(waiting);
      sent.then((answer) => {
        settle();
        if ((answer as { status?: unknown } | null)?.status === 0) this.suspect();
        resolve(answer);
      }, (cause: unknown) => {
        settle();
        this.suspect();
        reject(cause);
      });
    });
  }

  #probe(): void {
    const abort = typeof AbortController === "undefined" ? undefined : new AbortController();
    const timers = [
      this.#runtime.setTimeout(() => this.#darken(), DARK_AFTER_MS),
      this.#runtime.setTimeout(() => abort?.abort(), PROBE_TIMEOUT_MS),
    ];
    this.#ask(abort).then((answered) => {
      for (const timer of timers) this.#runtime.clearTimeout(timer);
      if (!this.#probing) return;
      if (answered) this.#lighten();
      else this.#darken();
    });
    const lasted = this.#runtime.monotonic() - this.#began;
    const every = lasted > LONG_DARK_MS ? LONG_DARK_EVERY_MS : PROBE_EVERY_MS;
    this.#runtime.setTimeout(() => this.#probing && this.#probe(), every);
  }

  /** Whether anybody answered; a refusal is an answer. */
  async #ask(abort: AbortController | undefined): Promise<boolean> {
    try {
      const query = (this.#supabase as unknown as Tables).from("relay_keys").select("kid").limit(1);
      const sent = abort !== undefined && typeof query.abortSignal === "function"
        ? query.abortSignal(abort.signal)
        : query;
      return (await sent).status !== 0;
    } catch {
      return false;
    }
  }

  #darken(): void {
    if (this.#probing) this.#dark = true;
  }

  #lighten(): void {
    this.#probing = false;
    if (!this.#dark) return;
    this.#dark = false;
    for (const { giveUp } of [...this.#waiting]) giveUp();
    // A socket from before sends its backlog when its own timer says so: tens of seconds later.
    Promise.resolve(this.#supabase.realtime?.disconnect?.()).catch(() => {});
    // After those who gave up have noticed it, and before any timer of theirs.
    this.#runtime.setTimeout(() => {
      for (const listener of [...this.#listeners]) listener();
    }, 0);
  }
}

const lamps = new WeakMap<object, Lamp>();

/** The one lamp of a Supabase client. */
export function lampOf(supabase: object, runtime: Runtime): Lamp {
  let lamp = lamps.get(supabase);
  if (lamp === undefined) lamps.set(supabase, lamp = new Lamp(supabase as LampSupabase, runtime));
  return lamp;
}
