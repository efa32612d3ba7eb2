// Owns the question whether the network is there, and passes on what the relay learns of hints. In a tunnel a request does not fail: it
// hangs, and so does the connection under it long after the light is back. So in the dark nothing is sent but small questions for
// everybody; when the first is answered, what still hangs is given up, and everyone is told to read at once.

import type { Runtime } from "./runtime.ts";

/** What is needed of supabase-js for it. */
export interface LampSupabase {
  from(table: never): unknown;
  readonly realtime?: { disconnect?(): unknown; endpointURL?(): string };
}

interface Asked extends PromiseLike<{ status?: number }> {
  abortSignal?(signal: AbortSignal): Asked;
}

interface Tables {
  from(table: string): { select(columns: string): { limit(count: number): Asked } };
}

/** Between questions while it is dark; slower once that has lasted. */
export const PROBE_EVERY_MS = 500;
const LONG_DARK_MS = 5 * 60_000;
const LONG_DARK_EVERY_MS = 5_000;
/** A request that is not answered by then says that it is dark. Later ones go on meanwhile: none waits for a slow one. */
const DARK_AFTER_MS = 2_000;
const PROBE_TIMEOUT_MS = 3_500;
/** All but every fourth are given up sooner: a browser has six connections to one host, and each that hangs holds one. */
const QUICK_TIMEOUT_MS = 1_400;
const PATIENT_EVERY = 4;
/**
 * How long a connection of our own is waited for, by how long it has been dark. In three seconds the system knocks at least twice; browsers
 * hold back anyone who makes many that fail.
 */
const DIAL_MS = [[90_000, 3_000], [LONG_DARK_MS, 8_000], [Infinity, 20_000]] as const;
/** Where connections of our own can be made, a request asks only so often: it may be that Realtime alone is away. */
const REQUEST_EVERY = 10;
/**
 * A browser goes on connecting for a request that was given up, ever more slowly, and gives the next request that connection. So many at
 * once need more than it has, and a new one is made.
 */
const OPENERS = 3;
/** Nobody waits longer for an answer, light or not. */
export const ANSWER_MS = 8_000;
/** An answer that takes longer is a reason to ask: each request that hangs holds a connection. */
const SLOW_MS = 2_500;

/** A request that was given up, because time or the network had gone. */
export class GivenUp extends Error {
  override readonly name = "GivenUp";
}

