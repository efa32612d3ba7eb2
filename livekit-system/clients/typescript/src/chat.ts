// The chat of a session: every line once, in order, also after a tunnel. Realtime brings ids; the lines are read from the
// table, under row-level security, and read again at every join and while hints are missing.

import { LiveError, rest } from "./ask.ts";
import { type Lamp, lampOf } from "./lamp.ts";
import { onceThere } from "./once_there.ts";
import { Pace } from "./pace.ts";
import { backoffMs, type Runtime, systemRuntime, Timer } from "./runtime.ts";
import { joinTopic, type Listening, type TopicSupabase } from "./topic.ts";

export interface ChatLine {
  readonly id: string;
  readonly session_id: string;
  readonly user_id: string | null;
  readonly type: "text" | "gift" | "system";
  readonly body: string | null;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly sender_name: string | null;
  readonly sender_avatar: string | null;
  readonly created_at: string;
}

interface Lines extends PromiseLike<{ data: unknown; error: { message: string } | null; status?: number }> {
  eq(column: string, value: string): Lines;
  gte(column: string, value: string): Lines;
  in(column: string, values: readonly string[]): Lines;
  is(column: string, value: null): Lines;
  order(column: string, options: { ascending: boolean }): Lines;
  limit(count: number): Lines;
}

interface ChatTables {
  from(table: string): { select(columns: string): Lines; insert(row: object): Lines };
}

/** What is needed of supabase-js; its tables are asked by name, so that any typed client will do. */
export type ChatSupabase = TopicSupabase;

export interface ChatOptions {
  readonly supabase: ChatSupabase;
  readonly sessionId: string;
  /** The lines that are there now, oldest first: a new list at each change. */
  readonly onLines: (lines: readonly ChatLine[]) => void;
  readonly onError?: (error: LiveError) => void;
  /** How many lines are kept; the newest. */
  readonly keep?: number;
  readonly runtime?: Runtime;
}

export interface Chat {
  /** @param id chosen once for each line, so that saying it again is the same line. @throws LiveError */
  say(body: string, id: string): Promise<void>;
  /** Reads what may be missing, now: when the app returns to the foreground, and after a block. */
  refresh(): void;
  dispose(): void;
}

const COLUMNS = "id,session_id,user_id,type,body,payload,sender_name,sender_avatar,created_at";
const PAGE = 100;
/** Lines become visible when they are committed, a moment after the time they bear. */
const OVERLAP_MS = 10_000;
/** Hints of a burst are read together. */
const GATHER_MS = 80;
const SPREAD_MS = 500;
const RETRY_BASE_MS = 500;
/** No network: asking costs nobody anything, and the light may return at any moment. */
const DARK_CAP_MS = 1_500;
/** A server that answers with an error is left alone. */
const RETRY_CAP_MS = 30_000;

export function openChat(options: ChatOptions): Chat {
  return new SessionChat(options);
}

