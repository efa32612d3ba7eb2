// What rings for me: told at once, read where Realtime was away, and each end told once.

import { deepStrictEqual } from "node:assert";
import { hearMe, type Me } from "../src/mod.ts";
import { FakeRuntime } from "./harness.ts";
import { FakeSupabase } from "./realtime.ts";

const ME = "me", TOPIC = "live:user:me";

class Phone {
  readonly runtime = new FakeRuntime();
  readonly supabase = new FakeSupabase(this.runtime);
  readonly calls: Record<string, unknown>[] = [];
  readonly heard: string[] = [];
  me!: Me;

  async open(): Promise<this> {
    this.supabase.tables.set("my_calls", this.calls);
    this.me = hearMe(this.supabase, ME, {
      onRinging: ({ id, from }) => void this.heard.push(`${id} from ${from.name}`),
      onRingEnd: (id, how) => void this.heard.push(`${id} ${how}`),
      onNews: (event, { session_id }) => void this.heard.push(`${event} ${session_id}`),
    }, this.runtime);
    await this.runtime.advance(200);
    return this;
  }

  row(id: string): void {
    this.calls.push({
      id,
      type: "audio",
      status: "ringing",
      outgoing: false,
      other_id: "ada",
      other_name: "Ada",
    });
  }

  tell(id: string, happened: string): void {
    const call = { id, type: "audio", status: "ringing" };
    const payload = { happened, call, caller: { id: "ada", name: "Ada" }, callee: { id: ME } };
    this.supabase.tell(TOPIC, { event: "call", payload });
  }
}

Deno.test("a call rings at once, and stops when another device answers", async () => {
  const phone = await new Phone().open();
  phone.row("c1");
  phone.tell("c1", "ringing");
  deepStrictEqual(phone.heard, ["c1 from Ada"]);
  phone.tell("c1", "answered_elsewhere");
  phone.tell("c1", "ended");
  deepStrictEqual(phone.heard, ["c1 from Ada", "c1 elsewhere"]);
});

Deno.test("the device that answers is not told that another did", async () => {
  const phone = await new Phone().open();
  phone.row("c1");
  phone.tell("c1", "ringing");
  phone.me.answering("c1");
  phone.tell("c1", "answered_elsewhere");
  deepStrictEqual(phone.heard, ["c1 from Ada"]);
});

Deno.test("a call that began in the dark rings when the light returns, and one that ended there stops", async () => {
  const phone = await new Phone().open();
  phone.row("c1");
  phone.tell("c1", "ringing");
  phone.supabase.dark = true;
  phone.supabase.lose();
  phone.calls.length = 0;
  phone.row("c2");
  await phone.runtime.advance(20_000);
  phone.supabase.dark = false;
  await phone.runtime.advance(30_000);
  deepStrictEqual(phone.heard, ["c1 from Ada", "c1 gone", "c2 from Ada"]);
});

Deno.test("an app that is opened by a push finds what rings", async () => {
  const phone = new Phone();
  phone.row("c1");
  await phone.open();
  deepStrictEqual(phone.heard, ["c1 from Ada"]);
});

Deno.test("other news come with their payload, and nothing after the end", async () => {
  const phone = await new Phone().open();
  phone.supabase.tell(TOPIC, { event: "invitation", payload: { session_id: "s1" } });
  phone.me.dispose();
  phone.tell("c1", "ringing");
  await phone.runtime.advance(300_000);
  deepStrictEqual(phone.heard, ["invitation s1"]);
  deepStrictEqual([phone.supabase.topics, phone.runtime.timers.size], [[], 0]);
});
