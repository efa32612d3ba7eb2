// A tunnel as it is: requests do not fail, they hang, and go on hanging when the light is back.

import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { ask, type ChatLine, hearMe, openChat, openRelay } from "../src/mod.ts";
import { Lamp, lampOf } from "../src/lamp.ts";
import { dialsOf, systemRuntime } from "../src/runtime.ts";
import { People, type SessionPerson } from "../src/people.ts";
import { eventOf, FakeDatabase, FakeRoom, FakeRuntime, keyRow, SESSION, upTo } from "./harness.ts";
import { FakeSupabase } from "./realtime.ts";

const DARK_MS = 75_000;
const ENDPOINT = "wss://project.test:1/realtime/v1/websocket?apikey=key";

function dark(supabase: FakeSupabase) {
  supabase.hangs = true;
  supabase.dark = true;
}

Deno.test("the chat is complete 2 s after the light returns, also where nothing ever failed", async () => {
  const runtime = new FakeRuntime();
  const supabase = new FakeSupabase(runtime);
  const rows: Record<string, unknown>[] = [];
  supabase.tables.set("live_messages", rows);
  const write = (id: string) => {
    const created_at = new Date(runtime.server).toISOString();
    rows.push({ id, session_id: SESSION, body: id, type: "text", created_at, deleted_at: null });
  };
  let lines: readonly ChatLine[] = [];
  const chat = openChat({ supabase, sessionId: SESSION, onLines: (now) => lines = now, runtime });
  await runtime.advance(500);
  dark(supabase);
  chat.refresh(); // one request is under way when the light goes, and hangs
  for (let n = 1; n <= 75; n++) {
    await runtime.advance(DARK_MS / 75);
    write(`dark-${n}`);
  }
  deepStrictEqual(lines, []);
  supabase.dark = false;
  await runtime.advance(2_000);
  deepStrictEqual(lines.map(({ id }) => id), Array.from({ length: 75 }, (_, n) => `dark-${n + 1}`));
  chat.dispose();
});

Deno.test("so are gifts, by the database, before LiveKit is back", async () => {
  const runtime = new FakeRuntime();
  const database = new FakeDatabase(runtime);
  const room = new FakeRoom();
  const seen: number[] = [];
  const relay = openRelay({
    room,
    supabase: database,
    subject: { kind: "session", id: SESSION },
    join: { last_seq: 0, relay_keys: [keyRow("k1", 1)] },
    onEvent: ({ seq }) => void seen.push(seq),
    verify: () => true,
    runtime,
  });
  await runtime.advance(500);
  database.hangs = true;
  room.emit("reconnecting");
  relay.catchUp();
  for (let n = 0; n < 21; n++) {
    await runtime.advance(DARK_MS / 21);
    database.commit();
  }
  deepStrictEqual(seen, []);
  database.hangs = false;
  await runtime.advance(2_000);
  deepStrictEqual(seen, upTo(21));
  strictEqual(eventOf(database.rows[0]!).seq, 1);
  relay.dispose();
});

Deno.test("so are the people of a session, and a call that rang meanwhile", async () => {
  const runtime = new FakeRuntime();
  const supabase = new FakeSupabase(runtime);
  const person = { session_id: SESSION, user_id: "ann", role: "listener", hand_raised_at: null };
  supabase.tables.set("session_people", [person]);
  supabase.tables.set("my_calls", []);
  let people: readonly SessionPerson[] = [];
  const rung: string[] = [];
  const both = [
    new People({ supabase, sessionId: SESSION, userId: "me", onPeople: (now) => people = now, runtime }),
    hearMe(supabase, "me", { onRinging: ({ id }) => void rung.push(id), onRingEnd: () => {} }, runtime),
  ];
  await runtime.advance(500);
  dark(supabase);
  for (const one of both) one.refresh();
  await runtime.advance(DARK_MS);
  Object.assign(person, { role: "speaker", hand_raised_at: "2026-11-23T12:01:00Z" });
  supabase.tables.get("my_calls")!.push({ id: "c1", type: "audio", status: "ringing", outgoing: false });
  supabase.dark = false;
  await runtime.advance(2_000);
  deepStrictEqual(people.map(({ role }) => role), ["speaker"]);
  deepStrictEqual(rung, ["c1"]);
  for (const one of both) one.dispose();
});

