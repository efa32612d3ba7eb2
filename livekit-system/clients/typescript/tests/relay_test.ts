// How one relay behaves over time: joining, losing, waiting for keys, failing, and leaving.

import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { MAX_HELD } from "../src/held_packets.ts";
import { lampOf } from "../src/lamp.ts";
import { keyRow, packetOf, upTo, World } from "./harness.ts";

Deno.test("a live event is emitted once, at once", async () => {
  const world = new World().open();
  await world.runtime.advance(100);
  world.gift();
  world.send([1]);
  deepStrictEqual(world.events.map(({ seq, source, at }) => [seq, source, at]), [[
    1,
    "live",
    "2026-11-23T11:59:59.900Z",
  ]]);
  strictEqual(world.relay.stats().refused.repeat, 1);
});

Deno.test("what happened between the token and the connection is caught up, page by page", async () => {
  const world = new World();
  world.database.commit(450);
  world.open({ join: { last_seq: 40, relay_keys: [keyRow("k1", 1)] } });
  await world.runtime.advance(500);
  deepStrictEqual(world.seqs, upTo(450, 41));
  ok(world.events.every((event) => event.source === "caught_up"));
  strictEqual(world.database.calls.events, 3);
});

Deno.test("the whole session is read when asked from the start, even in pages cut short", async () => {
  const world = new World();
  world.database.maxRows = 30;
  world.database.commit(100);
  world.open({ join: { last_seq: 100, relay_keys: [keyRow("k1", 1)] }, startAfter: 0 });
  await world.runtime.advance(1000);
  deepStrictEqual(world.seqs, upTo(100));
});

Deno.test("a lost packet is noticed by the next, filled, and order kept", async () => {
  const world = new World().open();
  await world.runtime.advance(100);
  world.gift();
  world.gift({ lost: true });
  world.gift();
  deepStrictEqual(world.seqs, [1]);
  await world.runtime.advance(300);
  deepStrictEqual(world.events.map(({ seq, source }) => [seq, source]), [[1, "live"], [2, "caught_up"], [
    3,
    "live",
  ]]);
});

Deno.test("packets out of order need no query", async () => {
  const world = new World().open();
  await world.runtime.advance(100);
  world.database.commit(2);
  const before = world.database.calls.events;
  world.send([2]);
  world.send([1]);
  await world.runtime.advance(500);
  deepStrictEqual(world.seqs, [1, 2]);
  strictEqual(world.database.calls.events, before);
});

Deno.test("a lost last packet is found within two seconds of silence", async () => {
  const world = new World(() => 1).open();
  await world.runtime.advance(100);
  world.gift();
  world.gift({ lost: true });
  await world.runtime.advance(2000);
  deepStrictEqual(world.seqs, [1, 2]);
});

Deno.test("a lost packet with none before it is found by the next minute's look", async () => {
  const world = new World(() => 1).open();
  await world.runtime.advance(100);
  world.gift({ lost: true });
  await world.runtime.advance(76_000);
  deepStrictEqual(world.seqs, [1]);
});

Deno.test("the agent's word that nothing is missing saves the look", async () => {
  const world = new World().open();
  await world.runtime.advance(100);
  world.gift();
  await world.runtime.advance(500);
  const before = world.database.calls.events;
  world.send([], { lastSeq: 1 });
  await world.runtime.advance(30_000);
  strictEqual(world.database.calls.events, before);
});

Deno.test("the agent's word about a later event starts the reading", async () => {
  const world = new World().open();
  await world.runtime.advance(100);
  world.gift({ lost: true });
  world.send([], { lastSeq: 1 });
  await world.runtime.advance(250);
  deepStrictEqual(world.seqs, [1]);
});

Deno.test("an old word about the end of the stream, replayed, does not stop the look", async () => {
  const world = new World().open();
  await world.runtime.advance(100);
  const old = packetOf([], world.runtime.now(), { lastSeq: 0 });
  await world.runtime.advance(100);
  world.gift();
  world.gift({ lost: true });
  world.room.deliver(old);
  await world.runtime.advance(2000);
  deepStrictEqual(world.seqs, [1, 2]);
});

