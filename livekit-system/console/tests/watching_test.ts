import assert from "node:assert/strict";
import { inOrder } from "../src/model/chat.ts";
import { type Clip, clipSeconds, clipState, hex } from "../src/model/evidence.ts";
import { BLACK_MS, brightestOf, FROZEN_MS, looked, pictureState, stateSince } from "../src/model/watching.ts";

const BRIGHT = 200, DARK = 4;

Deno.test("a picture is frozen when no frame comes, and black when all that come are dark", () => {
  const start = { lastAt: 0, darkSince: null };
  const still = looked(start, false, BRIGHT, FROZEN_MS + 1_500);
  assert.deepEqual(pictureState(still, FROZEN_MS + 1_500), { kind: "frozen", seconds: 4 });
  const moving = looked(still, true, BRIGHT, FROZEN_MS + 2_000);
  assert.deepEqual(pictureState(moving, FROZEN_MS + 2_000), { kind: "shown" });
  const dark = looked(moving, true, DARK, 10_000);
  assert.deepEqual(pictureState(dark, 10_000), { kind: "shown" });
  const stays = looked(dark, true, DARK, 10_000 + BLACK_MS);
  assert.deepEqual(pictureState(stays, 10_000 + BLACK_MS), { kind: "black" });
  assert.equal(looked(stays, true, BRIGHT, 20_000).darkSince, null);
});

Deno.test("one bright pixel is no black picture, and alpha is no light", () => {
  assert.equal(brightestOf(new Uint8ClampedArray([0, 0, 0, 255, 3, 90, 1, 255])), 90);
  assert.equal(brightestOf(new Uint8ClampedArray([0, 0, 0, 255])), 0);
});

Deno.test("what waits for a moderator stands first, and nothing stands twice", () => {
  const line = (id: string, held: string | null) => ({
    id,
    user_id: "u",
    body: id,
    created_at: "2026-01-01T00:00:00Z",
    deleted_at: null,
    held_at: held,
    sender_name: null,
  });
  const held = [line("old", "t"), line("new", "t")];
  const ordered = inOrder(held, [line("new", "t"), line("latest", null)]);
  assert.deepEqual(ordered.map((one) => one.id), ["old", "new", "latest"]);
});

Deno.test("a clip is being stored, ready or deleted, and its hash is written as the worker writes it", async () => {
  const clip = {
    from_at: "2026-01-01T00:00:00Z",
    to_at: "2026-01-01T00:00:40.2Z",
    stored_at: null,
    deleted_at: null,
  } as Clip;
  assert.equal(clipState(clip), "storing");
  assert.equal(clipState({ ...clip, stored_at: "t" }), "ready");
  assert.equal(clipState({ ...clip, stored_at: "t", deleted_at: "t" }), "deleted");
  assert.equal(clipSeconds(clip), 40);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("abc"));
  assert.equal(hex(digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

Deno.test("of a camera that something else looks at: frozen for so long, black, or shown", () => {
  const since = "2026-03-01T10:00:00Z";
  const later = Date.parse(since) + 14_600;
  assert.deepEqual(stateSince("frozen", since, later), { kind: "frozen", seconds: 14 });
  assert.deepEqual(stateSince("frozen", since, Date.parse(since) - 1), { kind: "frozen", seconds: 0 });
  assert.deepEqual(stateSince("black", since, later), { kind: "black" });
  assert.deepEqual(stateSince("shown", since, later), { kind: "shown" });
});
