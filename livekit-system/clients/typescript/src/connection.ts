// Keeps one LiveKit room connected: a fresh token for each connection, again after a loss, and an end where there is one. A token
// tells the truth each time, so a ban or the end of the session ends the tries.

import { LiveError } from "./ask.ts";
import type { Lamp } from "./lamp.ts";
import { backoffMs, type Runtime, Timer } from "./runtime.ts";
import { CONNECT_OPTIONS, takeHonestTracks, type TracksRoom } from "./tracks.ts";
import { LOST, type Lost, type RelayJoin, type RelayRoom } from "./types.ts";

/** What an edge function answers as `join`. */
export interface Join extends RelayJoin {
  readonly url: string;
  readonly token: string;
  /** Until when the token opens a connection (ISO 8601). */
  readonly expires_at: string;
  readonly identity: string;
}

/** `ended`: the session or call is over. `removed`: kicked or banned. `elsewhere`: the same account joined on another device.
 * `left`: by `leave()`. `refused`: no token, see `error`. */
export type Gone = "ended" | "removed" | "elsewhere" | "left" | "refused";

export interface ConnectionState {
  /** `waiting`: lost, and tried again by itself. */
  readonly phase: "connecting" | "connected" | "reconnecting" | "waiting" | "gone";
  readonly gone: Gone | null;
  /** Why it waits or was refused. */
  readonly error: LiveError | null;
}

/** What is needed of livekit-client's `Room`. */
export interface ConnectRoom extends RelayRoom {
  readonly remoteParticipants: TracksRoom["remoteParticipants"];
  connect(url: string, token: string, options: { readonly autoSubscribe: boolean }): Promise<void>;
  disconnect(): Promise<void>;
  on(event: "dataReceived", listener: never): unknown;
  on(event: "connected" | "reconnected" | Lost, listener: () => void): unknown;
  on(event: "disconnected", listener: (reason?: number) => void): unknown;
  on(event: "trackPublished", listener: never): unknown;
  off(event: "dataReceived", listener: never): unknown;
  off(event: "connected" | "reconnected" | Lost, listener: () => void): unknown;
  off(event: "disconnected", listener: (reason?: number) => void): unknown;
  off(event: "trackPublished", listener: never): unknown;
}

export interface ConnectionOptions {
  readonly room: ConnectRoom;
  readonly lamp: Lamp;
  readonly runtime: Runtime;
  /** A fresh token. @throws LiveError */
  readonly token: () => Promise<Join>;
  /** What is at hand for the first connection, as `session-create` and `call-start` answer it. */
  readonly first?: Join | undefined;
  /** Nothing is published: a connection that hangs may be left for a new one. */
  readonly idle: () => boolean;
  /** Before each connection, so that whatever listens does so first. */
  readonly onJoin: (join: Join) => void;
  readonly onState: (state: ConnectionState) => void;
}

const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 30_000;
/** After a loss the first try is spread over this: everyone in a room may lose it at once. */
const FIRST_SPREAD_MS = 300;
/** Codes that time mends; every other refusal is final. */
const PASSES = new Set(["too_many_connections", "rate_limited", "unavailable", "offline", "busy"]);
/** A token that says that there is nothing to enter any more. */
const OVER = new Set(["session_ended", "call_not_active", "unknown_call"]);
/** livekit-client's DisconnectReason. */
const REASONS: Readonly<Record<number, Gone>> = {
  1: "left",
  2: "elsewhere",
  4: "removed",
  5: "ended",
  10: "ended",
};