Deno.test("forgeries cannot put off the look for ever", async () => {
  const world = new World().open();
  await world.runtime.advance(5000);
  world.gift({ lost: true });
  for (let second = 0; second < 12; second++) {
    world.send([1], { byte: 9 });
    await world.runtime.advance(1000);
  }
  deepStrictEqual(world.seqs, [1]);
  strictEqual(world.relay.stats().refused.bad_signature, 12);
  ok(world.database.calls.events <= 4);
});

Deno.test("after a reconnect everything missed is there", async () => {
  const world = new World().open();
  await world.runtime.advance(5000);
  for (let i = 0; i < 10; i++) world.gift({ lost: true });
  world.room.reconnected();
  await world.runtime.advance(100);
  deepStrictEqual(world.seqs, upTo(10));
});

Deno.test("a reconnect during a read leads to another read", async () => {
  const world = new World().open();
  await world.runtime.advance(5);
  world.gift({ lost: true });
  world.room.reconnected();
  await world.runtime.advance(100);
  deepStrictEqual(world.seqs, [1]);
});

Deno.test("a successor's key is fetched once, its packets held, and nothing lost", async () => {
  const world = new World().open();
  await world.runtime.advance(100);
  world.gift();
  world.database.keys = [keyRow("k2", 2), keyRow("k1", 1)];
  for (let i = 0; i < 20; i++) world.gift({ kid: "k2", byte: 2 });
  world.notice("n1", { kid: "k2", byte: 2 });
  strictEqual(world.relay.stats().held, 21);
  await world.runtime.advance(300);
  deepStrictEqual(world.seqs, upTo(21));
  ok(world.events.every((event) => event.source === "live"));
  strictEqual(world.notices.length, 1);
  strictEqual(world.database.calls.keys, 1);
  strictEqual(world.relay.stats().held, 0);
});

Deno.test("a flood of unknown kids is bounded in memory and in queries", async () => {
  const world = new World().open();
  await world.runtime.advance(100);
  world.database.commit();
  for (let i = 0; i < 1000; i++) {
    world.send([1], { kid: `forged-${i}`, byte: 7 });
    if (i % 100 === 0) await world.runtime.advance(500);
    ok(world.relay.stats().held <= MAX_HELD);
  }
  await world.runtime.advance(3000);
  const { refused, held } = world.relay.stats();
  strictEqual(held, 0);
  strictEqual(refused.unknown_key + refused.queue_full, 1000);
  ok(world.database.calls.keys <= 4, `${world.database.calls.keys} fetches`);
});

Deno.test("strange kids that keep coming are refused, though some come during every fetch", async () => {
  const world = new World().open();
  world.database.latencyMs = 300;
  await world.runtime.advance(100);
  world.database.commit();
  for (let i = 0; i < 50; i++) {
    world.send([1], { kid: `forged-${i}`, byte: 7 });
    await world.runtime.advance(200);
  }
  const { refused, held } = world.relay.stats();
  strictEqual(refused.unknown_key + held, 50);
  ok(held <= 15, `${held} wait for longer than a fetch and the pause after it`);
});

Deno.test("a key that is revoked meanwhile is refused after the next refresh, and its events still come", async () => {
  const world = new World().open();
  await world.runtime.advance(100);
  world.database.keys = [keyRow("k1", 1, { revoked_at: "2026-11-23T11:00:00+00:00" })];
  await world.runtime.advance(5 * 60_000);
  world.gift();
  strictEqual(world.relay.stats().refused.revoked_key, 1);
  await world.runtime.advance(11_000);
  deepStrictEqual(world.events.map(({ seq, source }) => [seq, source]), [[1, "caught_up"]]);
});

Deno.test("a key that still signs is not pushed out by any number of newer ones", async () => {
  const world = new World().open();
  await world.runtime.advance(100);
  const newer = Array.from({ length: 1200 }, (_, n) =>
    keyRow(`dead-${n}`, 9, {
      not_before: "2026-11-23T06:00:00+00:00",
      not_after: "2026-11-23T23:00:00+00:00",
    }));
  world.database.keys = [...newer, keyRow("k1", 1)];
  await world.runtime.advance(5 * 60_000);
  world.gift();
  deepStrictEqual(world.seqs, [1]);
});

