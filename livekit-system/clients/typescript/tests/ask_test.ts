// One kind of error, no matter who answered: our functions, Supabase's gateway and runtime, a proxy, or nobody.

import { deepStrictEqual, rejects, strictEqual } from "node:assert";
import { ask, type AskSupabase, LiveError, rest } from "../src/mod.ts";

function answering(body: string, status: number, type = "application/json"): AskSupabase {
  const context = new Response(body, { status, headers: { "content-type": type } });
  return {
    functions: {
      invoke: () => Promise.resolve({ data: null, error: { name: "FunctionsHttpError", context } }),
    },
  };
}

async function refusal(supabase: AskSupabase): Promise<[string, number, boolean]> {
  try {
    await ask(supabase, "session-token", { session_id: "1" });
  } catch (error) {
    if (error instanceof LiveError) return [error.code, error.status, error.retryable];
    throw error;
  }
  throw new Error("it went well");
}

const ERRORS: readonly [string, string, number, [string, number, boolean]][] = [
  ["ours", '{"error":{"code":"ticket_required","message":"Buy one."}}', 402, ["ticket_required", 402, false]],
  [
    "a function that is not deployed",
    '{"code":"NOT_FOUND","message":"Requested function was not found"}',
    404,
    [
      "internal",
      404,
      false,
    ],
  ],
  ["a function that does not boot", '{"code":"BOOT_ERROR","message":"Function failed to start"}', 503, [
    "unavailable",
    503,
    true,
  ]],
  ["a function at its limits", '{"code":"WORKER_LIMIT","message":"…"}', 546, ["unavailable", 546, true]],
  ["a proxy's page", "<html><h1>504 Gateway Time-out</h1></html>", 504, ["unavailable", 504, true]],
  ["the gateway, which knows keys", '{"message":"Invalid API key","hint":"…"}', 401, [
    "not_authenticated",
    401,
    false,
  ]],
  ["nothing at all", "", 500, ["unavailable", 500, true]],
  ["an error that is text", '{"error":"nope"}', 400, ["internal", 400, false]],
  ["a code that is none", '{"error":{"code":"<script>","message":7}}', 400, ["internal", 400, false]],
  ["a list", "[1]", 429, ["rate_limited", 429, true]],
];

for (const [who, body, status, expected] of ERRORS) {
  Deno.test(`ask: ${who}`, async () => {
    deepStrictEqual(
      await refusal(answering(body, status, body.startsWith("<") ? "text/html" : undefined)),
      expected,
    );
  });
}

Deno.test("ask: no answer is offline, whichever way it is told", async () => {
  const told = {
    functions: { invoke: () => Promise.resolve({ data: null, error: new Error("fetch failed") }) },
  };
  const thrown = { functions: { invoke: () => Promise.reject(new TypeError("fetch failed")) } };
  for (const supabase of [told, thrown]) deepStrictEqual(await refusal(supabase), ["offline", 0, true]);
});

Deno.test("ask: a success is its data", async () => {
  const supabase = {
    functions: { invoke: () => Promise.resolve({ data: { role: "viewer" }, error: null }) },
  };
  deepStrictEqual(await ask(supabase, "session-token", {}), { role: "viewer" });
});

Deno.test("rest: a refusal of the database's is its hint", async () => {
  const error = { message: "Buy one.", code: "PT402", hint: "ticket_required" };
  await rejects(rest(Promise.resolve({ data: null, error, status: 402 })), {
    code: "ticket_required",
    status: 402,
  });
  const away = { message: "…", code: "PGRST002", hint: "wait" };
  await rejects(rest(Promise.resolve({ data: null, error: away, status: 503 })), {
    code: "unavailable",
    retryable: true,
  });
  strictEqual(await rest(Promise.resolve({ data: 7, error: null, status: 200 })), 7);
});
