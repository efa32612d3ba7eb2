// What is left of a moment, also on a phone whose clock is wrong.

import { strictEqual } from "node:assert";
import { secondsUntil } from "../src/mod.ts";

const AT = "2026-11-23T12:00:30Z";
const now = Date.parse("2026-11-23T12:00:00Z");

Deno.test("what is left is whole seconds, never less than none, and nothing of what is no moment", () => {
  strictEqual(secondsUntil(AT, now), 30);
  strictEqual(secondsUntil(AT, now + 500), 30);
  strictEqual(secondsUntil(AT, now + 29_999), 1);
  strictEqual(secondsUntil(AT, now + 60_000), 0);
  strictEqual(secondsUntil(null, now), null);
  strictEqual(secondsUntil("soon", now), null);
});

Deno.test("a phone that is a day ahead shows the same, once the server's clock is known", () => {
  const day = 86_400_000;
  strictEqual(secondsUntil(AT, now + day, day), 30);
  strictEqual(secondsUntil(AT, now - day, -day), 30);
});
