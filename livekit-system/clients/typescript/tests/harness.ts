// A room, a database and a clock under the test's hand. Signatures are a stand-in here (the vectors test the real
// ones): a key's signature over anything is its public key twice.

import { openRelay, type Relay, type RelayError, type RelayEvent, type RelayNotice } from "../src/mod.ts";
import type { DataListener, Query, RelayLevels, RelayRoom, RelayTables } from "../src/types.ts";
import type { RelayOptions } from "../src/relay.ts";
import type { Verify } from "../src/packet.ts";
import type { Runtime } from "../src/runtime.ts";

export const SESSION = "session-1";
export const ME = "me";
const START = Date.parse("2026-11-23T12:00:00.000Z");

export class FakeRuntime implements Runtime {
  #now = START;
  /** How wrong the device's own clock is. */
  wrongMs = 0;
  #next = 1;
  readonly timers = new Map<number, { at: number; callback: () => void }>();
  readonly #random: () => number;

  constructor(random: () => number = () => 0.5) {
    this.#random = random;
  }

  now = () => this.#now + this.wrongMs;
  /** Server time: what the agent and the database go by. */
  get server(): number {
    return this.#now;
  }
  monotonic = () => this.#now - START;
  random = () => this.#random();

  setTimeout(callback: () => void, ms: number): unknown {
    this.timers.set(this.#next, { at: this.#now + ms, callback });
    return this.#next++;
  }

  clearTimeout(handle: unknown): void {
    this.timers.delete(handle as number);
  }

  /** Lets pending promises run, then every timer due within `ms`, in order. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const due = [...this.timers].filter(([, timer]) =>
        timer.at <= end
      ).sort((a, b) => a[1].at - b[1].at)[0];
      if (due === undefined) break;
      this.timers.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].callback();
      await settle();
    }
    this.#now = end;
  }
}

/** The event loop's own turn: every promise chain that can move has moved when it comes back. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

type Listener = (...args: never[]) => void;

export class FakeRoom implements RelayRoom {
  name = "room-1";
  localParticipant = { identity: ME };
  readonly listeners = new Map<string, Set<Listener>>();

  on(event: string, listener: Listener): this {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
    return this;
  }

  off(event: string, listener: Listener): this {
    this.listeners.get(event)?.delete(listener);
    return this;
  }

  deliver(packet: Uint8Array, topic = "live.events", participant?: unknown): void {
    const buffer = packet.slice();
    for (const listener of [...(this.listeners.get("dataReceived") ?? [])]) {
      (listener as DataListener)(buffer, participant, 0, topic);
    }
    buffer.fill(0); // the transport's to reuse
  }

  reconnected(): void {
    this.emit("reconnected");
  }

  emit(event: string, ...args: unknown[]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) {
      (listener as (...args: unknown[]) => void)(...args);
    }
  }

  get listenerCount(): number {
    return [...this.listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }
}

export interface Row {
  readonly session_id: string;
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly payload: Record<string, unknown>;
  readonly created_at: string;
}

type Failure = { status: number; message: string } | "never" | "throw";

export class FakeDatabase implements RelayTables {
  readonly rows: Row[] = [];
  keys: unknown[] = [keyRow("k1", 1)];
  /** Taken from the front, one for each query, before any is answered well. */
  readonly failures: Failure[] = [];
  readonly calls = { events: 0, keys: 0 };
  latencyMs = 20;
  /** A tunnel: what is asked is never answered, not even when the light is back. */
  hangs = false;
  maxRows = 1000;
  readonly #runtime: FakeRuntime;

  constructor(runtime: FakeRuntime) {
    this.#runtime = runtime;
  }

  commit(count = 1): void {
    for (let i = 0; i < count; i++) {
      const seq = this.rows.length + 1;
      const created_at = "2026-11-23T11:59:59.900123+00:00";
      this.rows.push({
        session_id: SESSION,
        seq,
        id: `e${seq}`,
        type: "gift",
        payload: { coins: seq },
        created_at,
      });
    }
  }

  rpc(fn: string, args: Record<string, unknown>): Query {
    if (fn !== "live_events_since" || args.session_id !== SESSION) throw new Error(`unexpected ${fn}`);
    this.calls.events += 1;
    const { after_seq, limit } = args as { after_seq: number; limit: number };
    return this.#answer(() =>
      this.rows.filter((row) => row.seq > after_seq).slice(0, Math.min(limit, this.maxRows))
    );
  }