interface Dial {
  readonly hangUp: () => void;
  /** By the monotonic clock. */
  readonly at: number;
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
  #asked = 0;
  /** Grows with each suspicion: questions of an earlier one have nothing to say. */
  #turn = 0;
  /** The oldest first. */
  #dials: Dial[] = [];

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
    this.#asked = 0;
    this.#turn += 1;
    this.#probe();
  }

  /**
   * An answer, or GivenUp: after `ANSWER_MS`, at the latest when the light returns, and at once in the dark.
   * @param query aborted as well, where it can be, so that it occupies no connection any more
   */
  wait<Answer>(query: PromiseLike<Answer>): Promise<Answer> {
    if (this.#dark) return Promise.reject(new GivenUp("no network"));
    const abort = typeof AbortController === "undefined" ? undefined : new AbortController();
    const asked = query as PromiseLike<Answer> & { abortSignal?(signal: AbortSignal): PromiseLike<Answer> };
    const sent = abort !== undefined && typeof asked.abortSignal === "function"
      ? asked.abortSignal(abort.signal)
      : query;
    return new Promise((resolve, reject) => {
      const timers = [
        this.#runtime.setTimeout(() => this.suspect(), SLOW_MS),
        this.#runtime.setTimeout(() => waiting.giveUp(), ANSWER_MS),
      ];
      const settle = () => {
        this.#waiting.delete(waiting);
        for (const timer of timers) this.#runtime.clearTimeout(timer);
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
        // A slow network is a network.
        else if (this.#probing && !this.#dark) this.#lighten();
        resolve(answer);
      }, (cause: unknown) => {
        settle();
        this.suspect();
        reject(cause);
      });
    });
  }

  #probe(): void {
    if (this.#asked % REQUEST_EVERY === 0 || !this.#dial()) this.#request();
    this.#asked += 1;
    const lasted = this.#runtime.monotonic() - this.#began;
    const every = lasted > LONG_DARK_MS ? LONG_DARK_EVERY_MS : PROBE_EVERY_MS;
    const turn = this.#turn;
    this.#runtime.setTimeout(() => this.#probing && turn === this.#turn && this.#probe(), every);
  }

  #request(): void {
    const abort = typeof AbortController === "undefined" ? undefined : new AbortController();
    const givingUp = this.#runtime.setTimeout(() => abort?.abort(), patience(this.#asked));
    const turn = this.#turn;
    const darkening = this.#runtime.setTimeout(() => turn === this.#turn && this.#darken(), DARK_AFTER_MS);
    this.#ask(abort).then((answered) => {
      this.#runtime.clearTimeout(givingUp);
      // A quick one that was given up says nothing yet.
      if (!answered && abort?.signal.aborted === true) return;
      this.#runtime.clearTimeout(darkening);
      if (!this.#probing || turn !== this.#turn) return;
      if (answered) this.#lighten();
      else this.#darken();
    });
  }

  /**
   * Connections of our own, of which nothing is wanted but that one is made. Where several may be under way they begin one after another: the
   * system waits ever longer before it knocks again for one. False: none can be made.
   */
  #dial(): boolean {
    const { dial, dialsAtOnce = 1 } = this.#runtime;
    const url = this.#endpoint;
    if (url === undefined || dial === undefined) return false;
    const now = this.#runtime.monotonic();
    const lives = DIAL_MS.find(([dark]) => now - this.#began < dark)![1];
    while (this.#dials.length > 0 && now - this.#dials[0]!.at >= lives) this.#dials.shift()!.hangUp();
    const last = this.#dials.at(-1);
    if (last !== undefined && now - last.at < lives / dialsAtOnce) return true;
    this.#dials.push({ hangUp: dial(url, () => this.#probing && this.#lighten()), at: now });
    return true;
  }

  get #endpoint(): string | undefined {
    return this.#supabase.realtime?.endpointURL?.();
  }

  /** Whether anybody answered; a refusal is an answer. */
  async #ask(abort: AbortController | undefined): Promise<boolean> {
    const url = this.#endpoint;
    try {
      if (url === undefined || this.#runtime.knock === undefined) return await this.#read(abort);
      await this.#runtime.knock(healthOf(url), abort?.signal);
      return true;
    } catch {
      return false;
    }
  }

  async #read(abort: AbortController | undefined): Promise<boolean> {
    const query = (this.#supabase as unknown as Tables).from("relay_keys").select("kid").limit(1);
    const sent = abort !== undefined && typeof query.abortSignal === "function"
      ? query.abortSignal(abort.signal)
      : query;
    return (await sent).status !== 0;
  }

  #darken(): void {
    if (!this.#probing || this.#dark) return;
    this.#dark = true;
    // A browser makes one socket to a host at a time, and this one is for asking.
    this.#leaveRealtime();
  }

  #lighten(): void {
    this.#probing = false;
    for (const { hangUp } of this.#dials.splice(0)) hangUp();
    if (!this.#dark) return;
    this.#dark = false;
    for (const { giveUp } of [...this.#waiting]) giveUp();
    // A socket from before sends its backlog when its own timer says so: tens of seconds later.
    this.#leaveRealtime();
    // After those who gave up have noticed it, and before any timer of theirs.
    this.#runtime.setTimeout(() => {
      for (const listener of [...this.#listeners]) listener();
      for (let opener = 0; opener < OPENERS; opener++) void this.#read(undefined).catch(() => {});
    }, 0);
  }

  #leaveRealtime(): void {
    Promise.resolve(this.#supabase.realtime?.disconnect?.()).catch(() => {});
  }
}

/** The address at Realtime's host that answers anybody. */
function healthOf(endpoint: string): string {
  return endpoint.replace(/^ws(s?:\/\/[^/?]+).*$/, "http$1/auth/v1/health");
}

function patience(number: number): number {
  return number % PATIENT_EVERY === 0 ? PROBE_TIMEOUT_MS : QUICK_TIMEOUT_MS;
}

const lamps = new WeakMap<object, Lamp>();

/** The one lamp of a Supabase client. */
export function lampOf(supabase: object, runtime: Runtime): Lamp {
  let lamp = lamps.get(supabase);
  if (lamp === undefined) lamps.set(supabase, lamp = new Lamp(supabase as LampSupabase, runtime));
  return lamp;
}
