import assert from "node:assert/strict";
import {
  FLOOR_DBFS,
  type LevelOf,
  limitOnMeter,
  parseLevels,
  PEAK_HOLD_MS,
  place,
  settled,
  soundsOf,
  switchesOf,
  told,
  weaknessOf,
  weakOf,
  zone,
} from "../src/model/levels.ts";

const level = (level_dbfs: number | null, user_id = "u1"): LevelOf => ({
  user_id,
  speaking: true,
  level_dbfs,
  microphone: "on",
  camera: "off",
});

Deno.test("a weak connection is shown while it is told, and nothing else is taken for one", () => {
  const person = (user_id: string, connection?: unknown) => ({
    user_id,
    speaking: false,
    level_dbfs: null,
    microphone: "on",
    camera: "off",
    ...(connection === undefined ? {} : { connection }),
  });
  const picture = parseLevels({
    people: [person("a", "lost"), person("b"), person("c", "fine")],
    complete: true,
  });
  assert.deepEqual(["a", "b", "c", "d"].map((id) => weaknessOf(picture, id)), ["lost", null, null, null]);
  assert.deepEqual(weakOf(picture), ["a"]);
});

Deno.test("a peak is held while the level falls, then falls to it", () => {
  const loud = told(new Map(), [level(-8)], 1_000);
  const soft = told(loud, [level(-30)], 1_500);
  assert.deepEqual([soft.get("u1")!.dbfs, soft.get("u1")!.peak], [-30, -8]);
  assert.equal(settled(soft, 1_000 + PEAK_HOLD_MS - 1), soft, "nothing to draw anew");
  assert.equal(settled(soft, 1_000 + PEAK_HOLD_MS).get("u1")!.peak, -30);
});

Deno.test("a louder level is the new peak at once", () => {
  const meters = told(told(new Map(), [level(-30)], 0), [level(-6)], 100);
  assert.equal(meters.get("u1")!.peak, -6);
});

Deno.test("anyone who is not named stays as they were; null takes the meter away", () => {
  const both = told(new Map(), [level(-20), level(-25, "u2")], 0);
  const one = told(both, [level(null)], 100);
  assert.deepEqual([...one.keys()], ["u2"]);
});

Deno.test("the scale ends at the floor and at full scale", () => {
  assert.deepEqual([FLOOR_DBFS, -90, -30, 0, 3].map(place), [0, 0, 50, 100, 100]);
});

Deno.test("a limit of loudness stands where a voice that comes from both speakers reaches it", () => {
  assert.equal(limitOnMeter(-9), -12);
});

Deno.test("over the threshold, near it, far from it", () => {
  assert.deepEqual([-11, -12, -14.9, -15].map((dbfs) => zone(dbfs, -12)), ["over", "near", "near", "low"]);
});

Deno.test("what is no message of levels is ignored", () => {
  assert.equal(parseLevels(null), null);
  assert.equal(parseLevels({ people: "everyone" }), null);
  const people = [level(-9), { user_id: 7 }, { ...level(-9), level_dbfs: "loud" }, {
    ...level(-9),
    camera: "?",
  }];
  assert.deepEqual(parseLevels({ people, complete: true }), { people: [level(-9)], complete: true });
});

Deno.test("anyone whom a whole picture does not name has everything off; otherwise nothing is known", () => {
  const people = [level(-9)];
  const off = { microphone: "off", camera: "off" };
  assert.equal(switchesOf({ people, complete: true }, "u1")?.microphone, "on");
  assert.deepEqual(switchesOf({ people, complete: true }, "u2"), off);
  assert.equal(switchesOf({ people, complete: false }, "u2"), null);
  assert.equal(switchesOf(null, "u1"), null);
});

Deno.test("each of somebody's sounds is shown, where it is not one microphone alone", () => {
  const tracks = [{ source: "screen_share_audio" as const, number: 0, speaking: false, level_dbfs: -20 }];
  const people = [{ ...level(-9), tracks }];
  assert.deepEqual(soundsOf({ people, complete: true }, "u1"), tracks);
  assert.deepEqual(soundsOf({ people: [level(-9)], complete: true }, "u1"), []);
  assert.deepEqual(soundsOf(null, "u1"), []);
});

Deno.test("the schema's own examples are understood", () => {
  const path = new URL("../../schemas/levels.schema.json", import.meta.url);
  const schema = JSON.parse(Deno.readTextFileSync(path));
  for (const example of schema.$defs.levels.examples) {
    assert.deepEqual(parseLevels(example), example);
  }
});