Deno.test("an empty answer about keys, as someone signed out gets, revokes none", async () => {
  const world = new World().open();
  world.database.keys = [];
  world.relay.catchUp();
  await world.runtime.advance(3000);
  world.gift();
  deepStrictEqual(world.seqs, [1]);
  strictEqual(world.errors[0]?.code, "keys_failed");
});

Deno.test("the agent's word that hints are dropped is passed on, unless it is old or forged", async () => {
  const world = new World();
  world.open();
  let told = 0;
  lampOf(world.database, world.runtime).onHintsLost(() => void told++);
  world.send([], { lastSeq: 0 });
  world.send([], { lastSeq: 0, hints: true });
  world.send([], { lastSeq: 0, hints: false, byte: 2 });
  world.send([], { lastSeq: 0, hints: false, sentAt: world.runtime.now() - 120_000 });
  await world.runtime.advance(10);
  deepStrictEqual(told, 0);
  world.send([], { lastSeq: 0, hints: false });
  await world.runtime.advance(10);
  deepStrictEqual(told, 1);
});

Deno.test("reading is retried after refusals, silence and exceptions, and says so", async () => {
  const world = new World();
  world.database.commit(3);
  world.database.failures.push("throw", { status: 503, message: "down" }, "never");
  world.open();
  await world.runtime.advance(20_000);
  deepStrictEqual(world.seqs, [1, 2, 3]);
  deepStrictEqual(
    world.errors.map(({ code, retrying }) => [code, retrying]),
    Array(3).fill(["catch_up_failed", true]),
  );
});

Deno.test("a refusal that asking again cannot mend waits for a reason to ask", async () => {
  const world = new World();
  world.database.commit(1);
  world.database.failures.push({ status: 403, message: "banned" });
  world.open();
  await world.runtime.advance(10_000);
  strictEqual(world.database.calls.events, 1);
  strictEqual(world.errors[0]?.retrying, false);
  world.room.reconnected();
  await world.runtime.advance(100);
  deepStrictEqual(world.seqs, [1]);
});

Deno.test("events announced but never shown by the database do not make it ask for ever", async () => {
  const world = new World().open();
  await world.runtime.advance(100);
  world.send([], { lastSeq: 5 });
  await world.runtime.advance(30_000);
  ok(world.database.calls.events <= 7, `${world.database.calls.events} reads`);
});

Deno.test("a notice is for me, of now, and once", async () => {
  const world = new World().open();
  await world.runtime.advance(100);
  world.notice("n1");
  world.notice("n1");
  world.notice("n2", { to: "someone" });
  world.notice("n3", { sentAt: world.runtime.now() - 31_000 });
  deepStrictEqual(world.notices.map(({ id }) => id), ["n1"]);
  const { repeat, wrong_recipient, stale } = world.relay.stats().refused;
  deepStrictEqual([repeat, wrong_recipient, stale], [1, 1, 1]);
});

Deno.test("a device whose clock is wrong is corrected by the join's own time", async () => {
  const world = new World();
  const now = new Date(world.runtime.now() - 3_600_000).toISOString();
  world.open({ join: { last_seq: 0, relay_keys: [keyRow("k1", 1)], now } });
  await world.runtime.advance(100);
  world.notice("n1", { sentAt: world.runtime.now() - 3_600_000 });
  strictEqual(world.notices.length, 1);
});

Deno.test("a call has notices and no stream", async () => {
  const world = new World().open({ subject: { kind: "call", id: "call-1" } });
  await world.runtime.advance(200_000);
  world.room.reconnected();
  await world.runtime.advance(1000);
  strictEqual(world.database.calls.events, 0);
});

Deno.test("packets of a visible participant and of foreign topics change nothing", async () => {
  const world = new World().open();
  await world.runtime.advance(100);
  world.database.commit();
  const packet = packetOf([], world.runtime.now(), { lastSeq: 1 });
  world.room.deliver(packet, "live.events", { identity: "mallory" });
  world.room.deliver(packet, "chat");
  strictEqual(world.relay.stats().refused.visible_sender, 1);
  strictEqual(Object.values(world.relay.stats().refused).reduce((a, b) => a + b), 1);
});

