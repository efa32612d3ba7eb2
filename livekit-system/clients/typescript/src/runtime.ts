// Time and chance as arguments, so that tests run in virtual time and production in the device's own.

export interface Runtime {
  /** The device's wall clock, milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that have passed since any fixed moment; nobody can set it. */
  monotonic(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
  /** Uniform in [0, 1). Spreads load only; nothing secret rests on it. */
  random(): number;
  /** Opens a connection to a WebSocket's address, says when it is made, and ends it then. Returns how to give it up. */
  dial?(url: string, onOpen: () => void): () => void;
  /** How many of those may be under way; one where it is not said. */
  readonly dialsAtOnce?: number;
  /**
   * Asks an HTTP address anything, and settles when it is answered. In a browser six that were given up hold all connections to a host until
   * long after the network is back, so these come from others than everybody's requests, and it asks nobody first whether it may.
   */
  knock?(url: string, signal: AbortSignal | undefined): Promise<unknown>;
}

/** React Native makes each socket at once; a browser one to a host at a time. */
const DIALS_OF_A_PHONE = 6;

export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic: () => globalThis.performance.now(),
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
  clearTimeout: (handle) => globalThis.clearTimeout(handle as number),
  random: () => Math.random(),
  ...(typeof globalThis.WebSocket === "undefined" ? {} : { dial, dialsAtOnce: dialsOf(globalThis) }),
  ...(typeof globalThis.fetch === "undefined" ? {} : { knock }),
};

/** @param of what there is of globals: React Native says what it is in `navigator.product` */
export function dialsOf(of: object): number {
  const { navigator } = of as { navigator?: { product?: unknown } };
  return navigator?.product === "ReactNative" ? DIALS_OF_A_PHONE : 1;
}

function dial(url: string, onOpen: () => void): () => void {
  const socket = new globalThis.WebSocket(url);
  socket.onopen = () => {
    socket.close();
    onOpen();
  };
  return () => {
    // Android makes it all the same, and keeps it.
    socket.onopen = () => socket.close();
    socket.close();
  };
}

function knock(url: string, signal: AbortSignal | undefined): Promise<unknown> {
  const how = { mode: "no-cors", cache: "no-store", credentials: "include" } as const;
  return globalThis.fetch(url, signal === undefined ? how : { ...how, signal });
}

/** One restartable timer. Arming it again replaces the earlier time. */
export class Timer {
  #handle: unknown = null;
  readonly #runtime: Runtime;
  readonly #callback: () => void;

  constructor(runtime: Runtime, callback: () => void) {
    this.#runtime = runtime;
    this.#callback = callback;
  }

  get armed(): boolean {
    return this.#handle !== null;
  }

  arm(ms: number): void {
    this.cancel();
    this.#handle = this.#runtime.setTimeout(() => {
      this.#handle = null;
      this.#callback();
    }, ms);
  }

  cancel(): void {
    if (this.#handle !== null) this.#runtime.clearTimeout(this.#handle);
    this.#handle = null;
  }
}

/** Exponential backoff with jitter: half the step is certain, half is chance. `failures` counts from 1. */
export function backoffMs(failures: number, baseMs: number, capMs: number, random: number): number {
  const step = Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, 16));
  return step / 2 + (step / 2) * random;
}
