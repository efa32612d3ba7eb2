// A session's chat through tunnels, bursts, deletions and retries: every line once, in order, nothing lost.

import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert";
import { lampOf } from "../src/lamp.ts";
import { type Chat, type ChatLine, openChat } from "../src/mod.ts";
import { FakeRuntime } from "./harness.ts";
import { FakeSupabase } from "./realtime.ts";

const SESSION = "session-1";
const TOPIC = `live:session:${SESSION}`;

class Room {
  readonly runtime = new FakeRuntime();
  readonly supabase = new FakeSupabase(this.runtime);
  readonly rows: Record<string, unknown>[] = [];
  lines: readonly ChatLine[] = [];
  chat!: Chat;

  async open(more: { keep?: number } = {}): Promise<this> {
    this.supabase.tables.set("live_messages", this.rows);
    this.chat = openChat({
      supabase: this.supabase,
      sessionId: SESSION,
      onLines: (lines) => {
        this.lines = lines;
        for (const { id } of lines) if (!this.#seenAt.has(id)) this.#seenAt.set(id, this.runtime.monotonic());
      },
      runtime: this.runtime,
      ...more,
    });
    await this.runtime.advance(500);
    return this;
  }

  /** Realtime drops every hint, in silence. */
  overBudget = false;
  #n = 0;
  readonly #seenAt = new Map<string, number>();
  readonly #writtenAt = new Map<string, number>();

  write(id: string, agoMs = 0): void {
    this.#writtenAt.set(id, this.runtime.monotonic());
    const created_at = new Date(this.runtime.server - agoMs).toISOString();
    this.rows.push({ id, session_id: SESSION, body: id, type: "text", created_at, deleted_at: null });
    this.hint(id);
  }

  hint(...ids: string[]): void {
    const payload = { n: ++this.#n, every_ms: 250, changed: { live_messages: ids } };
    if (!this.overBudget) this.supabase.tell(TOPIC, { event: "changed", payload });
  }

  /** How long the slowest of all lines took to be here, ms; fails when one is not. */
  get latest(): number {
    return Math.max(...[...this.#writtenAt].map(([id, at]) => {
      ok(this.#seenAt.has(id), `${id} is lost`);
      return this.#seenAt.get(id)! - at;
    }));
  }

  get ids(): string[] {
    return this.lines.map(({ id }) => id);
  }
}

Deno.test("the newest lines are there at first, and each new one once", async () => {
  const room = new Room();
  for (let n = 1; n <= 5; n++) room.write(`m${n}`, 60_000 - n);
  await room.open({ keep: 3 });
  deepStrictEqual(room.ids, ["m3", "m4", "m5"]);
  room.write("m6");
  room.hint("m6");
  await room.runtime.advance(500);
  deepStrictEqual(room.ids, ["m4", "m5", "m6"]);
});

Deno.test("75 s in a tunnel lose nothing, and the lines are there 2 s after the light returns", async () => {
  const room = await new Room().open();
  room.write("before");
  await room.runtime.advance(500);
  room.supabase.dark = true;
  room.supabase.lose();
  for (let n = 1; n <= 150; n++) {
    await room.runtime.advance(500);
    room.write(`dark-${n}`);
  }
  deepStrictEqual(room.ids, ["before"]);
  room.supabase.dark = false;
  await room.runtime.advance(2_000);
  deepStrictEqual(room.ids, ["before", ...Array.from({ length: 150 }, (_, n) => `dark-${n + 1}`)]);
});

Deno.test("while the topic cannot be joined the lines still come, by the clock", async () => {
  const room = await new Room().open();
  const { channel } = room.supabase;
  room.supabase.channel = (name) => {
    const made = channel.call(room.supabase, name);
    made.subscribe = (listener) => {
      room.runtime.setTimeout(() => listener("CHANNEL_ERROR"), 10);
      return made;
    };
    return made;
  };
  room.supabase.lose();
  room.write("unheard");
  await room.runtime.advance(8_000);
  deepStrictEqual(room.ids, ["unheard"]);
});

Deno.test("a burst is a few reads, not one for each line", async () => {
  const room = await new Room().open();
  const before = room.supabase.reads.length;
  for (let n = 0; n < 60; n++) room.write(`m${n}`);
  await room.runtime.advance(500);
  strictEqual(room.ids.length, 60);
  ok(room.supabase.reads.length - before <= 3);
});

Deno.test("a deleted line goes, also one that was deleted in the dark", async () => {
  const room = await new Room().open();
  room.write("a");
  room.write("b");
  await room.runtime.advance(500);
  room.rows[0]!.deleted_at = "2026-11-23T12:00:00Z";
  room.hint("a");
  await room.runtime.advance(500);
  deepStrictEqual(room.ids, ["b"]);
  room.rows[1]!.deleted_at = "2026-11-23T12:00:00Z";
  room.chat.refresh();
  await room.runtime.advance(500);
  deepStrictEqual(room.ids, []);
});

Deno.test("a line that is committed after a younger one finds its place", async () => {
  const room = await new Room().open();
  room.write("young");
  await room.runtime.advance(500);
  room.write("old", 3_000);
  await room.runtime.advance(500);
  deepStrictEqual(room.ids, ["old", "young"]);
});

Deno.test("saying a line again is the same line", async () => {
  const room = await new Room().open();
  for (let n = 0; n < 2; n++) {
    const said = room.chat.say("hello", "my-id");
    await room.runtime.advance(500);
    await said;
  }
  deepStrictEqual(room.ids, ["my-id"]);
});

const TOO_EARLY = {
  message: "Join the session to write in its chat.",
  hint: "not_in_session",
  code: "PT403",
};

Deno.test("a line that is said before the database knows that one is there is waited for", async () => {
  const room = await new Room().open();
  room.supabase.refusals.push(TOO_EARLY, TOO_EARLY);
  const said = room.chat.say("hello", "my-id");
  await room.runtime.advance(1_000);
  await said;
  deepStrictEqual(room.ids, ["my-id"]);
});

Deno.test("who is not there is told so after some seconds", async () => {
  const room = await new Room().open();
  room.supabase.refusals.push(...Array(100).fill(TOO_EARLY));
  const said = rejects(room.chat.say("hello", "my-id"), { code: "not_in_session" });
  await room.runtime.advance(10_000);
  await said;
  deepStrictEqual(room.ids, []);
});

Deno.test("what is disposed of leaves no timer, no topic and no read", async () => {
  const room = await new Room().open();
  room.chat.dispose();
  await room.runtime.advance(100);
  const reads = room.supabase.reads.length;
  await room.runtime.advance(300_000);
  deepStrictEqual([room.supabase.topics, room.runtime.timers.size, room.supabase.reads.length], [
    [],
    0,
    reads,
  ]);
});

Deno.test("past Realtime's budget every line comes within three seconds, and none is lost", async () => {
  const room = await new Room().open({ keep: 1_000 });
  room.overBudget = true;
  for (let n = 1; n <= 300; n++) {
    room.write(`m${n}`);
    await room.runtime.advance(1_000);
  }
  await room.runtime.advance(3_000);
  ok(room.latest <= 3_000, `${room.latest} ms`);
});

Deno.test("once hints were found missing, a line after minutes of silence is not late either", async () => {
  const room = await new Room().open();
  room.overBudget = true;
  room.write("first");
  for (const silence of [90_000, 200_000, 250_000]) {
    await room.runtime.advance(silence);
    room.write(`after ${silence}`);
    await room.runtime.advance(3_000);
  }
  ok(room.latest <= 3_000, `${room.latest} ms`);
});

Deno.test("told by the agent that hints are dropped, the first line after a silent minute is not late either", async () => {
  const room = await new Room().open();
  room.overBudget = true;
  for (const silence of [70_000, 120_000, 61_000, 90_000]) {
    for (let passed = 0; passed < silence; passed += 20_000) {
      lampOf(room.supabase, room.runtime).loseHints();
      await room.runtime.advance(Math.min(20_000, silence - passed));
    }
    room.write(`after ${silence}`);
    await room.runtime.advance(3_000);
  }
  ok(room.latest <= 3_000, `${room.latest} ms`);
});

Deno.test("a line from just before the agent's word is here with it", async () => {
  const room = await new Room().open();
  await room.runtime.advance(90_000);
  room.overBudget = true;
  room.write("unheard");
  await room.runtime.advance(2_000);
  lampOf(room.supabase, room.runtime).loseHints();
  await room.runtime.advance(1_000);
  ok(room.latest <= 3_000, `${room.latest} ms`);
  room.chat.dispose();
  const before = room.supabase.reads.length;
  lampOf(room.supabase, room.runtime).loseHints();
  await room.runtime.advance(5_000);
  deepStrictEqual(room.supabase.reads.length, before);
});

Deno.test("a hint that was lost is made good by the next one", async () => {
  const room = await new Room().open();
  room.write("heard");
  await room.runtime.advance(500);
  room.overBudget = true;
  room.write("unheard");
  await room.runtime.advance(100);
  room.overBudget = false;
  room.write("heard too");
  await room.runtime.advance(500);
  deepStrictEqual(room.ids, ["heard", "unheard", "heard too"]);
});

Deno.test("while hints come nothing is read by the clock", async () => {
  const room = await new Room().open({ keep: 1_000 });
  for (let n = 1; n <= 120; n++) {
    room.write(`m${n}`);
    await room.runtime.advance(1_000);
  }
  ok(room.latest <= 500, `${room.latest} ms`);
  ok(room.supabase.reads.length <= 125, `${room.supabase.reads.length} reads for 120 hints`);
});

Deno.test("a silent room is read six times a minute", async () => {
  const room = await new Room().open();
  await room.runtime.advance(120_000);
  const before = room.supabase.reads.length;
  await room.runtime.advance(600_000);
  const reads = room.supabase.reads.length - before;
  ok(reads >= 48 && reads <= 80, `${reads} reads in ten minutes`);
});

Deno.test("past the budget a deleted line goes within fifteen seconds", async () => {
  const room = await new Room().open();
  room.write("a");
  room.write("b");
  await room.runtime.advance(500);
  room.overBudget = true;
  room.rows[0]!.deleted_at = "2026-11-23T12:00:00Z";
  await room.runtime.advance(15_000);
  deepStrictEqual(room.ids, ["b"]);
});

Deno.test("a hint without ids brings everything anew", async () => {
  const room = await new Room().open();
  room.write("a");
  await room.runtime.advance(500);
  room.rows[0]!.deleted_at = "2026-11-23T12:00:00Z";
  room.hint();
  await room.runtime.advance(500);
  deepStrictEqual(room.ids, []);
});