Deno.test("a callback that throws is reported and stops neither the stream nor the emitter", async () => {
  const world = new World();
  const seen: number[] = [];
  world.open({
    onEvent: ({ seq }) => {
      seen.push(seq);
      throw new Error("app");
    },
  });
  await world.runtime.advance(100);
  world.gift();
  world.gift();
  deepStrictEqual(seen, [1, 2]);
  strictEqual(world.errors.filter(({ code }) => code === "callback_threw").length, 2);
});

Deno.test("an error handler that throws harms nobody", async () => {
  const world = new World();
  world.database.failures.push("throw");
  world.open({
    onError: () => {
      throw new Error("app");
    },
  });
  await world.runtime.advance(2000);
  world.gift();
  deepStrictEqual(world.seqs, [1]);
});

Deno.test("disposed, it leaves no listener, no timer and no callback behind", async () => {
  const world = new World();
  world.database.commit(2);
  world.open();
  await world.runtime.advance(5);
  world.send([], { kid: "unknown" });
  world.relay.dispose();
  world.relay.dispose();
  world.relay.catchUp();
  await world.runtime.advance(200);
  strictEqual(world.room.listenerCount, 0);
  strictEqual(world.runtime.timers.size, 0);
  deepStrictEqual([world.seqs, world.errors, world.relay.stats().held], [[], [], 0]);
});

Deno.test("disposed from within a callback, it emits nothing more", async () => {
  const world = new World();
  world.database.commit(5);
  const seen: number[] = [];
  world.open({
    onEvent: ({ seq }) => {
      seen.push(seq);
      world.relay.dispose();
    },
  });
  await world.runtime.advance(1000);
  deepStrictEqual(seen, [1]);
  strictEqual(world.runtime.timers.size, 0);
});

Deno.test("a relay opened 45 s after its token takes notices", async () => {
  const world = new World();
  const now = new Date(world.runtime.server - 45_000).toISOString();
  world.open({ join: { last_seq: 0, relay_keys: [keyRow("k1", 1)], now } });
  await world.runtime.advance(100);
  world.notice("n1");
  deepStrictEqual(world.notices.map(({ id }) => id), ["n1"]);
  world.notice("old", { sentAt: world.runtime.server - 31_000 });
  strictEqual(world.relay.stats().refused.stale, 1);
});

Deno.test("a clock that is set by a minute during the session changes nothing", async () => {
  for (const step of [60_000, -60_000]) {
    const world = new World();
    const now = new Date(world.runtime.server).toISOString();
    world.open({ join: { last_seq: 0, relay_keys: [keyRow("k1", 1)], now } });
    await world.runtime.advance(10_000);
    world.runtime.wrongMs = step;
    world.notice("n1");
    world.notice("old", { sentAt: world.runtime.server - 31_000 });
    deepStrictEqual(world.notices.map(({ id }) => id), ["n1"]);
  }
});

Deno.test("a phone that is a day wrong works, and says so once", async () => {
  for (const wrong of [86_400_000, -86_400_000]) {
    const world = new World();
    world.runtime.wrongMs = wrong;
    const now = new Date(world.runtime.server).toISOString();
    world.open({ join: { last_seq: 0, relay_keys: [keyRow("k1", 1)], now } });
    await world.runtime.advance(100);
    world.notice("n1");
    world.notice("n2");
    world.gift();
    deepStrictEqual([world.notices.length, world.seqs], [2, [1]]);
    deepStrictEqual(world.errors.map(({ code }) => code), ["clock_wrong"]);
    strictEqual(Math.round(world.relay.stats().clockAheadMs / 1000), wrong / 1000);
  }
});

Deno.test("what nobody of ours signed teaches no time", async () => {
  const world = new World();
  const now = new Date(world.runtime.server).toISOString();
  world.open({ join: { last_seq: 0, relay_keys: [keyRow("k1", 1)], now } });
  await world.runtime.advance(100);
  world.notice("forged", { byte: 2, sentAt: world.runtime.server + 3_600_000 });
  world.notice("beyond its key", { sentAt: world.runtime.server + 2 * 86_400_000 });
  world.notice("n1");
  deepStrictEqual(world.notices.map(({ id }) => id), ["n1"]);
});
