// What every call has in common, shown on session-token.
import assert from "node:assert/strict";
import { BODY_LIMIT } from "../_shared/endpoint.ts";
import { Fault, Refusal } from "../_shared/refusal.ts";
import { withServices } from "../session-token/handler.ts";
import { ALICE, logged, permit, post, SESSION, World } from "./fakes.ts";

function handlerOf(world: World) {
  return withServices(() => world.services);
}

async function refused(request: Request, code: string, status: number, world = new World()): Promise<string> {
  const response = await handlerOf(world)(request);
  const body = await response.json();
  assert.deepEqual([body.error.code, response.status], [code, status]);
  assert.deepEqual(Object.keys(body), ["error"]);
  assert.deepEqual(Object.keys(body.error), ["code", "message"]);
  assert.deepEqual(world.asked, [], "nothing was asked of the database");
  return body.error.message;
}

const BODY = { session_id: SESSION };

Deno.test("without a token: not_authenticated", async () => {
  for (const authorization of ["", "Bearer", "Bearer ", "Basic abc", "token-of-alice"]) {
    await refused(post(BODY, { authorization }), "not_authenticated", 401);
  }
});

Deno.test("a token that Auth does not know: not_authenticated", async () => {
  await refused(post(BODY, { authorization: "Bearer forged" }), "not_authenticated", 401);
});

Deno.test("other methods than POST: method_not_allowed", async () => {
  for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
    await refused(new Request("http://functions.test/", { method }), "method_not_allowed", 405);
  }
});

Deno.test("malformed JSON", async () => {
  for (const body of ["", "{", "session_id=1", '{"session_id":}']) {
    await refused(post(body), "malformed_json", 400);
  }
});

Deno.test("another content type", async () => {
  await refused(post(BODY, { "content-type": "text/plain" }), "unsupported_media_type", 415);
});

Deno.test("wrong types, missing and unknown fields are named, and what was sent is not repeated", async () => {
  const bodies: [unknown, RegExp][] = [
    [{}, /session_id: missing/],
    [{ session_id: 5 }, /session_id: expected string/],
    [{ session_id: "hello-x" }, /session_id: Expected a UUID/],
    [{ ...BODY, admin: "hello-x" }, /admin: unknown field/],
    [{ ...BODY, role: "hello-x" }, /role: unknown field/],
    [[], /session_id|body/],
    ["null", /body: expected Object/],
    ['"hello-x"', /body: expected Object/],
    ['{"__proto__": {"session_id": "x"}}', /unknown field|missing/],
  ];
  for (const [body, message] of bodies) {
    const said = await refused(post(body), "invalid_request", 400);
    assert.match(said, message);
    assert.doesNotMatch(said, /hello-x/);
  }
});

Deno.test("an oversized body, announced or not", async () => {
  const large = JSON.stringify({ session_id: "x".repeat(BODY_LIMIT) });
  await refused(post(large), "body_too_large", 413);
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(1024));
    },
  });
  const endless = new Request(post({}), { body: stream });
  await refused(endless, "body_too_large", 413);
});

Deno.test("a refusal of the database reaches the client as it is", async () => {
  const world = new World();
  world.answers.set("session_token", new Refusal("banned", 403, "You cannot join this session."));
  const response = await handlerOf(world)(post(BODY));
  assert.equal(response.status, 403);
  assert.deepEqual(await response.json(), {
    error: { code: "banned", message: "You cannot join this session." },
  });
});

Deno.test("a failure of ours says nothing but a request id, which the log has too", async () => {
  for (
    const failure of [
      new Fault("database.failed", { sqlstate: "42P01" }),
      new TypeError("key sb_secret_x of Ann"),
    ]
  ) {
    const world = new World();
    world.answers.set("session_token", failure);
    let response = new Response();
    const [line, ...rest] = await logged(async () => response = await handlerOf(world)(post(BODY)));
    const { error } = await response.json();
    const id = response.headers.get("x-request-id") ?? "";
    assert.deepEqual([response.status, error.code, rest.length], [500, "internal", 0]);
    assert.equal(error.message, `Something went wrong on our side. Request ${id}.`);
    assert.equal(JSON.parse(line ?? "").request_id, id);
    assert.doesNotMatch(line ?? "", /sb_secret_x|Ann/);
  }
});

Deno.test("a part that is away is named in the log, not to the client", async () => {
  const world = new World();
  world.answers.set("session_token", Refusal.unavailable({ part: "session_token", sqlstate: "57014" }));
  let response = new Response();
  const [line] = await logged(async () => response = await handlerOf(world)(post(BODY)));
  const text = await response.text();
  assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "1"]);
  assert.equal(JSON.parse(line ?? "").sqlstate, "57014");
  assert.doesNotMatch(text, /57014|session_token/);
});

Deno.test("no token is minted for a permit that is malformed or someone else's", async () => {
  const permits = [
    permit("99999999-9999-4999-8999-999999999999", "host", ["camera"]),
    { ...permit(ALICE, "viewer"), room: "" },
    { ...permit(ALICE, "viewer"), can_publish_sources: ["everything"] },
    null,
  ];
  for (const wrong of permits) {
    const world = new World();
    world.answers.set("session_token", { join: wrong });
    await logged(async () => assert.equal((await handlerOf(world)(post(BODY))).status, 500));
  }
});

Deno.test("a browser may call from anywhere", async () => {
  const preflight = await handlerOf(new World())(
    new Request("http://functions.test/", { method: "OPTIONS" }),
  );
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /authorization/);
  const refusal = await handlerOf(new World())(post({}));
  assert.equal(refusal.headers.get("access-control-allow-origin"), "*");
  assert.equal(refusal.headers.get("cache-control"), "no-store");
});
