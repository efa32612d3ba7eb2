import assert from "node:assert/strict";
import { withServices } from "../ops-listen/handler.ts";
import { Refusal } from "../_shared/refusal.ts";
import { ALICE, claims, post, SESSION, World } from "./fakes.ts";

const PERMIT = {
  action_id: "55555555-5555-4555-8555-555555555555",
  room: "room-of-the-test",
  identity: "ops-66666666-6666-4666-8666-666666666666",
  ends_at: "2027-01-15T12:10:00.000Z",
};

Deno.test("ops-listen puts the reason on record and answers with a hidden ear that can say nothing", async () => {
  const world = new World();
  world.answers.set("ops_listen", PERMIT);
  const response = await withServices(() => world.services)(post({ session_id: SESSION, reason: " noise " }));
  assert.equal(response.status, 200);
  const body = await response.json();
  assert.deepEqual(world.asked[0]?.parameters, {
    p_user: ALICE,
    p_session: SESSION,
    p_reason: "noise",
    p_case: null,
  });
  assert.deepEqual([body.action_id, body.ends_at, body.join.identity], [
    PERMIT.action_id,
    PERMIT.ends_at,
    PERMIT.identity,
  ]);
  const token = claims(body.join.token) as ReturnType<typeof claims> & { kind?: string };
  assert.deepEqual([token.sub, token.name ?? "", token.kind], [PERMIT.identity, "", "agent"]);
  assert.deepEqual(token.video, {
    roomJoin: true,
    room: PERMIT.room,
    hidden: true,
    agent: true,
    canSubscribe: true,
    canPublish: false,
    canPublishData: false,
    canUpdateOwnMetadata: false,
  });
  assert.ok(token.exp - token.nbf <= 60);
});

Deno.test("without the database's word there is no token", async () => {
  const world = new World();
  world.answers.set("ops_listen", new Refusal("not_allowed", 403, "ops only"));
  const response = await withServices(() => world.services)(post({ session_id: SESSION, reason: "noise" }));
  assert.deepEqual([response.status, (await response.json()).error.code], [403, "not_allowed"]);
  world.answers.set("ops_listen", { ...PERMIT, identity: ALICE });
  const odd = await withServices(() => world.services)(post({ session_id: SESSION, reason: "noise" }));
  assert.equal(odd.status, 500);
});
