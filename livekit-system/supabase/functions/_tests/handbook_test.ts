// EDGE-FUNCTIONS.md is true: its examples run, and its error codes are those of the functions and the migrations.
import assert from "node:assert/strict";
import type { Handler } from "../_shared/http.ts";
import { OWN_CODES } from "../_shared/refusal.ts";
import type { Services } from "../_shared/services.ts";
import type { JsonObject } from "../_shared/supabase.ts";
import { permit, post, SETTINGS, World } from "./fakes.ts";
import { reachableCodes, readMigrations } from "./migrations.ts";
import { signature } from "./signing.ts";

const FUNCTIONS = new URL("..", import.meta.url);
const PAGE = await Deno.readTextFile(new URL("../../EDGE-FUNCTIONS.md", FUNCTIONS));
const NAMES = [...Deno.readDirSync(FUNCTIONS)]
  .filter((entry) => entry.isDirectory && !entry.name.startsWith("_"))
  .map((entry) => entry.name)
  .toSorted();

/** The database function behind each edge function. */
const RPCS: Readonly<Record<string, string>> = {
  "session-create": "session_create",
  "session-start": "session_start",
  "session-token": "session_token",
  "session-ingress": "session_ingress",
  "session-end": "session_end",
  "call-start": "call_start",
  "call-answer": "call_answer",
  "call-token": "call_token",
  "call-end": "call_end",
  "call-upgrade": "call_upgrade",
  "ops-listen": "ops_listen",
  "evidence-open": "evidence_open",
  "recording-start": "recording_start",
  "recording-stop": "recording_stop",
  "recording-playback": "vod_open",
  "recording-delete": "recording_delete",
  "push-send": "push_claim",
  "livekit-webhook": "record_webhook",
};

/** A second one that it asks, for another kind of request. */
const SECOND_RPCS: Readonly<Record<string, string>> = { "recording-playback": "recording_files" };

/** Codes that SQL guards itself with and that no request of the right form reaches. */
const NOT_FOR_CLIENTS = new Set([
  "event_too_large", // what the functions tell the room is short
  "bad_policy", // only ops write a policy, and not through these
  "cannot_be_invited", // these seat nobody above a viewer, a listener or the session's own host
  "illegal_transition", // the functions check the status under a lock before they change it
  "immutable",
  "invalid_type", // the schema of the body admits no other
  "not_authenticated", // documented with the codes that every function may answer
]);

const OF_SESSIONS = [
  "not_a_creator",
  "session_ended",
  "session_not_live",
  "sign_in_required",
  "subscription_required",
  "ticket_required",
  "unknown_session",
];
const OF_CALLS = ["call_not_active", "unknown_call"];
const OF_WHO_ENTERS = ["session_not_live", "sign_in_required", "subscription_required", "ticket_required"];

/**
 * Codes that the walk through the SQL finds and that this function cannot give: `live.refuse_token` words the refusals
 * of sessions and of calls alike, and a trigger's condition is not read.
 */
const NOT_HERE: Readonly<Record<string, readonly string[]>> = {
  // A title that hides something is `invalid_session`; the host enters the own session, which has just begun.
  "session-create": [
    ...OF_CALLS,
    ...OF_WHO_ENTERS,
    "invalid_text",
    "session_ended",
    "too_many_connections",
    "unknown_session",
  ],
  "session-start": [...OF_CALLS, ...OF_WHO_ENTERS, "invalid_text"],
  "session-token": OF_CALLS,
  "session-ingress": OF_CALLS,
  // Server code changes the row: the trigger that a host's own change meets asks for the person.
  "session-end": ["banned", "invalid_text"],
  // It answers a call of the other's only while that rings for this very person, with their lines held.
  "call-start": [
    ...OF_SESSIONS,
    "answered_elsewhere",
    "call_not_active",
    "call_not_ringing",
    "callee_only",
    "too_many_connections",
    "unknown_call",
  ],
  "call-answer": [...OF_SESSIONS, "call_not_active"],
  "call-token": OF_SESSIONS,
  // Only an accepted call engages its parties, and an upgrade leaves it accepted.
  "call-upgrade": ["already_in_call", "call_not_ringing"],
  // Server code changes the rows of sessions: no title is written.
  "recording-start": [
    ...OF_CALLS,
    "invalid_text",
    "not_a_creator",
    "sign_in_required",
    "subscription_required",
    "ticket_required",
    "too_many_connections",
  ],
  "recording-stop": ["invalid_text"],
  "recording-delete": ["invalid_text", "unknown_session"],
  "recording-playback": [
    ...OF_CALLS,
    "not_a_creator",
    "session_ended",
    "session_not_live",
    "too_many_connections",
    "unknown_session",
  ],
  // Only an accepted call engages its parties.
  "call-end": [
    ...OF_SESSIONS,
    "account_deleted",
    "banned",
    "already_in_call",
    "call_not_active",
    "call_not_ringing",
    "too_many_connections",
  ],
};

