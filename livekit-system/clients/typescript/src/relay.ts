// Wires one LiveKit room and one Supabase client into one ordered stream. Translates and delegates: judging is
// packet.ts, order sequence.ts, reading catch_up.ts, keys key_fetch.ts. Nothing here throws into LiveKit's emitter.

import { Callbacks, type RelayCallbacks } from "./callbacks.ts";
import { CatchUp } from "./catch_up.ts";
import { ServerClock, WRONG_CLOCK_MS } from "./clock.ts";
import { HeldPackets } from "./held_packets.ts";
import { KeyFetch } from "./key_fetch.ts";
import { KeyRing } from "./keys.ts";
import { type Lamp, lampOf } from "./lamp.ts";
import { type Body, judge, type Packet, type Subject, type Topic, TOPICS, type Verify } from "./packet.ts";
import { RecentIds } from "./recent_ids.ts";
import { type Runtime, systemRuntime, Timer } from "./runtime.ts";
import { EventSequence } from "./sequence.ts";
import { HINTS_LOST_MS } from "./pace.ts";
import { TailCheck } from "./tail_check.ts";
import {
  LOST,
  type Refusal,
  REFUSALS,
  type RelayError,
  type RelayJoin,
  type RelayRoom,
  type RelayStats,
  type RelaySupabase,
} from "./types.ts";
import { verifyEd25519 } from "./verify.ts";

/** A gap is left this long to close by itself, spread so that an audience does not ask at once. */
const GAP_SPREAD_MS = 200;
/** How soon a revoked key is noticed at the latest. */
const KEY_REFRESH_MS = 5 * 60_000;
/** Notices and levels of 30 s at their allowed rates, several times over. */
const MAX_RECENT_MESSAGES = 512;

export interface RelayOptions extends RelayCallbacks {
  readonly room: RelayRoom;
  readonly supabase: RelaySupabase;
  readonly subject: Subject;
  /** As the edge function answered it. */
  readonly join: RelayJoin;
  /** Emit events after this seq. Default: `join.last_seq`, what happens from the join on; 0 is the whole session. */
  readonly startAfter?: number;
  /** A native Ed25519, where the app has one. */
  readonly verify?: Verify;
  readonly runtime?: Runtime;
}

export interface Relay {
  /** Reads what may be missing, now. Call it when the app returns to the foreground. */
  catchUp(): void;
  stats(): RelayStats;
  /** Removes every listener and timer; no callback is called afterwards. */
  dispose(): void;
}

/** Starts relaying. The room may be connected already or connect later. */
export function openRelay(options: RelayOptions): Relay {
  return new RoomRelay(options);
}

class RoomRelay implements Relay {
  readonly #options: RelayOptions;
  readonly #app: Callbacks;
  readonly #runtime: Runtime;
  readonly #lamp: Lamp;
  readonly #clock: ServerClock;
  readonly #keys: KeyRing;
  readonly #keyFetch: KeyFetch;
  readonly #keyRefresh: Timer;
  readonly #held = new HeldPackets();
  readonly #sequence: EventSequence;
  readonly #catchUp: CatchUp;
  readonly #tail: TailCheck;
  readonly #seenMessages = new RecentIds(MAX_RECENT_MESSAGES);
  readonly #emitted = { live: 0, caught_up: 0 };
  readonly #messages = { notices: 0, levels: 0 };
  readonly #refused = Object.fromEntries(REFUSALS.map((reason) => [reason, 0])) as Record<Refusal, number>;
  /** The newest sent_at of an accepted packet: an older word about the stream's end is worth nothing. */
  #newestSentAt = 0;
  #toldOfClock = false;
  readonly #forgetLight: () => void;
  #disposed = false;

