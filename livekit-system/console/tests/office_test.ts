import assert from "node:assert/strict";
import { boundsOf, CSV_COLUMNS, csvOf, type FullAuditRow } from "../src/model/audit.ts";
import {
  defaultsOf,
  inheritedFrom,
  isSame,
  type Shape,
  withPreset,
  withRung,
  withValue,
} from "../src/model/policy_form.ts";
import { KEYS, shortcutOf } from "../src/pages/Shortcuts.tsx";
import { actsEn, actsTr } from "../src/texts/acts.ts";

const ROW = {
  n: 7,
  created_at: "2026-11-30T10:00:00+03:00",
  action: "ban",
  params: { scope: "platform" },
  target_username: '=HYPERLINK("http://evil")',
  reason: 'He said "no",\nthen left',
  requested_rank: -1,
} as unknown as FullAuditRow;

Deno.test("a file of the audit is quoted, in UTC, and holds no formula", () => {
  const [head, ...rest] = csvOf([ROW]).split("\r\n");
  assert.equal(head, CSV_COLUMNS.join(","));
  const line = rest.join("\r\n");
  assert.ok(line.startsWith('7,2026-11-30T07:00:00.000Z,,ban,"{""scope"":""platform""}",'), line);
  assert.ok(line.includes('"\'=HYPERLINK(""http://evil"")"'), line);
  assert.ok(line.includes('"He said ""no"",\nthen left"'), line);
  assert.ok(line.includes(",-1,"), "a number is no formula");
});

Deno.test("days are whole days, the last one with all its hours", () => {
  const { since, until } = boundsOf("2026-11-30", "2026-11-30");
  assert.equal(Date.parse(until!) - Date.parse(since!), 86_400_000);
  assert.deepEqual(boundsOf("", "nonsense"), { since: null, until: null });
});

const SHAPE: Shape = {
  mode: "observe",
  too_loud: { enabled: true, threshold_lufs: [-9, -40, 0] },
  ladder: [{ step: "notice", strikes: 0.75, cooldown_seconds: 5, seconds: 0 }],
};

Deno.test("a policy keeps only what is set here, and says what it inherits", () => {
  const loud = withValue({}, ["too_loud", "threshold_lufs"], -14);
  assert.deepEqual(loud, { too_loud: { threshold_lufs: -14 } });
  assert.deepEqual(withValue(loud, ["too_loud", "threshold_lufs"], undefined), {});
  assert.deepEqual(defaultsOf(SHAPE)["too_loud"], { enabled: true, threshold_lufs: -9 });
  const music = { music: { too_loud: { threshold_lufs: -4 } } };
  assert.deepEqual(withPreset({ preset: "music", mode: "off" }, music), {
    too_loud: { threshold_lufs: -4 },
    mode: "off",
  });
  assert.deepEqual(inheritedFrom(SHAPE, music.music)["too_loud"], { enabled: true, threshold_lufs: -4 });
  assert.ok(isSame({ a: 1, b: [1] }, { b: [1], a: 1 }));
});

Deno.test("rungs stand in the order of the steps, whichever is put in or taken out", () => {
  const ladder = withRung(withRung([], "mute", { strikes: 2 }), "notice", {});
  assert.deepEqual(ladder.map((rung) => [rung.step, rung.seconds]), [["notice", 0], ["mute", 60]]);
  assert.deepEqual(withRung(ladder, "notice", null).map((rung) => rung.step), ["mute"]);
});

Deno.test("every shortcut is one, and is listed in both languages", () => {
  const keys = Object.values(KEYS).map((one) => one.join(" "));
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(shortcutOf(["g", "r"]), "rooms");
  assert.equal(shortcutOf(["r"]), null);
  for (const words of [actsEn, actsTr]) {
    assert.deepEqual(Object.keys(words.keys.list).sort(), Object.keys(KEYS).sort());
  }
});
