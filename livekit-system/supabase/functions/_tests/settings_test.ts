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

Deno.test("a named secret key goes before the legacy key, which a project may have switched off", () => {
  const named = { ...COMPLETE, SUPABASE_SECRET_KEYS: '{"default":"sb_secret_new"}' };
  assert.equal(read(named).supabaseSecretKey, "sb_secret_new");
  for (
    const [keys, wanted] of [
      ['{"rotated":"sb_secret_2"}', "sb_secret_2"],
      ['{"another":"sb_secret_3","default":"sb_secret_1"}', "sb_secret_1"],
      ['{"default":"","b":"sb_secret_b","a":"sb_secret_a","c":7}', "sb_secret_a"],
      ["null", "legacy-key"],
    ] as const
  ) assert.equal(read({ ...COMPLETE, SUPABASE_SECRET_KEYS: keys }).supabaseSecretKey, wanted);
  assert.equal(read({ ...COMPLETE, SUPABASE_SECRET_KEYS: "{}" }).supabaseSecretKey, "legacy-key");
  assert.equal(read({ ...COMPLETE, SUPABASE_SECRET_KEYS: "not json" }).supabaseSecretKey, "legacy-key");
});
