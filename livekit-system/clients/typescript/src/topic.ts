// Owns one private Realtime topic: joined again for as long as it is wanted, with a re-read at every join and, while it is
// not joined, on a timer. Realtime forgets what happens while a client is away; the tables do not.

import { type Lamp, lampOf } from "./lamp.ts";
import { backoffMs, type Runtime, Timer } from "./runtime.ts";

/** What is needed of supabase-js for a topic. */
export interface TopicSupabase {
  readonly realtime: {
    setAuth(): PromiseLike<unknown> | void;
    disconnect?(): unknown;
    endpointURL?(): string;
  };
  from(table: never): unknown;
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

/** What a listener to a topic holds. */
export interface Listening {
  readonly joined: boolean;
  /** Reads now; the next read follows by the clock. Call it when the app returns to the foreground. */
  read(): void;
  dispose(): void;
}

const shared = new WeakMap<object, Map<string, Shared>>();

/** Listens to a topic that several parts of an app may want: it is joined once for each client. */
export function joinTopic(options: TopicOptions): Listening {
  const topics = shared.get(options.supabase) ?? new Map<string, Shared>();
  shared.set(options.supabase, topics);
  let topic = topics.get(options.name);
  if (topic === undefined) {
    topic = new Shared(options, () => topics.delete(options.name));
    topics.set(options.name, topic);
  }
  return topic.add(options);
}

class Shared {
  readonly #listeners = new Set<TopicOptions>();
  readonly #topic: Topic;
  readonly #onEmpty: () => void;

  constructor(options: TopicOptions, onEmpty: () => void) {
    this.#onEmpty = onEmpty;
    this.#topic = new Topic({
      ...options,
      onBroadcast: (event, payload) => {
        for (const one of [...this.#listeners]) one.onBroadcast(event, payload);
      },
      onRead: () => {
        for (const one of [...this.#listeners]) one.onRead();
      },
    });
  }

  add(options: TopicOptions): Listening {
    const listener = { ...options };
    this.#listeners.add(listener);
    listener.onRead();
    const topic = this.#topic;
    return {
      get joined() {
        return topic.joined;
      },
      read: () => listener.onRead(),
      dispose: () => {
        if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
        this.#topic.dispose();
        this.#onEmpty();
      },
    };
  }
}

class Topic {
  readonly #options: TopicOptions;
  readonly #lamp: Lamp;
  readonly #forget: () => void;
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
    this.#lamp = lampOf(options.supabase, options.runtime);
    this.#forget = this.#lamp.onLight(() => this.#rejoin());
    void this.#join();
    this.read();
  }

  get joined(): boolean {
    return this.#joined;
  }

  read(): void {
    if (this.#disposed) return;
    const ms = this.#joined ? JOINED_READ_MS : AWAY_READ_MS;
    this.#reading.arm(ms * (0.75 + 0.5 * this.#options.runtime.random()));
    this.#options.onRead();
  }

  dispose(): void {
    this.#disposed = true;
    this.#forget();
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
    // In the dark a join would hang; the light brings one.
    if (this.#disposed || this.#lamp.dark) return;
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
    this.#lamp.suspect();
    this.#failures += 1;
    this.#joining.arm(
      backoffMs(this.#failures, REJOIN_BASE_MS, REJOIN_CAP_MS, this.#options.runtime.random()),
    );
    this.read();
  }

  /** The light is back: nothing is waited for. */
  #rejoin(): void {
    if (this.#disposed) return;
    this.#joined = false;
    this.#failures = 0;
    this.#leave();
    this.#joining.cancel();
    this.read();
    void this.#join();
  }

  #leave(): void {
    const channel = this.#channel;
    this.#channel = null;
    if (channel === null) return;
    Promise.resolve(this.#options.supabase.removeChannel(channel as never)).catch(() => {});
  }
}
