import assert from "node:assert/strict";
import { ConfigError, isSecret, parseConfig } from "../src/config.ts";
import { explain } from "../src/components/States.tsx";
import { failureFrom, failureOf } from "../src/data/failure.ts";
import { columns, daysUpTo, monthsUpTo, niceTop } from "../src/model/charts.ts";
import { sentenceOf } from "../src/model/feed.ts";
import { modeOf, thresholdOf, withMode } from "../src/model/policy.ts";
import type { Incident } from "../src/model/rows.ts";
import { clock, freshness, holds, secondsBetween } from "../src/model/time.ts";
import { routeOf } from "../src/route.ts";
import { en } from "../src/texts/en.ts";
import { tr } from "../src/texts/tr.ts";

const jwt = (role: string) => `eyJhbGciOiJIUzI1NiJ9.${btoa(JSON.stringify({ role }))}.sig`;

Deno.test("a secret key is refused, whatever its format", () => {
  assert.ok(isSecret("sb_secret_abc") && isSecret(jwt("service_role")) && isSecret("eyJ.@@.x"));
  assert.ok(!isSecret("sb_publishable_abc") && !isSecret(jwt("anon")));
  const supabaseUrl = "https://x.supabase.co";
  assert.throws(() => parseConfig({ supabaseUrl, supabaseKey: "sb_secret_abc" }), ConfigError);
  assert.throws(() => parseConfig({ supabaseUrl: "x", supabaseKey: "sb_publishable_abc" }), ConfigError);
  assert.throws(() => parseConfig(null), ConfigError);
  assert.deepEqual(parseConfig({ supabaseUrl, supabaseKey: "k" }), { supabaseUrl, supabaseKey: "k" });
});

Deno.test("an address that names nothing shows the rooms", () => {
  const id = "22222222-0000-4000-8000-000000000002";
  assert.deepEqual(routeOf(`#/rooms/${id}`), { page: "room", id });
  assert.deepEqual(routeOf(`#/people/${id}`), { page: "person", id });
  for (const hash of ["", "#", "#/rooms/../x", "#/nothing"]) {
    assert.deepEqual(routeOf(hash), { page: "rooms" });
  }
});

Deno.test("no answer, a closed door and a refusal are told apart", () => {
  assert.equal(failureOf({ message: "Failed to fetch" }, 0).kind, "offline");
  assert.equal(failureOf({ message: "bad gateway" }, 502).kind, "away");
  assert.deepEqual(failureOf({ code: "XX000", message: "cache lookup failed" }, 500), {
    kind: "server",
    code: "XX000",
    message: "cache lookup failed",
  });
  assert.equal(failureOf({ code: "42501", message: "permission denied" }, 403).kind, "forbidden");
  const refusal = failureOf({ code: "PT409", message: "it is over", hint: "session_not_live" }, 409);
  assert.deepEqual([refusal.kind, refusal.code], ["refused", "session_not_live"]);
});

Deno.test("a lost connection and a fault of the page are told apart, in both languages", () => {
  const { error } = console;
  const told: unknown[] = [];
  console.error = (one: unknown) => void told.push(one);
  try {
    const offline = [
      new TypeError("Failed to fetch"),
      new TypeError("NetworkError when attempting to fetch resource."),
      new TypeError("Load failed"),
      new DOMException("signal timed out", "TimeoutError"),
      Object.assign(new Error("could not establish signal connection"), { name: "ConnectionError" }),
    ];
    for (const one of offline) assert.equal(failureFrom(one).kind, "offline", String(one));
    assert.deepEqual(told, []);
    const fault = new TypeError("Cannot read properties of undefined (reading 'rows')");
    const failure = failureFrom(fault);
    assert.equal(failure.kind, "broken");
    assert.deepEqual(told, [fault]);
    for (const t of [en, tr]) {
      const said = (["offline", "away"] as const).map((kind) => explain({ ...failure, kind }, t));
      const all = [...said, explain({ ...failure, kind: "server" }, t), explain(failure, t)];
      assert.equal(new Set(all).size, 4);
      assert.ok(all[3]!.includes("reading 'rows'"));
    }
  } finally {
    console.error = error;
  }
});

Deno.test("lengths and limits of time", () => {
  assert.deepEqual([0, 59.9, 725, 3_723].map(clock), ["0:00", "0:59", "12:05", "1:02:03"]);
  assert.equal(secondsBetween("2026-11-23T20:00:10Z", Date.parse("2026-11-23T20:00:00Z")), 0);
  assert.ok(holds("infinity", 0) && !holds(null, 0) && !holds("2026-11-23T20:00:00Z", Date.now() + 1e12));
});

Deno.test("a reading is stale as soon as the next one has failed or should have come", () => {
  assert.equal(freshness(null, true, 0, 3_000), "loading");
  assert.equal(freshness(0, false, 8_000, 3_000), "fresh");
  assert.equal(freshness(0, false, 8_001, 3_000), "stale");
  assert.equal(freshness(0, false, 15_001, 10_000), "stale");
  assert.equal(freshness(0, true, 1_000, 10_000), "stale");
});

Deno.test("a policy that is not known reads as the default; a new mode leaves the rest alone", () => {
  assert.equal(modeOf({ mode: "enforce" }), "enforce");
  assert.equal(modeOf(null), "observe");
  assert.equal(thresholdOf({ too_loud: { threshold_lufs: -14 } }), -14);
  assert.equal(thresholdOf(undefined), -9);
  assert.deepEqual(withMode({ mode: "off", strikes: { clean_below: 0.5 } }, "observe"), {
    mode: "observe",
    strikes: { clean_below: 0.5 },
  });
});

Deno.test("charts stand on the floor and stay in their box", () => {
  assert.deepEqual([0, 1, 3, 20, 21, 99].map(niceTop), [1, 1, 5, 20, 50, 100]);
  assert.deepEqual(columns([5, 20], 10, 100, 80).map((c) => [c.y, c.height]), [[40, 40], [0, 80]]);
  assert.deepEqual(daysUpTo("2026-03-01", 3), ["2026-02-27", "2026-02-28", "2026-03-01"]);
  assert.deepEqual(monthsUpTo("2026-02-28", 3), ["2025-12-01", "2026-01-01", "2026-02-01"]);
});

Deno.test("an incident speaks the reader's language, or not at all", () => {
  const incident = { measured: { words: { en: "Too loud.", tr: "Çok yüksek." } } } as unknown as Incident;
  assert.equal(sentenceOf(incident, "tr"), "Çok yüksek.");
  assert.equal(sentenceOf({ measured: {} } as Incident, "en"), null);
});

Deno.test("both languages say everything", () => {
  const paths = (value: unknown, path = ""): string[] =>
    value !== null && typeof value === "object"
      ? Object.entries(value).flatMap(([key, inner]) => paths(inner, `${path}.${key}`))
      : [path];
  assert.deepEqual(paths(tr).sort(), paths(en).sort());
});