const COMMON = Object.keys(OWN_CODES).filter((code) => code !== "invalid_signature");

type Row = readonly [code: string, status: number];

function section(title: string): string {
  const start = PAGE.indexOf(`\n## ${title}\n`);
  assert.notEqual(start, -1, `EDGE-FUNCTIONS.md has no section "${title}"`);
  const end = PAGE.indexOf("\n## ", start + 1);
  return PAGE.slice(start, end === -1 ? undefined : end);
}

function codesIn(text: string): Row[] {
  return [...text.matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map((
    [, code, status],
  ) => [code ?? "", Number(status)]);
}

function examplesIn(text: string): [request: JsonObject, reply: JsonObject] {
  const blocks = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, json]) => JSON.parse(json ?? ""));
  assert.equal(blocks.length, 2, "a request and a reply");
  return [blocks[0], blocks[1]];
}

async function handlerOf(name: string, world: World): Promise<Handler> {
  const module = await import(`../${name}/handler.ts`) as {
    withServices: (services: () => Services) => Handler;
  };
  return module.withServices(() => world.services);
}

Deno.test("every function has a section and every section of a function exists", () => {
  const sections = [...PAGE.matchAll(/^## ([a-z]+-[a-z]+)$/gm)].map(([, name]) => name);
  assert.deepEqual(sections.toSorted(), NAMES);
  assert.deepEqual(Object.keys(RPCS).toSorted(), NAMES);
});

Deno.test("the codes that every function may answer are those of the code", () => {
  const documented = codesIn(section("How to call them"));
  assert.deepEqual(documented, COMMON.map((code) => [code, OWN_CODES[code as keyof typeof OWN_CODES][0]]));
});

/** These have tests of their own: two are not called by people, and one answers with another kind of join. */
const APART = ["livekit-webhook", "push-send", "ops-listen"];

/** Its reply is not the database's. */
const OWN_EXAMPLE = ["evidence-open", "recording-playback"];

Deno.test("recording-playback: the documented example runs and answers in the documented form", async () => {
  const [request, reply] = examplesIn(section("recording-playback"));
  const world = new World();
  world.answers.set("vod_open", { ...reply.recording as JsonObject, expires_at: reply.expires_at ?? "" });
  const response = await (await handlerOf("recording-playback", world))(post(request));
  const answered = await response.json();
  assert.deepEqual(Object.keys(answered), Object.keys(reply));
  assert.deepEqual({ ...answered, playlist: "" }, { ...reply, playlist: "" });
  assert.match(answered.playlist, /\/functions\/v1\/recording-playback\?play=[\w-]{43}$/);
});

Deno.test("evidence-open: the documented example runs and answers in the documented form", async () => {
  const [request, reply] = examplesIn(section("evidence-open"));
  const world = new World();
  world.answers.set("evidence_open", {
    path: "7d0f2b1e/0e2d8f2a.ogg",
    sha256: reply.sha256 ?? "",
    seconds: 60,
  });
  const response = await (await handlerOf("evidence-open", world))(post(request));
  const answered = await response.json();
  assert.deepEqual(Object.keys(answered), Object.keys(reply));
  assert.match(answered.url, /evidence\/7d0f2b1e\/0e2d8f2a\.ogg\?seconds=60$/);
  const left = Date.parse(answered.expires_at) - Date.now();
  assert.ok(left > 50_000 && left <= 60_000, String(left));
});

for (const name of NAMES.filter((name) => !APART.includes(name))) {
  if (!OWN_EXAMPLE.includes(name)) {
    Deno.test(`${name}: the documented example runs and answers in the documented form`, async () => {
      const [request, reply] = examplesIn(section(name));
      const join = reply.join as JsonObject | undefined;
      const user = String(join?.identity ?? crypto.randomUUID());
      const role = String(reply.role ?? "host");
      const world = new World();
      world.users.set("token-of-alice", user);
      world.answers.set(RPCS[name] ?? "", { ...reply, over: [], join: join ? permit(user, role) : null });

      const response = await (await handlerOf(name, world))(post(request));
      const answered = await response.json();

      assert.equal(response.status, 200);
      assert.deepEqual(Object.keys(answered), Object.keys(reply));
      assert.deepEqual({ ...answered, join: null }, { ...reply, join: null });
      assert.deepEqual(Object.keys(answered.join ?? {}), Object.keys(join ?? {}));
      for (const key of (join?.relay_keys ?? []) as JsonObject[]) {
        assert.deepEqual(Object.keys(key), Object.keys(answered.join.relay_keys[0]));
      }
    });
  }

  Deno.test(`${name}: the documented codes are those that the database can refuse with`, async () => {
    const migrations = await readMigrations();
    const asked = [RPCS[name], SECOND_RPCS[name]].filter((rpc) => rpc !== undefined);
    const reachable = new Map(asked.flatMap((rpc) => [...reachableCodes(migrations, rpc)]));
    const elsewhere = NOT_HERE[name] ?? [];
    assert.deepEqual(elsewhere.filter((code) => !reachable.has(code)), [], "in NOT_HERE and not reachable");
    const expected = [...reachable].filter(([code]) =>
      !NOT_FOR_CLIENTS.has(code) && !elsewhere.includes(code)
    );
    assert.deepEqual(new Map(codesIn(section(name))), new Map(expected.toSorted()));
  });
}

Deno.test("livekit-webhook: the documented example runs and answers as documented", async () => {
  const [request, reply] = examplesIn(section("livekit-webhook"));
  const world = new World();
  world.answers.set("record_webhook", reply);
  const body = JSON.stringify(request);
  const response = await (await handlerOf("livekit-webhook", world))(
    post(body, { authorization: await signature(body, SETTINGS.livekitApiKey, SETTINGS.livekitApiSecret) }),
  );
  assert.deepEqual([response.status, await response.json()], [200, reply]);
});

Deno.test("ops-listen: the documented example runs, and its codes are those that the database can refuse with", async () => {
  const [request, reply] = examplesIn(section("ops-listen"));
  const { identity } = reply.join as { identity: string };
  const world = new World();
  world.answers.set("ops_listen", { ...reply, identity, room: "room-of-the-test" });
  const response = await (await handlerOf("ops-listen", world))(post(request));
  const answered = await response.json();
  assert.deepEqual([response.status, Object.keys(answered)], [200, Object.keys(reply)]);
  assert.deepEqual(Object.keys(answered.join), Object.keys(reply.join as JsonObject));
  // It goes through the door, which refuses much that nobody can ask for here.
  const migrations = await readMigrations();
  const reachable = new Map([...reachableCodes(migrations, "ops_listen"), ["reason_needed", 400]]);
  for (const [code, status] of codesIn(section("ops-listen"))) {
    assert.equal(reachable.get(code), status, code);
  }
});

Deno.test("push-send: the documented example runs and answers as documented", async () => {
  const [request, reply] = examplesIn(section("push-send"));
  const world = new World();
  world.answers.set("push_claim", { pushes: [], receipts: [] });
  const response = await (await handlerOf("push-send", world))(post(request));
  assert.equal(response.status, 200);
  assert.deepEqual(Object.keys(await response.json()), Object.keys(reply));
  for (const [code, status] of codesIn(section("push-send"))) {
    assert.equal(OWN_CODES[code as keyof typeof OWN_CODES]?.[0], status, code);
  }
});

Deno.test("livekit-webhook: the documented codes are the functions' own", () => {
  for (const [code, status] of codesIn(section("livekit-webhook"))) {
    assert.equal(OWN_CODES[code as keyof typeof OWN_CODES]?.[0], status, code);
  }
});
