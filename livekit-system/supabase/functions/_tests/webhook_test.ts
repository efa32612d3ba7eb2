import assert from "node:assert/strict";
import { AccessToken } from "npm:livekit-server-sdk@2.19.2";
import { Refusal } from "../_shared/refusal.ts";
import { RECORDED_EVENTS, WEBHOOK_LIMIT } from "../_shared/webhook.ts";
import { withServices } from "../livekit-webhook/handler.ts";
import { ALICE, logged, SETTINGS, World } from "./fakes.ts";
import { signature } from "./signing.ts";

const JOINED = {
  event: "participant_joined",
  id: "EV_1",
  createdAt: "1800000000",
  room: { sid: "RM_1", name: "room-1" },
  participant: {
    sid: "PA_1",
    identity: ALICE,
    joinedAtMs: "1800000000123",
    permission: { canSubscribe: true },
  },
  aFieldOfTomorrow: { x: 1 },
};

const { livekitApiKey: KEY, livekitApiSecret: SECRET } = SETTINGS;

function request(body: string, authorization: string): Request {
  const headers = { authorization, "content-type": "application/webhook+json" };
  return new Request("http://functions.test/livekit-webhook", { method: "POST", headers, body });
}

async function deliver(world: World, event: unknown): Promise<Response> {
  const body = JSON.stringify(event);
  return await withServices(() => world.services)(request(body, await signature(body, KEY, SECRET)));
}

function recording(): World {
  const world = new World();
  world.answers.set("record_webhook", { outcome: "recorded" });
  return world;
}

Deno.test("a signed event is recorded under its id, as LiveKit sent it", async () => {
  const world = recording();
  const response = await deliver(world, JOINED);
  assert.equal(response.status, 200);
  assert.deepEqual(world.asked, [{
    name: "record_webhook",
    parameters: { p_id: "EV_1", p_event: "participant_joined", p_room: "room-1", p_payload: JOINED },
  }]);
});

Deno.test("forgeries are refused with 401 and reach nothing", async () => {
  const body = JSON.stringify(JOINED);
  const other = JSON.stringify({ ...JOINED, id: "EV_2" });
  const join = new AccessToken(KEY, SECRET, { identity: ALICE });
  join.addGrant({ roomJoin: true, room: "room-1" });
  const [head, , mac] = (await signature(body, KEY, SECRET)).split(".");
  const unsigned = btoa('{"alg":"none"}').replaceAll("=", "");
  const payload = (await signature(body, KEY, SECRET)).split(".")[1];
  const forgeries = {
    "no signature": "",
    "not a token": "Bearer x",
    "another secret": await signature(body, KEY, "another-secret-that-is-long-enough-too"),
    "another key": await signature(body, "APIother", SECRET),
    "a signature of another body": await signature(other, KEY, SECRET),
    "an expired signature": await signature(body, KEY, SECRET, -60),
    "a join token, which has no body hash": await join.toJwt(),
    "an exchanged payload": [head, btoa('{"sha256":"x"}'), mac].join("."),
    "no algorithm": `${unsigned}.${payload}.`,
  };
  for (const [name, authorization] of Object.entries(forgeries)) {
    const world = recording();
    const response = await withServices(() => world.services)(request(body, authorization));
    assert.deepEqual([response.status, (await response.json()).error.code], [401, "invalid_signature"], name);
    assert.deepEqual(world.asked, [], name);
  }
});

Deno.test("one changed byte breaks the signature", async () => {
  const world = recording();
  const body = JSON.stringify(JOINED);
  const signed = await signature(body, KEY, SECRET);
  const response = await withServices(() => world.services)(
    request(body.replace("room-1", "room-2"), signed),
  );
  assert.equal(response.status, 401);
});

Deno.test("machines are nobody's presence", async () => {
  const participants = [
    { kind: "AGENT" },
    { kind: "EGRESS" },
    { permission: { hidden: true } },
    { permission: { agent: true } },
  ];
  for (const difference of participants) {
    const world = recording();
    const participant = { ...JOINED.participant, ...difference };
    const response = await deliver(world, { ...JOINED, participant });
    assert.deepEqual([response.status, world.asked.length], [200, 0], JSON.stringify(difference));
  }
});

Deno.test("an ingress or a telephone is the person whose id it bears", async () => {
  for (const kind of ["INGRESS", "SIP", "STANDARD"]) {
    const world = recording();
    const participant = { ...JOINED.participant, kind };
    const response = await deliver(world, { ...JOINED, participant });
    assert.deepEqual([response.status, world.asked.length], [200, 1], kind);
  }
});

Deno.test("an ingress is marked as it comes, and deleted when the room of its ended session closes", async () => {
  const world = recording();
  const participant = { ...JOINED.participant, kind: "INGRESS", identity: `${ALICE}:obs` };
  await deliver(world, { ...JOINED, participant });
  await deliver(world, { ...JOINED, participant, event: "participant_left" });
  await deliver(world, JOINED);
  assert.deepEqual([world.marked, world.closedIngresses], [[["room-1", `${ALICE}:obs`]], []]);
  const finished = { event: "room_finished", id: "EV_2", createdAt: "1800000000", room: JOINED.room };
  await deliver(world, finished);
  assert.deepEqual(world.closedIngresses, []);
  for (const outcome of ["ignored", "duplicate"]) {
    world.answers.set("record_webhook", { outcome, ingress_over: true });
    world.answers.set("ingress_deleted", { known: true });
    assert.deepEqual(await (await deliver(world, finished)).json(), { outcome });
  }
  assert.deepEqual(world.closedIngresses, ["room-1", "room-1"]);
});

Deno.test("only events about rooms, presence and recordings are recorded", async () => {
  for (const event of ["ingress_started", "an_event_of_tomorrow"]) {
    const world = recording();
    assert.equal((await deliver(world, { ...JOINED, event })).status, 200);
    assert.deepEqual(world.asked, []);
  }
  for (const event of RECORDED_EVENTS) {
    const world = recording();
    assert.equal((await deliver(world, { ...JOINED, event })).status, 200);
    assert.equal(world.asked.length, 1);
  }
});

Deno.test("a duplicate is a success, so that LiveKit stops sending it", async () => {
  const world = new World();
  world.answers.set("record_webhook", { outcome: "duplicate" });
  const response = await deliver(world, JOINED);
  assert.deepEqual([response.status, await response.json()], [200, { outcome: "duplicate" }]);
});

Deno.test("LiveKit is asked to retry while the database is away or failing", async () => {
  for (const failure of [Refusal.own("unavailable"), new Error("any")]) {
    const world = new World();
    world.answers.set("record_webhook", failure);
    await logged(async () => assert.ok((await deliver(world, JOINED)).status >= 500));
  }
});

Deno.test("an event without an id cannot be recorded once, so not at all", async () => {
  const world = recording();
  assert.equal((await deliver(world, { ...JOINED, id: "" })).status, 400);
  assert.deepEqual(world.asked, []);
});

Deno.test("an oversized webhook is refused before it is verified", async () => {
  const world = recording();
  const response = await withServices(() => world.services)(request("x".repeat(WEBHOOK_LIMIT + 1), ""));
  assert.equal(response.status, 413);
});
