// The real supabase-js and livekit-client under a relay: their requests and their emitter, without a network.

import { createClient } from "@supabase/supabase-js";
import { deepStrictEqual } from "node:assert";
import { Room } from "livekit-client";
import { openRelay, type RelayEvent } from "../src/mod.ts";
import { keyRow } from "./harness.ts";

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

function answering(requests: Request[], answer: (path: string) => [number, unknown]): typeof fetch {
  return (input, init) => {
    const url = new URL(input instanceof URL || typeof input === "string" ? input : input.url);
    const path = url.pathname + url.search;
    requests.push({
      method: init?.method ?? "GET",
      path,
      body: init?.body ? JSON.parse(init.body as string) : null,
    });
    const [status, body] = answer(path);
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("condition not met in time");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const row = {
  session_id: "s1",
  seq: 1,
  id: "e1",
  type: "gift",
  payload: { coins: 10 },
  created_at: "2026-11-23T12:00:00.1+00:00",
};

function client(fetch: typeof globalThis.fetch) {
  const auth = { autoRefreshToken: false, persistSession: false };
  return createClient("http://localhost", "anon", { auth, global: { fetch } });
}

Deno.test("supabase-js and livekit-client are asked in their own words", async () => {
  const requests: Request[] = [];
  const events: RelayEvent[] = [];
  const supabase = client(
    answering(requests, (path) => [200, path.includes("rpc") ? [row] : [keyRow("k1", 1)]]),
  );
  const room = new Room();
  const relay = openRelay({
    room,
    supabase,
    subject: { kind: "session", id: "s1" },
    join: { last_seq: 1, relay_keys: [] },
    startAfter: 0,
    onEvent: (event) => void events.push(event),
  });
  await until(() => events.length === 1);
  room.emit("dataReceived", new TextEncoder().encode("{}"), undefined, undefined, "live.events");
  room.emit("reconnected");
  await until(() => requests.length >= 3);
  relay.dispose();
  deepStrictEqual(events.map(({ seq, at, source }) => [seq, at, source]), [[
    1,
    "2026-11-23T12:00:00.100Z",
    "caught_up",
  ]]);
  deepStrictEqual(relay.stats().refused.malformed, 1);
  const keys = "/rest/v1/relay_keys?select=kid%2Cpublic_key%2Cnot_before%2Cnot_after%2Crevoked_at";
  const since = (after_seq: number) => ({ session_id: "s1", after_seq, limit: 200 });
  deepStrictEqual(requests.slice(0, 3), [
    { method: "POST", path: "/rest/v1/rpc/live_events_since", body: since(0) },
    { method: "POST", path: "/rest/v1/rpc/live_events_since", body: since(1) },
    { method: "GET", path: `${keys}&order=not_after.desc&limit=1000`, body: null },
  ]);
  deepStrictEqual(
    ["dataReceived", "connected", "reconnected"].map((name) => room.listenerCount(name as "connected")),
    [0, 0, 0],
  );
});

Deno.test("a refusal by the database through supabase-js is told as one that waiting will not mend", async () => {
  const errors: [string, boolean][] = [];
  const refusal = {
    code: "PT403",
    message: "Join the session first.",
    hint: "not_in_session",
    details: null,
  };
  const relay = openRelay({
    room: new Room(),
    supabase: client(answering([], () => [403, refusal])),
    subject: { kind: "session", id: "s1" },
    join: { last_seq: 0, relay_keys: [] },
    onEvent: () => {},
    onError: ({ message, retrying }) => void errors.push([message, retrying]),
  });
  await until(() => errors.length === 1);
  relay.dispose();
  deepStrictEqual(errors, [["Join the session first.", false]]);
});
