// The people of a session that a screen needs one by one: who is on stage, who moderates, whose hand is up, and oneself. Read again at
// each hint, at most once a second: a room of thousands is not a reason to read a thousand times.

import type { LiveError } from "./ask.ts";
import { AUDIENCE_RANK, RANKS, type Role } from "./roles.ts";
import { backoffMs, type Runtime, Timer } from "./runtime.ts";
import { rows } from "./tables.ts";
import { joinTopic, type Listening, type TopicSupabase } from "./topic.ts";

/** A row of `session_people`. */
export interface SessionPerson {
  readonly user_id: string;
  readonly name: string | null;
  readonly avatar: string | null;
  readonly role: Role;
  readonly is_online: boolean;
  readonly mic_muted: boolean;
  readonly camera_off: boolean;
  readonly hand_raised_at: string | null;
  /** Place in the queue, from 1. */
  readonly hand_position: number | null;
}

export interface PeopleOptions {
  readonly supabase: TopicSupabase;
  readonly sessionId: string;
  readonly userId: string;
  readonly onPeople: (people: readonly SessionPerson[]) => void;
  readonly onError?: ((error: LiveError) => void) | undefined;
  readonly runtime: Runtime;
}

const COLUMNS = "user_id,name,avatar,role,is_online,mic_muted,camera_off,hand_raised_at,hand_position";
const MOST = 200;
const GATHER_MS = 60;
const PAUSE_MS = 1_000;
const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 30_000;
/** Those who are on stage or moderate. */
const ABOVE = (Object.keys(RANKS) as Role[]).filter((role) => RANKS[role] > AUDIENCE_RANK).join(",");
const TABLES = new Set(["live_participants", "live_events"]);

export class People {
  readonly #options: PeopleOptions;
  readonly #topic: Listening;
  readonly #due: Timer;
  #running = false;
  #again = false;
  #failures = 0;
  #readAt = -PAUSE_MS;
  #disposed = false;

  constructor(options: PeopleOptions) {
    this.#options = options;
    this.#due = new Timer(options.runtime, () => void this.#read());
    this.#topic = joinTopic({
      supabase: options.supabase,
      runtime: options.runtime,
      name: `live:session:${options.sessionId}`,
      onBroadcast: (event, { changed }) => {
        if (event === "changed" && Object.keys(changed ?? {}).some((table) => TABLES.has(table))) this.soon();
      },
      onRead: () => this.refresh(),
    });
  }

  refresh(): void {
    this.#due.arm(0);
  }

  /** Something has changed: read it, together with what else changes now. */
  soon(): void {
    if (this.#due.armed) return;
    const since = this.#options.runtime.monotonic() - this.#readAt;
    this.#due.arm(Math.max(GATHER_MS, PAUSE_MS - since));
  }

  dispose(): void {
    this.#disposed = true;
    this.#due.cancel();
    this.#topic.dispose();
  }

  async #read(): Promise<void> {
    if (this.#disposed) return;
    if (this.#running) return void (this.#again = true);
    this.#running = true;
    this.#again = false;
    const { supabase, sessionId, userId, runtime, onPeople, onError } = this.#options;
    this.#readAt = runtime.monotonic();
    const wanted = `role.in.(${ABOVE}),hand_raised_at.not.is.null,user_id.eq.${userId}`;
    try {
      const found = await rows<SessionPerson>(
        supabase,
        "session_people",
        COLUMNS,
        (query) => query.eq("session_id", sessionId).or(wanted).limit(MOST),
        runtime,
      );
      this.#failures = 0;
      if (!this.#disposed) onPeople(found);
    } catch (error) {
      this.#failures += 1;
      if (!this.#disposed) onError?.(error as LiveError);
    }
    this.#running = false;
    if (this.#disposed) return;
    if (this.#again) this.soon();
    else if (this.#failures > 0) {
      this.#due.arm(backoffMs(this.#failures, RETRY_BASE_MS, RETRY_CAP_MS, runtime.random()));
    }
  }
}
