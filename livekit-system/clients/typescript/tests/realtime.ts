// Realtime and the tables behind it, under the test's hand: topics that are joined, lost and refused, and rows by table.

import type { FakeRuntime } from "./harness.ts";

type Row = Record<string, unknown>;
type Told = { event: string; payload: Record<string, unknown> };

export class FakeSupabase {
  readonly tables = new Map<string, Row[]>();
  readonly realtime = { setAuth: () => Promise.resolve() };
  readonly reads: string[] = [];
  /** Functions of the database that were asked, answered or not. */
  readonly called: string[] = [];
  /** How many requests were sent, answered or not. */
  asked = 0;
  /** A dark network: nothing joins, nothing answers, nothing is told. */
  dark = false;
  /** In the dark requests hang, and go on hanging when the light is back: as in a tunnel, and not as with the network off. */
  hangs = false;
  /** Taken from the front, one for each row that is to be inserted. */
  readonly refusals: { message: string; hint: string; code: string }[] = [];
  /** Edge functions: what the next ones answer. */
  readonly functions = {
    answer: (_name: string): unknown => null,
    invoke: (name: string) => Promise.resolve({ data: this.functions.answer(name), error: null }),
  };
  #channels: FakeChannel[] = [];

  constructor(readonly runtime: FakeRuntime) {}

  channel(name: string): FakeChannel {
    const channel = new FakeChannel(name, this);
    this.#channels.push(channel);
    return channel;
  }

  removeChannel(channel: never): Promise<void> {
    this.#channels = this.#channels.filter((one) => one !== channel);
    return Promise.resolve();
  }

  get topics(): string[] {
    return this.#channels.map(({ name }) => name);
  }

  tell(name: string, told: Told): void {
    if (this.dark) return;
    for (const channel of this.#channels) {
      if (channel.name === name && channel.joined) channel.listener?.(told);
    }
  }

  /** Every topic is lost. */
  lose(): void {
    for (const channel of [...this.#channels]) channel.fail("CHANNEL_ERROR");
  }

  from(table: never) {
    return new FakeQuery(this, String(table));
  }

  /** Nothing has happened that a function would tell. */
  rpc(fn: never, _args: never): Promise<unknown> {
    this.called.push(fn);
    return this.dark && this.hangs
      ? new Promise(() => {})
      : Promise.resolve({ data: [], error: null, status: 200 });
  }
}

export class FakeChannel {
  joined = false;
  listener: ((told: Told) => void) | null = null;
  #status: ((status: string) => void) | null = null;

  constructor(readonly name: string, readonly supabase: FakeSupabase) {}

  on(_type: "broadcast", _filter: { event: string }, listener: (told: never) => void): this {
    this.listener = listener as (told: Told) => void;
    return this;
  }

  subscribe(listener: (status: string) => void): this {
    this.#status = listener;
    this.supabase.runtime.setTimeout(() => {
      if (this.supabase.dark) return this.fail("TIMED_OUT");
      this.joined = true;
      listener("SUBSCRIBED");
    }, 30);
    return this;
  }

  fail(status: string): void {
    this.joined = false;
    this.#status?.(status);
  }
}

type Test = (row: Row) => boolean;

class FakeQuery {
  #tests: Test[] = [];
  #order: { column: string; ascending: boolean } | null = null;
  #limit = Infinity;
  #inserted: Row | null = null;

  constructor(readonly supabase: FakeSupabase, readonly table: string) {}

  select(_columns: string): this {
    return this;
  }
  insert(row: Row): this {
    this.#inserted = row;
    return this;
  }
  eq(column: string, value: unknown): this {
    return this.#where((row) => row[column] === value);
  }
  or(_filter: string): this {
    return this;
  }
  is(column: string, value: null): this {
    return this.#where((row) => (row[column] ?? null) === value);
  }
  in(column: string, values: readonly string[]): this {
    return this.#where((row) => values.includes(row[column] as string));
  }
  gte(column: string, value: string): this {
    return this.#where((row) => Date.parse(row[column] as string) >= Date.parse(value));
  }
  order(column: string, { ascending }: { ascending: boolean }): this {
    this.#order = { column, ascending };
    return this;
  }
  limit(count: number): this {
    this.#limit = count;
    return this;
  }

  #where(test: Test): this {
    this.#tests.push(test);
    return this;
  }

  then<A, B>(well: (answer: unknown) => A, badly?: (error: unknown) => B): Promise<A | B> {
    this.supabase.asked += 1;
    if (this.supabase.dark && this.supabase.hangs) return new Promise(() => {});
    return new Promise((resolve) => this.supabase.runtime.setTimeout(() => resolve(this.#answer()), 20)).then(
      well,
      badly,
    );
  }

  #answer(): unknown {
    if (this.supabase.dark) return { data: null, error: { message: "fetch failed" }, status: 0 };
    const rows = this.supabase.tables.get(this.table) ?? [];
    if (this.#inserted !== null) {
      const refused = this.supabase.refusals.shift();
      if (refused !== undefined) return { data: null, error: refused, status: 403 };
      if (rows.some(({ id }) => id === this.#inserted!.id)) {
        return { data: null, error: { message: "again", code: "23505" }, status: 409 };
      }
      rows.push({
        deleted_at: null,
        created_at: new Date(this.supabase.runtime.server).toISOString(),
        ...this.#inserted,
      });
      return { data: null, error: null, status: 201 };
    }
    this.supabase.reads.push(this.table);
    const found = rows.filter((row) => this.#tests.every((test) => test(row)));
    if (this.#order !== null) {
      const { column, ascending } = this.#order;
      found.sort((a, b) =>
        (Date.parse(a[column] as string) - Date.parse(b[column] as string)) * (ascending ? 1 : -1)
      );
    }
    return { data: found.slice(0, this.#limit).map((row) => ({ ...row })), error: null, status: 200 };
  }
}
