import assert from "node:assert/strict";
import { readSettings } from "../_shared/settings.ts";

const COMPLETE = {
  SUPABASE_URL: "https://project.supabase.co/",
  SUPABASE_SERVICE_ROLE_KEY: "legacy-key",
  LIVEKIT_URL: "wss://project.livekit.cloud",
  LIVEKIT_API_KEY: "APIkey",
  LIVEKIT_API_SECRET: "the-secret",
};

const read = (variables: Record<string, string>) => readSettings(new Map(Object.entries(variables)));

Deno.test("clients are told LIVEKIT_URL unless LIVE_PUBLIC_LIVEKIT_URL says otherwise", () => {
  assert.equal(read(COMPLETE).publicLivekitUrl, "wss://project.livekit.cloud");
  const settings = read({ ...COMPLETE, LIVE_PUBLIC_LIVEKIT_URL: "wss://live.example.com" });
  assert.equal(settings.publicLivekitUrl, "wss://live.example.com");
  assert.equal(settings.livekitUrl, "wss://project.livekit.cloud");
});

Deno.test("every fault of the environment is named at once, and no value is", () => {
  assert.throws(
    () => read({ ...COMPLETE, LIVEKIT_URL: "ftp://secret-host", LIVEKIT_API_SECRET: " ", SUPABASE_URL: "" }),
    (error: Error) =>
      ["LIVEKIT_URL", "LIVEKIT_API_SECRET", "SUPABASE_URL"].every((name) => error.message.includes(name)) &&
      !error.message.includes("secret-host"),
  );
});

Deno.test("named secret keys go before the legacy key, which a project may have switched off", () => {
  const first = (keys: string) => read({ ...COMPLETE, SUPABASE_SECRET_KEYS: keys }).supabaseSecretKeys;
  assert.deepEqual(first('{"default":"sb_secret_new"}'), ["sb_secret_new", "legacy-key"]);
  assert.deepEqual(first('{"another":"3","default":"1"}'), ["1", "3", "legacy-key"]);
  assert.deepEqual(first('{"default":"","b":"sb_b","a":"sb_a","c":7}'), ["sb_a", "sb_b", "legacy-key"]);
  for (const nothing of ["{}", "not json", "null", '"text"', "7"]) {
    assert.deepEqual(first(nothing), ["legacy-key"]);
  }
  const named = { ...COMPLETE, SUPABASE_SERVICE_ROLE_KEY: "", SUPABASE_SECRET_KEYS: '{"rotated":"sb_2"}' };
  assert.deepEqual(read(named).supabaseSecretKeys, ["sb_2"]);
});
