import assert from "node:assert/strict";
import { withServices as answer } from "../call-answer/handler.ts";
import { withServices as end } from "../call-end/handler.ts";
import { withServices as start } from "../call-start/handler.ts";
import { withServices as upgrade } from "../call-upgrade/handler.ts";
import { withServices as token } from "../call-token/handler.ts";
import type { Handler } from "../_shared/http.ts";
import type { Services } from "../_shared/services.ts";
import { ALICE, BOB, CALL, claims, permit, post, World } from "./fakes.ts";

const ROW = { id: CALL, status: "ringing", livekit_room: "room-of-the-test" };
const PARTY = permit(ALICE, "party", ["camera", "microphone"]);

async function reply(build: (services: () => Services) => Handler, world: World, body: unknown) {
  const response = await build(() => world.services)(post(body));
  return { status: response.status, body: await response.json() };
}

Deno.test("call-start rings and returns the caller's join with publish rights", async () => {
  const world = new World();
  world.answers.set("call_start", { call: ROW, join: PARTY });
  const { body } = await reply(start, world, { callee_id: BOB, type: "video" });
  assert.deepEqual(world.asked, [{
    name: "call_start",
    parameters: { p_user: ALICE, p_callee: BOB, p_type: "video", p_sign_in: null },
  }]);
  assert.equal(world.rung, 1);
  assert.deepEqual(body.call, ROW);
  assert.deepEqual(claims(body.join.token).video.canPublishSources, ["camera", "microphone"]);
});

Deno.test("call-answer: accepting returns a join and leaves the room alone", async () => {
  const world = new World();
  world.answers.set("call_answer", { call: { ...ROW, status: "accepted" }, join: PARTY });
  const { body } = await reply(answer, world, { call_id: CALL, accept: true });
  assert.deepEqual(Object.keys(body), ["call", "join"]);
  assert.deepEqual(world.deletedRooms, []);
});

Deno.test("call-answer: declining returns no join and closes the room on the caller", async () => {
  const world = new World();
  world.answers.set("call_answer", { call: { ...ROW, status: "declined" }, join: null });
  const { body } = await reply(answer, world, { call_id: CALL, accept: false });
  assert.deepEqual(body, { call: { ...ROW, status: "declined" } });
  assert.deepEqual(world.deletedRooms, ["room-of-the-test"]);
});

Deno.test("call-answer needs a plain yes or no", async () => {
  for (const accept of ["true", 1, null, undefined]) {
    const { body } = await reply(answer, new World(), { call_id: CALL, accept });
    assert.equal(body.error.code, "invalid_request");
  }
});

Deno.test("call-token returns a join", async () => {
  const world = new World();
  world.answers.set("call_token", { join: PARTY });
  const { body } = await reply(token, world, { call_id: CALL });
  assert.deepEqual(Object.keys(body), ["join"]);
  assert.equal(body.join.identity, ALICE);
});

Deno.test("call-end closes the room", async () => {
  const world = new World();
  world.answers.set("call_end", { call: { ...ROW, status: "ended" } });
  const { body } = await reply(end, world, { call_id: CALL });
  assert.deepEqual(body, { call: { ...ROW, status: "ended" } });
  assert.deepEqual(world.deletedRooms, ["room-of-the-test"]);
});

Deno.test("an answer names the sign-in of its access token, which stands for the device", async () => {
  const world = new World();
  const payload = btoa(JSON.stringify({ session_id: "sign-in-of-the-phone" })).replaceAll("=", "");
  const accessToken = `header.${payload}.signature`;
  world.users.set(accessToken, ALICE);
  world.answers.set("call_answer", { call: { ...ROW, status: "accepted" }, join: PARTY });
  const request = post({ call_id: CALL, accept: true }, { authorization: `Bearer ${accessToken}` });
  assert.equal((await answer(() => world.services)(request)).status, 200);
  assert.equal(world.asked[0]?.parameters.p_sign_in, "sign-in-of-the-phone");
});

Deno.test("call-upgrade asks for video unless it declines, and mints nothing", async () => {
  const world = new World();
  world.answers.set("call_upgrade", { call: { ...ROW, status: "accepted" } });
  for (const [body, accept] of [[{}, true], [{ accept: false }, false]] as const) {
    const { body: replied } = await reply(upgrade, world, { call_id: CALL, ...body });
    assert.deepEqual(Object.keys(replied), ["call"]);
    assert.equal(world.asked.at(-1)?.parameters.p_accept, accept);
  }
});
