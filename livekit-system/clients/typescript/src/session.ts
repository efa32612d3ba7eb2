// A session as a screen needs it: one room kept connected, its events, notices, rights, people and levels, as one value that changes.
// Each part is owned by a file of its own; here they are put together.

import { ask, type AskSupabase, LiveError } from "./ask.ts";
import { Connection, type ConnectionState, type ConnectRoom, type Join } from "./connection.ts";
import { isNotice, levelsOf, type LevelsPayload } from "./event_types.ts";
import type { Session } from "./feeds.ts";
import { lampOf } from "./lamp.ts";
import { type Levels, LEVELS_HOLD_MS, levelsNow, type LevelsRoom } from "./levels.ts";
import type { Verify } from "./packet.ts";
import { People, type SessionPerson } from "./people.ts";
import { openRelay, type Relay } from "./relay.ts";
import { NO_RIGHTS, onAir, type Rights, rightsOf, type RightsRoom } from "./rights.ts";
import type { Role } from "./roles.ts";
import { type Runtime, systemRuntime, Timer } from "./runtime.ts";
import { isStaff, watchLevels } from "./stage.ts";
import { type Readable, Store } from "./store.ts";
import { type LiveSupabase, rows } from "./tables.ts";
import type { RelayEvent, RelayNotice, RelayStats } from "./types.ts";

/** livekit-client's `Room`, as far as it is needed. */
export interface LiveRoom extends ConnectRoom, RightsRoom, LevelsRoom {
  readonly localParticipant: ConnectRoom["localParticipant"] & RightsRoom["localParticipant"];
  on(event: string, listener: never): unknown;
  off(event: string, listener: never): unknown;
}

export interface SessionView {
  readonly connection: ConnectionState;
  /** One's role, as the database says; null before that is known. */
  readonly role: Role | null;
  /** What one may publish now. */
  readonly may: Rights;
  /** What one sends now. */
  readonly onAir: Rights;
  readonly session: Session | null;
  /** Stage, staff, raised hands and oneself. */
  readonly people: readonly SessionPerson[];
  readonly levels: Levels;
  /** The last notice for oneself. */
  readonly notice: RelayNotice | null;
  /** An offer to speak that waits for an answer. */
  readonly invited: { readonly role: Role | null; readonly expires_at: string | null } | null;
  readonly error: LiveError | null;
}

export interface SessionOptions {
  readonly supabase: LiveSupabase;
  /** A new `Room` of livekit-client's, for this session alone. */
  readonly room: LiveRoom;
  readonly sessionId: string;
  readonly userId: string;
  /** The host's, from `createSession` or `startSession`; without it a token is asked for. */
  readonly join?: Join | undefined;
  /** Each once, in order. `source` is `caught_up` for what was missed: count it, do not celebrate it. */
  readonly onEvent?: ((event: RelayEvent) => void) | undefined;
  readonly onNotice?: ((notice: RelayNotice) => void) | undefined;
  readonly verify?: Verify | undefined;
  readonly runtime?: Runtime | undefined;
}

export interface LiveSession extends Readable<SessionView> {
  readonly room: LiveRoom;
  readonly id: string;
  /** Reads what may be missing, and connects where it waits: when the app returns to the foreground. */
  refresh(): void;
  /** While somebody looks at levels; staff only. Returns how to stop. */
  watch(): () => void;
  stats(): RelayStats | null;
  leave(): Promise<void>;
}

const SESSION_COLUMNS =
  "id,creator_id,type,access_type,price_coins,title,status,scheduled_at,started_at,ended_at," +
  "end_reason,cancel_reason,viewer_count,ends_at,slow_mode_seconds,chat_mode,pinned_message_id";
const ROOM_EVENTS = [
  "participantPermissionsChanged",
  "localTrackPublished",
  "localTrackUnpublished",
  "trackMuted",
  "trackUnmuted",
] as const;
/** A lease of levels is 15 s long. */
const WATCH_MS = 10_000;
/** Events after which people or the session are not what they were. */
const PEOPLE_EVENTS = new Set(["role_changed", "muted", "unmuted", "hand_raised", "hand_lowered", "removed"]);

/** Connects at once. */
export function openSession(options: SessionOptions): LiveSession {
  return new RoomSession(options);
}

class RoomSession implements LiveSession {
  readonly room: LiveRoom;
  readonly id: string;
  readonly view: () => SessionView;
  readonly subscribe: (listener: () => void) => () => void;
  readonly #options: SessionOptions;
  readonly #runtime: Runtime;
  readonly #store: Store<SessionView>;
  readonly #connection: Connection;
  readonly #people: People;
  readonly #quiet: Timer;
  readonly #watching: Timer;
  readonly #leaveLamp: () => void;
  #relay: Relay | null = null;
  #told: LevelsPayload | null = null;
  #watchers = 0;
  #over = false;