  from(table: string) {
    if (table !== "relay_keys") throw new Error(`unexpected ${table}`);
    const ask = () => {
      this.calls.keys += 1;
      return this.#answer(() => this.keys);
    };
    const then: Query["then"] = (...handlers) => ask().then(...handlers);
    // The lamp's question: answered as long as nothing else fails, and counted by nobody.
    const lit = { data: [], error: null, status: 200 };
    const limit = (): Query => this.hangs ? new Promise(() => {}) : Promise.resolve(lit);
    return { select: () => ({ then, limit, order: () => ({ limit: ask }) }) };
  }

  #answer(read: () => unknown[]): Query {
    if (this.hangs) return new Promise(() => {});
    const failure = this.failures.shift();
    if (failure === "throw") throw new Error("offline");
    if (failure === "never") return new Promise(() => {});
    return new Promise((resolve) => {
      const data = read();
      this.#runtime.setTimeout(() => {
        if (failure) resolve({ data: null, error: failure, status: failure.status });
        else resolve({ data, error: null, status: 200 });
      }, this.latencyMs);
    });
  }
}

export function keyRow(kid: string, byte: number, more: Record<string, unknown> = {}) {
  const validity = { not_before: "2026-11-23T00:00:00+00:00", not_after: "2026-11-24T00:00:00+00:00" };
  return {
    kid,
    public_key: base64Url(new Uint8Array(32).fill(byte)),
    ...validity,
    revoked_at: null,
    ...more,
  };
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const standInVerify: Verify = (signature, _message, key) =>
  signature.every((byte, index) => byte === key[index % 32]);

export interface PacketOptions {
  readonly kid?: string;
  readonly byte?: number;
  readonly sentAt?: number;
  readonly topic?: string;
  readonly to?: string;
  readonly lastSeq?: number;
  readonly hints?: boolean;
  readonly session?: string;
}

export function packetOf(events: readonly unknown[], now: number, options: PacketOptions = {}): Uint8Array {
  const { kid = "k1", byte = 1, sentAt = now, topic = "live.events", to, lastSeq, hints, session = SESSION } =
    options;
  const body = JSON.stringify({
    v: 1,
    room: "room-1",
    session_id: session,
    topic,
    to,
    sent_at: new Date(sentAt).toISOString(),
    last_seq: lastSeq,
    hints,
    events,
  });
  return new TextEncoder().encode(
    JSON.stringify({ body, kid, sig: base64Url(new Uint8Array(64).fill(byte)) }),
  );
}

export function eventOf({ seq, id, type, payload, created_at }: Row) {
  return { seq, id, type, at: created_at, payload };
}

/** One relay with everything around it. */
export class World {
  readonly runtime: FakeRuntime;
  readonly room = new FakeRoom();
  readonly database: FakeDatabase;
  readonly events: RelayEvent[] = [];
  readonly notices: RelayNotice[] = [];
  readonly levels: RelayLevels[] = [];
  readonly errors: RelayError[] = [];
  relay!: Relay;

  constructor(random?: () => number) {
    this.runtime = new FakeRuntime(random);
    this.database = new FakeDatabase(this.runtime);
  }

  open(more: Partial<RelayOptions> = {}): this {
    this.relay = openRelay({
      room: this.room,
      supabase: this.database,
      subject: { kind: "session", id: SESSION },
      join: { last_seq: 0, relay_keys: [keyRow("k1", 1)] },
      onEvent: (event) => void this.events.push(event),
      onNotice: (notice) => void this.notices.push(notice),
      onLevels: (levels) => void this.levels.push(levels),
      onError: (error) => void this.errors.push(error),
      verify: standInVerify,
      runtime: this.runtime,
      ...more,
    });
    return this;
  }

  /** Commits one more event and sends it as a packet, unless it is lost. */
  gift(options: PacketOptions & { lost?: boolean } = {}): void {
    this.database.commit();
    if (!options.lost) this.send([this.database.rows.length], options);
  }

  /** Sends the events with these seqs in one packet. */
  send(seqs: readonly number[], options: PacketOptions = {}): void {
    const events = seqs.map((seq) => eventOf(this.database.rows[seq - 1]!));
    this.room.deliver(packetOf(events, this.runtime.server, options));
  }

  notice(id: string, options: PacketOptions = {}): void {
    const event = { id, type: "warning", at: "2026-11-23T12:00:00.000Z", payload: {} };
    const packet = packetOf([event], this.runtime.server, { topic: "live.notice", to: ME, ...options });
    this.room.deliver(packet, "live.notice");
  }

  get seqs(): number[] {
    return this.events.map((event) => event.seq);
  }
}

export function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
