// A session's chat through tunnels, bursts, deletions and retries: every line once, in order, nothing lost.

import { deepStrictEqual, ok, strictEqual } from "node:assert";
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
      onLines: (lines) => this.lines = lines,
      runtime: this.runtime,
      ...more,
    });
    await this.runtime.advance(500);
    return this;
  }

  write(id: string, agoMs = 0): void {
    const created_at = new Date(this.runtime.server - agoMs).toISOString();
    this.rows.push({ id, session_id: SESSION, body: id, type: "text", created_at, deleted_at: null });
    this.hint(id);
  }

  hint(...ids: string[]): void {
    this.supabase.tell(TOPIC, { event: "changed", payload: { table: "live_messages", ids } });
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