  constructor(options: RelayOptions) {
    const { join, supabase, room, subject } = options;
    const app = this.#app = new Callbacks(options);
    const onError = (error: RelayError) => app.error(error);
    const runtime = this.#runtime = options.runtime ?? systemRuntime;
    this.#options = options;
    const lamp = this.#lamp = lampOf(supabase, runtime);
    this.#clock = new ServerClock(runtime, join.now);
    this.#keys = new KeyRing(join.relay_keys);
    this.#keyFetch = new KeyFetch({
      supabase,
      lamp,
      runtime,
      keys: this.#keys,
      onDone: () => this.#judgeHeld(),
      onError,
    });
    this.#keyRefresh = new Timer(runtime, () => this.#refreshKeys());
    this.#sequence = new EventSequence(options.startAfter ?? join.last_seq);
    this.#sequence.noteLatest(join.last_seq);
    this.#tail = new TailCheck(runtime, () => this.#catchUp.requestNow());
    this.#catchUp = new CatchUp({
      supabase,
      lamp,
      runtime,
      sessionId: subject.id,
      position: () => this.#sequence.position,
      behind: () => this.#sequence.behind,
      onRows: (rows) => {
        this.#sequence.fill(rows);
        this.#emit();
      },
      onDone: (found) => found > 0 ? this.#tail.active() : this.#tail.looked(),
      onError,
    });
    room.on("dataReceived", this.#onData);
    room.on("connected", this.#onConnected);
    room.on("reconnected", this.#onConnected);
    for (const event of LOST) room.on(event, this.#onReconnecting);
    this.#forgetLight = lamp.onLight(() => this.catchUp());
    this.#armKeyRefresh();
    this.#readStream();
  }

  catchUp(): void {
    if (this.#disposed) return;
    this.#keyFetch.request();
    this.#readStream();
  }

  stats(): RelayStats {
    return {
      position: this.#sequence.position,
      emitted: { ...this.#emitted },
      ...this.#messages,
      refused: { ...this.#refused },
      pending: this.#sequence.pending,
      held: this.#held.size,
      clockAheadMs: this.#clock.deviceAheadMs,
    };
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#app.forget();
    const { room } = this.#options;
    room.off("dataReceived", this.#onData);
    room.off("connected", this.#onConnected);
    room.off("reconnected", this.#onConnected);
    for (const event of LOST) room.off(event, this.#onReconnecting);
    this.#forgetLight();
    this.#catchUp.dispose();
    this.#keyFetch.dispose();
    this.#keyRefresh.cancel();
    this.#tail.dispose();
    this.#held.takeAll();
  }

  readonly #onConnected = (): void => this.catchUp();

  /** LiveKit misses the server: it may be the network, and then the database is missed as well. */
  readonly #onReconnecting = (): void => this.#lamp.suspect();

  readonly #onData = (payload: Uint8Array, participant?: unknown, _kind?: unknown, topic?: string): void => {
    if (this.#disposed || !isTopic(topic)) return;
    this.#receive({ payload, topic, fromParticipant: participant !== undefined && participant !== null });
  };

  #receive(packet: Packet): void {
    const verdict = this.#judge(packet);
    if (verdict.outcome === "accepted") return this.#accept(verdict.body);
    if (verdict.outcome === "refused") return this.#refuse(verdict.reason, packet.topic);
    if (!this.#held.add(packet, this.#keyFetch.begun)) return this.#refuse("queue_full", packet.topic);
    this.#keyFetch.request();
  }

  #judgeHeld(): void {
    for (const { packet, fetchesBefore } of this.#held.takeAll()) {
      if (this.#disposed) return;
      const verdict = this.#judge(packet);
      if (verdict.outcome === "accepted") this.#accept(verdict.body);
      else if (verdict.outcome === "refused") this.#refuse(verdict.reason, packet.topic);
      // One that came while the fetch was under way may carry a key younger than its answer.
      else if (fetchesBefore < this.#keyFetch.begun || !this.#held.add(packet, fetchesBefore)) {
        this.#refuse("unknown_key", packet.topic);
      }
    }
  }

  #judge(packet: Packet) {
    const { room, subject, verify = verifyEd25519 } = this.#options;
    return judge(packet, {
      room: room.name,
      subject,
      identity: room.localParticipant.identity,
      now: this.#clock.now(),
      signed: (sentAt) => this.#learn(sentAt),
      keys: this.#keys,
      verify,
    });
  }

  #learn(sentAt: number): number {
    this.#clock.learn(sentAt);
    const ahead = Math.round(this.#clock.deviceAheadMs / 1000);
    if (!this.#toldOfClock && Math.abs(ahead) * 1000 > WRONG_CLOCK_MS) {
      this.#toldOfClock = true;
      const off = `${Math.abs(ahead)} s ${ahead > 0 ? "ahead" : "behind"}`;
      this.#app.error({ code: "clock_wrong", message: `the device's clock is ${off}`, retrying: false });
    }
    return this.#clock.now();
  }

  #accept(body: Body): void {
    if (body.topic === "live.events") this.#acceptEvents(body);
    else this.#acceptMessages(body);
  }

  #acceptEvents(body: Body): void {
    const offers = body.events.map((event) => this.#sequence.offer(event));
    for (const offer of offers) if (offer === "repeat" || offer === "queue_full") this.#refused[offer] += 1;
    if (body.lastSeq !== null) this.#sequence.noteLatest(body.lastSeq);
    if (!body.hints && body.sentAt > this.#clock.now() - HINTS_LOST_MS) this.#lamp.loseHints();
    this.#emit();
    if (this.#disposed) return;
    if (this.#sequence.behind) this.#catchUp.requestSoon(GAP_SPREAD_MS * this.#runtime.random());
    else this.#catchUp.cancelSoon();
    this.#watchTail(body, offers.includes("accepted"));
  }

  #watchTail(body: Body, brought: boolean): void {
    if (brought) this.#tail.active();
    else if (body.lastSeq === null || body.sentAt < this.#newestSentAt) this.#tail.suspect();
    else if (!this.#sequence.behind) this.#tail.confirmed();
    this.#newestSentAt = Math.max(this.#newestSentAt, body.sentAt);
  }

  #acceptMessages(body: Body): void {
    for (const event of body.events) {
      if (this.#disposed) return;
      if (this.#seenMessages.has(event.id)) {
        this.#refused.repeat += 1;
        continue;
      }
      this.#seenMessages.add(event.id);
      this.#message(body.topic, event);
    }
  }

  #message(topic: Topic, { id, type, at, payload }: Body["events"][number]): void {
    if (topic === "live.notice") {
      this.#messages.notices += 1;
      this.#app.notice({ id, type, at, payload });
    } else {
      this.#messages.levels += 1;
      this.#app.levels({ id, at, payload });
    }
  }

  #emit(): void {
    while (!this.#disposed) {
      const event = this.#sequence.next();
      if (event === undefined) break;
      this.#emitted[event.source] += 1;
      this.#app.event(event);
    }
    const missing = this.#sequence.takeMissing();
    if (missing > 0) {
      this.#app.error({
        code: "events_missing",
        message: `the database lacks ${missing} events`,
        retrying: false,
      });
    }
  }

  #refuse(reason: Refusal, topic: Topic): void {
    this.#refused[reason] += 1;
    // Anyone who is visible is certainly not the agent; anything else may be, seen through a wrong clock or an old key.
    if (topic === "live.events" && reason !== "visible_sender") this.#tail.suspect();
  }

  #readStream(): void {
    if (this.#options.subject.kind === "session") this.#catchUp.requestNow();
  }

  #refreshKeys(): void {
    this.#keyFetch.request();
    this.#armKeyRefresh();
  }

  #armKeyRefresh(): void {
    this.#keyRefresh.arm(KEY_REFRESH_MS * (0.75 + 0.25 * this.#runtime.random()));
  }
}

function isTopic(topic: string | undefined): topic is Topic {
  return (TOPICS as readonly (string | undefined)[]).includes(topic);
}
