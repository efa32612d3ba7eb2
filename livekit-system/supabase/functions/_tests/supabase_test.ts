import assert from "node:assert/strict";
import { Fault, Refusal } from "../_shared/refusal.ts";
import { Supabase } from "../_shared/supabase.ts";
import { ALICE } from "./fakes.ts";

/** Runs `work` against a Supabase whose every answer is `respond`. */
async function against(
  respond: (request: Request) => Response | Promise<Response>,
  work: (supabase: Supabase) => Promise<void>,
  supabaseSecretKeys = ["the-key"],
): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, respond);
  const supabaseUrl = `http://127.0.0.1:${server.addr.port}`;
  try {
    await work(new Supabase({ supabaseUrl, supabaseSecretKeys }, 300));
  } finally {
    await server.shutdown();
  }
}

const refuses = (work: Promise<unknown>, code: string, status: number) =>
  assert.rejects(work, (error) => error instanceof Refusal && error.code === code && error.status === status);

Deno.test("a token's user is asked of Supabase Auth", () =>
  against(
    (request) => {
      assert.equal(new URL(request.url).pathname, "/auth/v1/user");
      assert.equal(request.headers.get("authorization"), "Bearer user-token");
      assert.equal(request.headers.get("apikey"), "the-key");
      return Response.json({ id: ALICE });
    },
    async (supabase) => assert.equal(await supabase.userOf("user-token"), ALICE),
  ));

for (const status of [400, 401, 403, 404]) {
  Deno.test(`Auth answering ${status} means not_authenticated`, () =>
    against(
      () => Response.json({ error_code: "bad_jwt" }, { status }),
      (supabase) => refuses(supabase.userOf("t"), "not_authenticated", 401),
    ));
}

Deno.test("a key of ours that is refused is our fault, not the user's", () =>
  against(
    () => Response.json({ message: "Invalid API key", hint: "…" }, { status: 401 }),
    (supabase) => assert.rejects(supabase.userOf("t"), Fault),
  ));

Deno.test("a key that was deleted meanwhile is left for the next one, and not tried again", () => {
  const tried: (string | null)[] = [];
  return against(
    (request) => {
      const key = request.headers.get("apikey");
      tried.push(key);
      if (key === "deleted") return Response.json({ message: "Invalid API key" }, { status: 401 });
      return Response.json({ id: ALICE });
    },
    async (supabase) => {
      assert.equal(await supabase.userOf("t"), ALICE);
      assert.deepEqual(await supabase.rpc("f", {}), { id: ALICE });
      assert.deepEqual(tried, ["deleted", "kept", "kept"]);
    },
    ["deleted", "kept", "legacy"],
  );
});

Deno.test("a token that is refused costs no key", () => {
  const tried: (string | null)[] = [];
  return against(
    (request) => {
      tried.push(request.headers.get("apikey"));
      return Response.json({ error_code: "bad_jwt" }, { status: 401 });
    },
    async (supabase) => {
      await refuses(supabase.userOf("t"), "not_authenticated", 401);
      await refuses(supabase.userOf("t"), "not_authenticated", 401);
      assert.deepEqual(tried, ["one", "one"]);
    },
    ["one", "two"],
  );
});

for (const status of [429, 500, 503]) {
  Deno.test(`Auth answering ${status} says nothing about the token`, () =>
    against(
      () => new Response("oops", { status }),
      (supabase) => refuses(supabase.userOf("t"), "unavailable", 503),
    ));
}

Deno.test("a key's own role is no user", () =>
  against(
    () => Response.json({ role: "service_role" }),
    (supabase) => assert.rejects(supabase.userOf("t"), Fault),
  ));

Deno.test("a function is called by name as the service role", () =>
  against(
    async (request) => {
      assert.equal(new URL(request.url).pathname, "/rest/v1/rpc/session_end");
      assert.equal(request.headers.get("authorization"), "Bearer the-key");
      assert.deepEqual(await request.json(), { p_user: ALICE });
      return Response.json({ session: {} });
    },
    async (supabase) =>
      assert.deepEqual(await supabase.rpc("session_end", { p_user: ALICE }), { session: {} }),
  ));

Deno.test("a refusal of the database keeps its status, code and message", () =>
  against(
    () =>
      Response.json({ code: "PT402", hint: "ticket_required", message: "Buy a ticket." }, { status: 402 }),
    (supabase) =>
      assert.rejects(supabase.rpc("f", {}), (error) =>
        error instanceof Refusal && error.code === "ticket_required" && error.status === 402 &&
        error.message === "Buy a ticket."),
  ));

for (const code of ["PGRST000", "08006", "57014", "40001", "40P01", "53300", "55P03"]) {
  Deno.test(`${code} is a database that is away for a moment`, () =>
    against(
      () => Response.json({ code, message: "…", hint: null }, { status: 500 }),
      (supabase) => refuses(supabase.rpc("f", {}), "unavailable", 503),
    ));
}

for (
  const reply of [{ code: "42501" }, { code: "23514", message: "title «secret» violates" }, {
    code: "PT403",
    hint: null,
  }]
) {
  Deno.test(`${reply.code} without a code of ours is our fault, and its text stays inside`, () =>
    against(
      () => Response.json(reply, { status: 400 }),
      (supabase) =>
        assert.rejects(supabase.rpc("f", {}), (error) =>
          error instanceof Fault && error.fields.sqlstate === reply.code &&
          !JSON.stringify(error).includes("secret")),
    ));
}

Deno.test("a result that is no object is our fault", () =>
  against(() => Response.json([]), (supabase) => assert.rejects(supabase.rpc("f", {}), Fault)));

Deno.test("a database that does not answer in time is unavailable", async () => {
  const late = Promise.withResolvers<Response>();
  await against(() => late.promise, async (supabase) => {
    await refuses(supabase.rpc("f", {}), "unavailable", 503);
    late.resolve(new Response());
  });
});

Deno.test("a database that refuses the connection is unavailable", () =>
  refuses(
    new Supabase({ supabaseUrl: "http://127.0.0.1:1", supabaseSecretKeys: ["k"] }).rpc("f", {}),
    "unavailable",
    503,
  ));