Deno.test("in the dark two small requests a second ask for everybody, and fewer after five minutes", async () => {
  const runtime = new FakeRuntime();
  const supabase = new FakeSupabase(runtime);
  const lamp = lampOf(supabase, runtime);
  let lights = 0;
  lamp.onLight(() => lights += 1);
  dark(supabase);
  const asked = () => supabase.asked;
  lamp.suspect();
  lamp.suspect();
  await runtime.advance(60_000);
  ok(asked() >= 115 && asked() <= 125, `${asked()} in a minute`);
  ok(lamp.dark);
  await runtime.advance(10 * 60_000);
  ok(asked() <= 800, `${asked()} in eleven minutes`);
  supabase.dark = false;
  await runtime.advance(6_000);
  deepStrictEqual([lamp.dark, lights], [false, 1]);
  const light = asked();
  await runtime.advance(60_000);
  strictEqual(asked(), light, "in the light nobody asks");
  strictEqual(runtime.timers.size, 0);
});

Deno.test("the light is noticed within half a second", async () => {
  const runtime = new FakeRuntime();
  const supabase = new FakeSupabase(runtime);
  const lamp = lampOf(supabase, runtime);
  let lights = 0;
  lamp.onLight(() => lights += 1);
  dark(supabase);
  lamp.suspect();
  await runtime.advance(20_100);
  supabase.dark = false;
  await runtime.advance(510);
  strictEqual(lights, 1);
});

Deno.test("where connections can be made, the dark is asked by them, one at a time, and by hardly any request", async () => {
  const open: (() => void)[] = [];
  let dialled = 0, atOnce = 0;
  const knocks: (AbortSignal | undefined)[] = [];
  const runtime = Object.assign(new FakeRuntime(), {
    knock: (url: string, signal: AbortSignal | undefined) => {
      strictEqual(url, "https://project.test:1/auth/v1/health");
      knocks.push(signal);
      return new Promise<never>((_, reject) =>
        signal?.addEventListener("abort", () => reject(new Error("given up")))
      );
    },
    dial: (url: string, onOpen: () => void) => {
      strictEqual(url, ENDPOINT);
      dialled += 1;
      open.push(onOpen);
      atOnce = Math.max(atOnce, open.length);
      return () => void open.splice(open.indexOf(onOpen), 1);
    },
  });
  const supabase = new FakeSupabase(runtime);
  Object.assign(supabase.realtime, { endpointURL: () => ENDPOINT, disconnect: () => {} });
  const lamp = lampOf(supabase, runtime);
  let lights = 0;
  lamp.onLight(() => lights += 1);
  dark(supabase);
  lamp.suspect();
  await runtime.advance(62_500);
  strictEqual(supabase.asked, 0, "a browser gives up no request that it has to ask leave for");
  ok(knocks.length >= 12 && knocks.length <= 14, `${knocks.length} requests in a minute`);
  ok(knocks.filter((signal) => signal?.aborted !== true).length <= 1, "what hangs is given up");
  deepStrictEqual([dialled >= 15 && dialled <= 22, atOnce], [true, 1]);
  supabase.dark = false;
  open[0]!();
  await runtime.advance(1);
  deepStrictEqual([lights, lamp.dark, open.length], [1, false, 0]);
  const last = dialled;
  await runtime.advance(60_000);
  strictEqual(dialled, last, "in the light nobody dials");
});

Deno.test("a phone begins a connection every half second, and each lives for three: none waits for the system to knock again", async () => {
  const begun: number[] = [];
  let open = 0, atOnce = 0, answer = () => {};
  const runtime = Object.assign(new FakeRuntime(), {
    dialsAtOnce: dialsOf({ navigator: { product: "ReactNative" } }),
    dial: (_: string, onOpen: () => void) => {
      begun.push(runtime.monotonic());
      answer = onOpen;
      atOnce = Math.max(atOnce, ++open);
      return () => void open--;
    },
  });
  const supabase = new FakeSupabase(runtime);
  Object.assign(supabase.realtime, { endpointURL: () => ENDPOINT, disconnect: () => {} });
  const lamp = lampOf(supabase, runtime);
  dark(supabase);
  lamp.suspect();
  await runtime.advance(80_000);
  const gaps = begun.slice(1).map((at, n) => at - begun[n]!);
  // Where a request asks, no connection begins.
  deepStrictEqual([Math.min(...gaps), Math.max(...gaps), atOnce], [500, 1_000, 6]);
  const early = begun.length;
  await runtime.advance(120_000);
  ok(begun.length - early < 100, `${begun.length - early} in two minutes more`);
  answer();
  await runtime.advance(1);
  deepStrictEqual([lamp.dark, open], [false, 0]);
});