class SessionChat implements Chat {
  readonly #options: ChatOptions;
  readonly #tables: ChatTables;
  readonly #runtime: Runtime;
  readonly #lamp: Lamp;
  readonly #topic: Listening;
  readonly #pace: Pace;
  readonly #due: Timer;
  readonly #clock: Timer;
  readonly #forgetHints: () => void;
  readonly #lines = new Map<string, ChatLine>();
  readonly #hinted = new Set<string>();
  #reread = false;
  #everything = true;
  #begun = false;
  #running = false;
  #failures = 0;
  #cap = RETRY_CAP_MS;
  #disposed = false;

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#tables = options.supabase as unknown as ChatTables;
    this.#runtime = options.runtime ?? systemRuntime;
    this.#due = new Timer(this.#runtime, () => void this.#run());
    this.#lamp = lampOf(options.supabase, this.#runtime);
    this.#pace = new Pace(this.#runtime);
    this.#clock = new Timer(this.#runtime, () => this.#want());
    this.#forgetHints = this.#lamp.onHintsLost(() => this.#loseHints());
    this.#topic = joinTopic({
      supabase: options.supabase,
      runtime: this.#runtime,
      name: `live:session:${options.sessionId}`,
      onBroadcast: (event, payload) => this.#hear(event, payload),
      onRead: () => this.#want(),
    });
  }

  async say(body: string, id: string): Promise<void> {
    const row = { id, session_id: this.#options.sessionId, body };
    const insert = () => rest(this.#tables.from("live_messages").insert(row), this.#lamp);
    await onceThere(insert, this.#runtime).catch((error: unknown) => {
      // This line is in already: the try before this one had succeeded.
      if (!(error instanceof LiveError && error.sqlstate === "23505")) throw error;
    });
    this.#hint([id]);
  }

  refresh(): void {
    this.#everything = true;
    this.#topic.read();
  }

  dispose(): void {
    this.#disposed = true;
    this.#forgetHints();
    this.#due.cancel();
    this.#clock.cancel();
    this.#topic.dispose();
  }

  #hear(event: string, { n, every_ms, changed }: Record<string, unknown>): void {
    if (event !== "changed" || typeof changed !== "object" || changed === null) return;
    // A hint tells all that changed since the one before it: when that one is missing, so are its ids.
    if (this.#pace.heard(n, every_ms)) this.#postpone();
    else this.refresh();
    const ids = (changed as Record<string, unknown>)["live_messages"];
    if (!Array.isArray(ids)) return;
    if (ids.length === 0) return this.refresh();
    this.#hint(ids.filter((id) => typeof id === "string"));
  }

  #hint(ids: readonly string[]): void {
    for (const id of ids) this.#hinted.add(id);
    if (!this.#due.armed) this.#due.arm(GATHER_MS);
  }

  /** The next read by the clock is a whole pause away. */
  #postpone(): void {
    if (!this.#disposed) this.#clock.arm(this.#pace.ms * (0.75 + 0.5 * this.#runtime.random()));
  }

  /** All people in the room are told at once, and do not read at once. */
  #loseHints(): void {
    this.#pace.lost();
    if (!this.#disposed) this.#clock.arm(SPREAD_MS * this.#runtime.random());
  }

  #want(): void {
    this.#reread = true;
    this.#postpone();
    if (this.#pace.wholeIsDue()) this.#everything = true;
    this.#due.arm(0);
  }

  async #run(): Promise<void> {
    if (this.#running || this.#disposed) return;
    this.#running = true;
    const hinted = [...this.#hinted].slice(0, PAGE);
    const reread = this.#reread, everything = this.#everything;
    try {
      if (reread) await this.#readNew(everything);
      if (hinted.length > 0) await this.#readHinted(hinted);
      for (const id of hinted) this.#hinted.delete(id);
      if (reread) this.#reread = false;
      if (reread && everything) this.#everything = false;
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      this.#cap = error instanceof LiveError && error.status === 0 ? DARK_CAP_MS : RETRY_CAP_MS;
      if (error instanceof LiveError) this.#options.onError?.(error);
    }
    this.#running = false;
    if (this.#disposed) return;
    if (this.#failures > 0) {
      this.#due.arm(backoffMs(this.#failures, RETRY_BASE_MS, this.#cap, this.#runtime.random()));
    } else if (this.#hinted.size > 0 || this.#reread) this.#due.arm(GATHER_MS);
  }

  /** From the newest line that is here, and a little before it, to the end; or all that is kept, forgetting what is gone. */
  async #readNew(everything: boolean): Promise<void> {
    const newest = everything ? undefined : this.#sorted().at(-1)?.created_at;
    const found = newest === undefined ? await this.#newest() : await this.#since(newest);
    if (this.#begun && found.some(({ id }) => !this.#lines.has(id))) this.#pace.found();
    this.#begun = true;
    if (newest === undefined) this.#lines.clear();
    this.#take(found, newest === undefined);
  }

  async #newest(): Promise<ChatLine[]> {
    const query = this.#select().order("created_at", { ascending: false }).limit(this.#keep);
    return (await rest(query, this.#lamp)) as ChatLine[];
  }

  async #since(newest: string): Promise<ChatLine[]> {
    const found = new Map<string, ChatLine>();
    let from = new Date(Date.parse(newest) - OVERLAP_MS).toISOString();
    for (;;) {
      const query = this.#select().gte("created_at", from).order("created_at", { ascending: true }).limit(
        PAGE,
      );
      const page = (await rest(query, this.#lamp)) as ChatLine[];
      const before = found.size;
      for (const line of page) found.set(line.id, line);
      const last = page.at(-1)?.created_at;
      if (page.length < PAGE || found.size === before || last === undefined) return [...found.values()];
      from = last;
    }
  }

  /** What is asked for by its id and does not come back was deleted, or is hidden by a block. */
  async #readHinted(ids: readonly string[]): Promise<void> {
    const found = (await rest(this.#select().in("id", ids), this.#lamp)) as ChatLine[];
    const back = new Set(found.map(({ id }) => id));
    for (const id of ids) if (!back.has(id)) this.#lines.delete(id);
    this.#take(found, true);
  }

  #select(): Lines {
    const lines = this.#tables.from("live_messages").select(COLUMNS);
    return lines.eq("session_id", this.#options.sessionId).is("deleted_at", null);
  }

  #take(found: readonly ChatLine[], changed: boolean): void {
    if (this.#disposed) return;
    const news = found.some(({ id }) => !this.#lines.has(id));
    for (const line of found) this.#lines.set(line.id, line);
    for (const line of this.#sorted().slice(0, -this.#keep)) this.#lines.delete(line.id);
    if (news || changed) this.#options.onLines(this.#sorted());
  }

  #sorted(): ChatLine[] {
    return [...this.#lines.values()].sort((a, b) => placeOf(a) < placeOf(b) ? -1 : 1);
  }

  get #keep(): number {
    return this.#options.keep ?? 200;
  }
}

/** Time to the microsecond, then id. Postgres leaves out zeros at the end of a fraction. */
function placeOf({ created_at, id }: ChatLine): string {
  const whole = created_at.replace(
    /(?:\.(\d+))?(?:Z|[+-]\d\d(?::?\d\d)?)$/,
    (_, digits = "") => `.${digits.padEnd(6, "0")}`,
  );
  return `${whole} ${id}`;
}
