import assert from "node:assert/strict";
import { outcomesOf, would } from "../src/model/would.ts";
import { en } from "../src/texts/en.ts";
import { tr } from "../src/texts/tr.ts";

Deno.test("a dry run names who would be invited instead of raised", () => {
  const row = {
    before: { role: "listener" as const, invited_role: null },
    after: { role: "listener" as const, invited_role: "speaker" as const, invited: true },
  };
  assert.deepEqual(would(row, en), [en.action.would.invited(en.role.speaker)]);
  assert.deepEqual(would(row, tr), [tr.action.would.invited(tr.role.speaker)]);
});

Deno.test("a dry run names what changes and nothing else", () => {
  const muted = { mic_muted: true, mic_muted_until: "2026-11-23T20:00:00Z" };
  assert.deepEqual(would({ before: { mic_muted: false }, after: muted }, en), ["no microphone"]);
  assert.deepEqual(would({ before: { ...muted, mic_muted_until: null }, after: muted }, en), [
    "no microphone",
  ]);
  assert.deepEqual(would({ before: muted, after: muted }, en), [en.action.would.nothing]);
  const out = { removed: { reason: "banned", scope: "session", until: null } };
  assert.deepEqual(would({ before: { removed: null }, after: out }, en), ["kept out"]);
  const all = { before: { mute_all: false }, after: { mute_all: true, people: 3 } };
  assert.deepEqual(would(all, en), ["everyone is muted", en.action.would.people(3)]);
});

Deno.test("of several people the same outcome is said once, and each refusal with whom it meets", () => {
  const none = { held: null, refused: null };
  const muted = { before: { mic_muted: false }, after: { mic_muted: true }, ...none };
  const refused = { ...none, before: null, after: null, refused: { code: "not_allowed", message: "no" } };
  const told = outcomesOf(
    [{ user_id: "a", ...refused }, { user_id: "b", ...muted }, { user_id: "c", ...muted }],
    en,
    ({ code }) => code,
  );
  assert.deepEqual(told, [
    { said: "no microphone", refused: false, users: ["b", "c"] },
    { said: "not_allowed", refused: true, users: ["a"] },
  ]);
});