Deno.test("a connection that is made although it was given up is ended, and says nothing", () => {
  const closed: boolean[] = [];
  class AndroidSocket {
    static last: AndroidSocket;
    onopen: () => void = () => {};
    open = false;
    constructor() {
      AndroidSocket.last = this;
    }
    close() {
      closed.push(this.open);
    }
  }
  const real = globalThis.WebSocket;
  globalThis.WebSocket = AndroidSocket as unknown as typeof WebSocket;
  let opened = 0;
  try {
    systemRuntime.dial!(ENDPOINT, () => opened += 1)();
    AndroidSocket.last.open = true; // the close came too early, and was not heard
    AndroidSocket.last.onopen();
    systemRuntime.dial!(ENDPOINT, () => opened += 1);
    AndroidSocket.last.onopen();
  } finally {
    globalThis.WebSocket = real;
  }
  deepStrictEqual([opened, closed], [1, [false, true, false]]);
});

Deno.test("a browser begins one at a time", () => {
  deepStrictEqual([dialsOf({ navigator: { product: "Gecko" } }), dialsOf({})], [1, 1]);
});

Deno.test("in the dark nothing is sent: who asks is told at once", async () => {
  const runtime = new FakeRuntime();
  const supabase = new FakeSupabase(runtime);
  const lamp = lampOf(supabase, runtime);
  dark(supabase);
  lamp.suspect();
  await runtime.advance(5_000);
  let sent = false;
  const query = { then: () => void (sent = true) } as unknown as PromiseLike<unknown>;
  let refused = "";
  lamp.wait(query).catch((cause: Error) => refused = cause.name);
  await runtime.advance(1);
  deepStrictEqual([refused, sent], ["GivenUp", false]);
  const asked = ask(supabase, "session-token", {}, lamp).catch(({ code, retryable }) => [code, retryable]);
  deepStrictEqual(await asked, ["offline", true]);
});

for (const [ms, dark] of [[1_900, false], [3_000, true]] as const) {
  Deno.test(`answers that take ${ms} ms ${dark ? "are light after dark" : "are no dark"}`, async () => {
    const runtime = new FakeRuntime();
    let asked = 0;
    const slow = (signal?: AbortSignal) =>
      new Promise<{ status: number }>((resolve, reject) => {
        asked += 1;
        runtime.setTimeout(() => resolve({ status: 200 }), ms);
        signal?.addEventListener("abort", () => reject(new Error("given up")));
      });
    const query = {
      abortSignal: (signal: AbortSignal) => slow(signal),
      then: (...how: Parameters<Promise<{ status: number }>["then"]>) => slow().then(...how),
    };
    const lamp = new Lamp({ from: () => ({ select: () => ({ limit: () => query }) }) }, runtime);
    let lights = 0;
    lamp.onLight(() => lights += 1);
    lamp.suspect();
    await runtime.advance(2_500);
    strictEqual(lamp.dark, dark);
    await runtime.advance(2_000);
    deepStrictEqual([lamp.dark, lights], [false, dark ? 1 : 0]);
    const light = asked;
    await runtime.advance(10_000);
    strictEqual(asked, light, "in the light nobody asks");
  });
}

Deno.test("a slow answer to anybody is light: a network of 3 s is never dark", async () => {
  const runtime = new FakeRuntime();
  const slow = () =>
    new Promise<{ status: number }>((resolve) => runtime.setTimeout(() => resolve({ status: 200 }), 3_000));
  const query = { then: (...how: Parameters<Promise<{ status: number }>["then"]>) => slow().then(...how) };
  const lamp = new Lamp({ from: () => ({ select: () => ({ limit: () => query }) }) }, runtime);
  let answers = 0, given = 0, lights = 0;
  lamp.onLight(() => lights += 1);
  for (let n = 0; n < 20; n++) {
    lamp.wait(slow()).then(() => answers += 1, () => given += 1);
    await runtime.advance(1_000);
  }
  await runtime.advance(5_000);
  deepStrictEqual([answers, given, lights, lamp.dark], [20, 0, 0, false]);
});

Deno.test("a refusal is an answer: it is not dark", async () => {
  const runtime = new FakeRuntime();
  const answer = Promise.resolve({ data: null, error: { message: "no" }, status: 401 });
  const lamp = new Lamp({ from: () => ({ select: () => ({ limit: () => answer }) }) }, runtime);
  lamp.suspect();
  await runtime.advance(10_000);
  strictEqual(lamp.dark, false);
});