  constructor(options: SessionOptions) {
    const { room, supabase, sessionId, userId } = this.#options = options;
    this.room = room;
    this.id = sessionId;
    const runtime = this.#runtime = options.runtime ?? systemRuntime;
    const store = this.#store = new Store<SessionView>({
      connection: { phase: "connecting", gone: null, error: null },
      role: null,
      may: NO_RIGHTS,
      onAir: NO_RIGHTS,
      session: null,
      people: [],
      levels: {},
      notice: null,
      invited: null,
      error: null,
    });
    this.view = store.view;
    this.subscribe = store.subscribe;
    this.#quiet = new Timer(runtime, () => this.#hearLevels(null));
    this.#watching = new Timer(runtime, () => this.#watch());
    const lamp = lampOf(supabase, runtime);
    // The lease has ended in the dark.
    this.#leaveLamp = lamp.onLight(() => this.#watch());
    for (const event of ROOM_EVENTS) room.on(event, this.#onRights as never);
    room.on("activeSpeakersChanged", this.#onSpeakers as never);
    this.#people = new People({
      supabase,
      sessionId,
      userId,
      runtime,
      onPeople: (people) => this.#hearPeople(people),
      onError: (error) => store.set({ error }),
    });
    this.#connection = new Connection({
      room,
      runtime,
      lamp,
      token: () => this.#token(),
      first: options.join,
      idle: () => Object.values(onAir(room)).every((on) => !on),
      onJoin: (join) => this.#open(join),
      onState: (connection) => this.#hearConnection(connection),
    });
    this.#connection.start();
    void this.#readSession();
  }

  refresh(): void {
    if (this.#over) return;
    this.#connection.retry();
    this.#relay?.catchUp();
    this.#people.refresh();
    void this.#readSession();
  }

  watch(): () => void {
    this.#watchers += 1;
    this.#watch();
    let watching = true;
    return () => {
      if (watching) this.#watchers -= 1;
      watching = false;
    };
  }

  stats(): RelayStats | null {
    return this.#relay?.stats() ?? null;
  }

  async leave(): Promise<void> {
    this.#close();
    await this.#connection.leave();
  }

  async #token(): Promise<Join> {
    const { supabase, sessionId } = this.#options;
    const body = { session_id: sessionId };
    const { join } = await ask<{ join: Join; role: Role }>(
      supabase as AskSupabase,
      "session-token",
      body,
      lampOf(supabase, this.#runtime),
    );
    return join;
  }

  #open(join: Join): void {
    const { supabase, sessionId, onEvent, verify } = this.#options;
    this.#relay ??= openRelay({
      room: this.room,
      supabase,
      subject: { kind: "session", id: sessionId },
      join,
      onEvent: (event) => {
        if (PEOPLE_EVENTS.has(event.type)) this.#people.soon();
        else if (event.type.startsWith("session_")) void this.#readSession();
        onEvent?.(event);
      },
      onNotice: (notice) => this.#hearNotice(notice),
      onLevels: (levels) => this.#hearLevels(levelsOf(levels)),
      ...(verify === undefined ? {} : { verify }),
      runtime: this.#runtime,
    });
  }

  #hearConnection(connection: ConnectionState): void {
    this.#store.set({ connection });
    this.#onRights();
    // What was said before a loss is not known to be true any more.
    if (connection.phase === "connected") this.#onSpeakers();
    else this.#hearLevels(null);
    if (connection.phase === "connected") this.#people.soon();
    // Its end is in its row.
    if (connection.phase === "connected" || connection.phase === "gone") void this.#readSession();
    if (connection.phase === "gone") this.#close();
  }

  readonly #onRights = (): void => {
    const { may, onAir: sends } = this.#store.view();
    this.#store.set({ may: same(may, rightsOf(this.room)), onAir: same(sends, onAir(this.room)) });
  };

  readonly #onSpeakers = (): void => {
    const { connection, levels } = this.#store.view();
    const now = connection.phase === "connected" ? levelsNow(this.room, this.#told) : {};
    if (Object.keys({ ...levels, ...now }).length > 0) this.#store.set({ levels: now });
  };

  #hearLevels(told: LevelsPayload | null): void {
    this.#told = told;
    if (told === null) this.#quiet.cancel();
    else this.#quiet.arm(LEVELS_HOLD_MS);
    this.#onSpeakers();
  }

  #hearPeople(people: readonly SessionPerson[]): void {
    const me = people.find(({ user_id }) => user_id === this.#options.userId);
    const role = me?.role ?? this.#store.view().role;
    const { invited, role: before } = this.#store.view();
    this.#store.set({ people, role, invited: invited?.role === role ? null : invited, error: null });
    if (role !== before) this.#watch();
  }

  #hearNotice(notice: RelayNotice): void {
    if (isNotice(notice, "invited")) {
      const { role = null, expires_at = null } = notice.payload;
      this.#store.set({ invited: { role, expires_at } });
    } else if (isNotice(notice, "role_changed")) this.#store.set({ invited: null });
    this.#store.set({ notice });
    this.#people.soon();
    this.#options.onNotice?.(notice);
  }

  async #readSession(): Promise<void> {
    const { supabase, sessionId } = this.#options;
    try {
      const narrow = (query: Parameters<Parameters<typeof rows>[3]>[0]) => query.eq("id", sessionId);
      const [session = null] = await rows<Session>(
        supabase,
        "live_sessions",
        SESSION_COLUMNS,
        narrow,
        this.#runtime,
      );
      if (!this.#over || session?.status === "ended") this.#store.set({ session });
    } catch (error) {
      if (!this.#over && error instanceof LiveError) this.#store.set({ error });
    }
  }

  #watch(): void {
    if (this.#over || this.#watchers === 0) return;
    this.#watching.arm(WATCH_MS);
    const { supabase } = this.#options;
    if (!isStaff(this.#store.view().role) || lampOf(supabase, this.#runtime).dark) return;
    watchLevels(supabase, this.id, this.#runtime).catch(() => {
      // A levels' lease that could not be had is asked for again by the clock.
    });
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    for (const event of ROOM_EVENTS) this.room.off(event, this.#onRights as never);
    this.room.off("activeSpeakersChanged", this.#onSpeakers as never);
    this.#relay?.dispose();
    this.#people.dispose();
    this.#leaveLamp();
    this.#quiet.cancel();
    this.#watching.cancel();
  }
}

/** The same object where nothing has changed. */
function same(before: Rights, now: Rights): Rights {
  const keys = Object.keys(now) as (keyof Rights)[];
  return keys.every((key) => before[key] === now[key]) ? before : now;
}