/** Null: the network or the server, so it is worth trying again. */
export function goneBy(reason: number | undefined): Gone | null {
  return (reason === undefined ? undefined : REASONS[reason]) ?? null;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #timer: Timer;
  readonly #forget: () => void;
  readonly #leaveTracks: () => void;
  #first: Join | undefined;
  #phase: ConnectionState["phase"] = "connecting";
  #failures = 0;
  /** Grows with each try and with the end: what belongs to an older one has nothing to say. */
  #turn = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#first = options.first;
    this.#timer = new Timer(options.runtime, () => void this.#connect());
    this.#forget = options.lamp.onLight(() => void this.#onLight());
    const { room } = options;
    this.#leaveTracks = takeHonestTracks(room as TracksRoom);
    room.on("disconnected", this.#onDisconnected);
    for (const event of LOST) room.on(event, this.#onReconnecting);
    room.on("reconnected", this.#onReconnected);
  }

  start(): void {
    void this.#connect();
  }

  /** Tries at once where it waits, as when the app returns to the foreground. */
  retry(): void {
    if (this.#phase !== "waiting") return;
    this.#timer.cancel();
    void this.#connect();
  }

  /**
   * An attempt that was made in the dark, LiveKit's own or ours, hangs for tens of seconds. Anyone who publishes waits for LiveKit's all the
   * same: it publishes again what they had on, and a new connection would not.
   */
  async #onLight(): Promise<void> {
    const hangs = this.#phase === "connecting" || (this.#phase === "reconnecting" && this.#options.idle());
    if (!hangs) return this.retry();
    const turn = ++this.#turn;
    this.#tell("connecting", null, null);
    await this.#options.room.disconnect().catch(() => {});
    if (turn === this.#turn) await this.#connect();
  }

  /** @param why `ended` where somebody else has told that it is over */
  async leave(why: "left" | "ended" = "left"): Promise<void> {
    if (this.#phase !== "gone") this.#end(why, null);
    await this.#options.room.disconnect();
  }

  async #connect(): Promise<void> {
    const { room, token, onJoin } = this.#options;
    const turn = ++this.#turn;
    this.#tell("connecting", null, null);
    try {
      const join = this.#first ?? await token();
      this.#first = undefined;
      if (turn !== this.#turn) return;
      onJoin(join);
      await room.connect(join.url, join.token, CONNECT_OPTIONS);
      // Left meanwhile: LiveKit has not noticed.
      if (turn !== this.#turn) return void await room.disconnect();
      this.#failures = 0;
      this.#tell("connected", null, null);
    } catch (cause) {
      if (turn === this.#turn) this.#fail(cause);
    }
  }

  #fail(cause: unknown): void {
    const error = cause instanceof LiveError ? cause : new LiveError("offline", String(cause), 0, true);
    if (!error.retryable && !PASSES.has(error.code)) {
      return this.#end(OVER.has(error.code) ? "ended" : "refused", error);
    }
    if (error.status === 0) this.#options.lamp.suspect();
    this.#failures += 1;
    this.#tell("waiting", null, error);
    this.#timer.arm(backoffMs(this.#failures, RETRY_BASE_MS, RETRY_CAP_MS, this.#options.runtime.random()));
  }

  // While a try is under way its own promise says how it went: LiveKit may also fire this event then.
  readonly #onDisconnected = (reason?: number): void => {
    if (this.#phase !== "connected" && this.#phase !== "reconnecting") return;
    const gone = goneBy(reason);
    if (gone !== null) return this.#end(gone, null);
    this.#options.lamp.suspect();
    this.#tell("waiting", null, null);
    this.#timer.arm(FIRST_SPREAD_MS * this.#options.runtime.random());
  };

  readonly #onReconnecting = (): void => {
    if (this.#phase === "connected") this.#tell("reconnecting", null, null);
  };

  readonly #onReconnected = (): void => {
    if (this.#phase === "reconnecting") this.#tell("connected", null, null);
  };

  #end(gone: Gone, error: LiveError | null): void {
    const { room } = this.#options;
    this.#turn += 1;
    this.#timer.cancel();
    this.#forget();
    this.#leaveTracks();
    room.off("disconnected", this.#onDisconnected);
    for (const event of LOST) room.off(event, this.#onReconnecting);
    room.off("reconnected", this.#onReconnected);
    this.#tell("gone", gone, error);
  }

  #tell(phase: ConnectionState["phase"], gone: Gone | null, error: LiveError | null): void {
    this.#phase = phase;
    this.#options.onState({ phase, gone, error });
  }
}
