import assert from "node:assert/strict";
import { withServices as create } from "../session-create/handler.ts";
import { withServices as end } from "../session-end/handler.ts";
import { withServices as ingress } from "../session-ingress/handler.ts";
import { withServices as start } from "../session-start/handler.ts";
import { withServices as token } from "../session-token/handler.ts";
import type { Handler } from "../_shared/http.ts";
import type { Services } from "../_shared/services.ts";
import { ALICE, claims, logged, permit, post, SESSION, World } from "./fakes.ts";

const HOST_SOURCES = ["camera", "microphone", "screen_share", "screen_share_audio"];
const ROW = { id: SESSION, status: "live", livekit_room: "room-of-the-test" };
const BODY = { type: "video_live", access_type: "public", title: "Evening" };

async function reply(build: (services: () => Services) => Handler, world: World, body: unknown) {
  const response = await build(() => world.services)(post(body));
  return { status: response.status, body: await response.json() };
}

Deno.test("session-create asks the database in the caller's name and returns the host's join", async () => {
  const world = new World();
  world.answers.set("session_create", { session: ROW, join: permit(ALICE, "host", HOST_SOURCES) });
  const { status, body } = await reply(create, world, { ...BODY, title: "  Evening  " });
  assert.equal(status, 200);
  assert.deepEqual(world.asked, [{
    name: "session_create",
    parameters: {
      p_user: ALICE,
      p_type: "video_live",
      p_access_type: "public",
      p_title: "Evening",
      p_price_coins: null,
      p_scheduled_at: null,
      p_planned_minutes: null,
    },
  }]);
  assert.deepEqual(body.session, ROW);
  assert.deepEqual(Object.keys(body.join), [
    "url",
    "token",
    "expires_at",
    "identity",
    "now",
    "last_seq",
    "relay_keys",
  ]);
  assert.equal(body.join.url, "wss://live.example.com");
  assert.equal(body.join.identity, ALICE);
  assert.equal(body.join.last_seq, 7);
  assert.equal(body.join.relay_keys[0].kid, "k1");
  const { sub, video } = claims(body.join.token);
  assert.deepEqual([sub, video.room, video.canPublishSources], [ALICE, "room-of-the-test", HOST_SOURCES]);
});

Deno.test("a scheduled session has nothing to join yet", async () => {
  const world = new World();
  world.answers.set("session_create", { session: { ...ROW, status: "scheduled" }, join: null });
  const { body } = await reply(create, world, { ...BODY, scheduled_at: "2027-01-31T21:00:00+03:00" });
  assert.equal(body.join, null);
  assert.equal(world.asked[0]?.parameters.p_scheduled_at, "2027-01-31T18:00:00.000Z");
});

Deno.test("session-create refuses what no session can be", async () => {
  const wrong = [
    { ...BODY, title: "" },
    { ...BODY, title: "   " },
    { ...BODY, title: "x".repeat(201) },
    { ...BODY, title: "two\nlines" },
    { ...BODY, title: "nul\u0000" },
    { ...BODY, title: "half \ud83d" },
    { ...BODY, type: "podcast" },
    { ...BODY, access_type: "friends" },
    { ...BODY, price_coins: 0 },
    { ...BODY, price_coins: 1.5 },
    { ...BODY, price_coins: "10" },
    { ...BODY, price_coins: 1e12 },
    { ...BODY, scheduled_at: "tomorrow" },
    { ...BODY, planned_minutes: 0 },
    { ...BODY, planned_minutes: 1441 },
    { ...BODY, scheduled_at: "2027-13-31T18:00:00Z" },
    { ...BODY, creator_id: ALICE },
    { ...BODY, status: "live" },
  ];
  for (const body of wrong) {
    const world = new World();
    const { status, body: answer } = await reply(create, world, body);
    assert.deepEqual([status, answer.error.code], [400, "invalid_request"], JSON.stringify(body));
    assert.deepEqual(world.asked, []);
  }
});

Deno.test("session-start returns the host's join", async () => {
  const world = new World();
  world.answers.set("session_start", { session: ROW, join: permit(ALICE, "host", HOST_SOURCES) });
  const { body } = await reply(start, world, { session_id: SESSION });
  assert.deepEqual(world.asked, [{
    name: "session_start",
    parameters: { p_user: ALICE, p_session: SESSION },
  }]);
  assert.equal(claims(body.join.token).video.canPublish, true);
});

Deno.test("session-token gives a viewer a join without publish rights, and the role", async () => {
  const world = new World();
  world.answers.set("session_token", { join: permit(ALICE, "viewer") });
  const { body } = await reply(token, world, { session_id: SESSION });
  assert.deepEqual(Object.keys(body), ["join", "role"]);
  assert.equal(body.role, "viewer");
  assert.equal(claims(body.join.token).video.canPublish, false);
});

Deno.test("session-end closes the room", async () => {
  const world = new World();
  world.answers.set("session_end", { session: { ...ROW, status: "ended" } });
  const { body } = await reply(end, world, { session_id: SESSION });
  assert.deepEqual(body, { session: { ...ROW, status: "ended" } });
  assert.deepEqual(world.deletedRooms, ["room-of-the-test"]);
});

Deno.test("the way in for OBS is closed with its session, and before its room, which it would open again", async () => {
  const world = new World();
  world.answers.set("session_end", { session: { ...ROW, status: "ended" }, ingress: true });
  world.answers.set("ingress_deleted", {});
  assert.deepEqual((await reply(end, world, { session_id: SESSION })).status, 200);
  assert.deepEqual(world.closedIngresses, ["room-of-the-test"]);
  assert.deepEqual(world.asked.at(-1), {
    name: "ingress_deleted",
    parameters: { p_room: "room-of-the-test" },
  });
});

Deno.test("a host who asks for OBS has those of their ended sessions deleted first", async () => {
  const world = new World();
  world.answers.set("session_ingress", { ingress: { room: "new", name: "Gökçe" }, over: ["old", "older"] });
  world.answers.set("ingress_deleted", {});
  const { body } = await reply(ingress, world, { session_id: SESSION });
  assert.deepEqual(Object.keys(body.ingress), ["url", "stream_key"]);
  assert.deepEqual([world.closedIngresses, world.ingresses], [["old", "older"], [["new", ALICE, "Gökçe"]]]);
});

Deno.test("an ingress that LiveKit does not delete is named again, and keeps nobody from the next", async () => {
  const world = new World();
  world.deletionFails = true;
  world.answers.set("session_ingress", { ingress: { room: "new", name: "Gökçe" }, over: ["old"] });
  const [line] = await logged(async () => {
    assert.equal((await reply(ingress, world, { session_id: SESSION })).status, 200);
  });
  assert.equal(JSON.parse(line ?? "").action, "ingress.delete_failed");
  assert.deepEqual(world.asked.map(({ name }) => name), ["session_ingress"]);
});

Deno.test("a session has ended even when LiveKit cannot be reached", async () => {
  const world = new World();
  world.deletionFails = true;
  world.answers.set("session_end", { session: { ...ROW, status: "ended" } });
  const [line] = await logged(async () => {
    assert.equal((await reply(end, world, { session_id: SESSION })).status, 200);
  });
  assert.equal(JSON.parse(line ?? "").action, "room.delete_failed");
});
