// Owns one private Realtime topic: joined again for as long as it is wanted, with a re-read at every join and, while it is
// not joined, on a timer. Realtime forgets what happens while a client is away; the tables do not.

import { backoffMs, type Runtime, Timer } from "./runtime.ts";

/** What is needed of supabase-js for a topic. */
export interface TopicSupabase {
  readonly realtime: { setAuth(): PromiseLike<unknown> | void };
  channel(name: string, options: { config: { private: boolean } }): TopicChannel;
  removeChannel(channel: never): PromiseLike<unknown> | unknown;
}

export interface TopicChannel {
  on(type: "broadcast", filter: { event: string }, listener: (message: Broadcast) => void): TopicChannel;
  subscribe(listener: (status: string) => void): TopicChannel;
}

export interface Broadcast {
  readonly event: string;
  readonly payload?: Record<string, unknown>;
}

/** While the topic is joined nothing should be missing; this is for the day when something is. */
export const JOINED_READ_MS = 60_000;
/** While it is not joined, nothing else tells. */
export const AWAY_READ_MS = 5_000;
const REJOIN_BASE_MS = 1_000;
const REJOIN_CAP_MS = 30_000;

export interface TopicOptions {
  readonly supabase: TopicSupabase;
  readonly runtime: Runtime;
  readonly name: string;
  readonly onBroadcast: (event: string, payload: Record<string, unknown>) => void;
  /** Read what may be missing, now. */
  readonly onRead: () => void;
}

export class Topic {
  readonly #options: TopicOptions;
  readonly #reading: Timer;
  readonly #joining: Timer;
  #channel: TopicChannel | null = null;
  #joined = false;
  #failures = 0;
  #disposed = false;

  constructor(options: TopicOptions) {
    this.#options = options;
    this.#reading = new Timer(options.runtime, () => this.read());
    this.#joining = new Timer(options.runtime, () => void this.#join());
    void this.#join();
    this.read();
  }

  get joined(): boolean {
    return this.#joined;
  }

  /** Reads now; the next read follows by the clock. Call it when the app returns to the foreground. */
  read(): void {
    if (this.#disposed) return;
    const ms = this.#joined ? JOINED_READ_MS : AWAY_READ_MS;
    this.#reading.arm(ms * (0.75 + 0.5 * this.#options.runtime.random()));
    this.#options.onRead();
  }

  dispose(): void {
    this.#disposed = true;
    this.#reading.cancel();
    this.#joining.cancel();
    this.#leave();
  }

  async #join(): Promise<void> {
    const { supabase, name, onBroadcast } = this.#options;
    try {
      await supabase.realtime.setAuth();
    } catch {
      // Offline: the join says so as well, and is tried again.
    }
    if (this.#disposed) return;
    const channel = supabase.channel(name, { config: { private: true } });
    this.#channel = channel;
    channel.on("broadcast", { event: "*" }, ({ event, payload }) => {
      if (!this.#disposed && payload !== undefined) onBroadcast(event, payload);
    }).subscribe((status) => this.#told(channel, status));
  }

  #told(channel: TopicChannel, status: string): void {
    if (this.#disposed || channel !== this.#channel) return;
    if (status === "SUBSCRIBED") {
      this.#joined = true;
      this.#failures = 0;
      return this.read();
    }
    // A channel that failed or was closed joins again under a new one: an old one may be refused for ever.
    this.#joined = false;
    this.#leave();
    this.#failures += 1;
    this.#joining.arm(
      backoffMs(this.#failures, REJOIN_BASE_MS, REJOIN_CAP_MS, this.#options.runtime.random()),
    );
    this.read();
  }

  #leave(): void {
    const channel = this.#channel;
    this.#channel = null;
    if (channel === null) return;
    Promise.resolve(this.#options.supabase.removeChannel(channel as never)).catch(() => {});
  }
}
