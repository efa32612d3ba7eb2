import assert from "node:assert/strict";
import { would } from "../src/model/would.ts";
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
