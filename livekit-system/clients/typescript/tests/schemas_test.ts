// What the schemas say is what their examples and the packets of the vectors are.

import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { deepStrictEqual, ok } from "node:assert";
import type { LevelsPayload } from "../src/mod.ts";
import { TOPICS } from "../src/packet.ts";

const user_id = "22222222-0000-4000-8000-000000000002";
const time = "2026-11-23T12:00:00.000Z";
const levels: LevelsPayload = {
  people: [
    { user_id, speaking: true, level_dbfs: -21.5, microphone: "on", camera: "off" },
    { user_id, speaking: false, level_dbfs: null, microphone: "muted", camera: "on" },
  ],
  complete: true,
};

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false, strictTypes: false });
addFormats.default(ajv);
for (const name of ["live-event", "notice", "levels", "envelope", "body", "personal"]) {
  const file = new URL(`../../../schemas/${name}.schema.json`, import.meta.url);
  ajv.addSchema(JSON.parse(await Deno.readTextFile(file)));
}

function errorsOf(schema: string, value: unknown): unknown[] {
  const validate = ajv.getSchema(`${schema}.schema.json`)!;
  return validate(value) ? [] : validate.errors!;
}

function schemaOf(name: string): {
  properties: { type: { enum: string[] } };
  $defs: Record<string, { examples?: unknown[] }>;
} {
  return ajv.getSchema(`${name}.schema.json`)!.schema as ReturnType<typeof schemaOf>;
}

function message(schema: string, type: string, payload: unknown) {
  return { ...(schema === "live-event" && { seq: 1 }), id: "1", type, at: time, payload };
}

for (const schema of ["live-event", "notice", "levels", "personal"]) {
  Deno.test(`schema: the examples in ${schema} are examples of it, and nothing is one without its fields`, () => {
    for (const type of schemaOf(schema).properties.type.enum) {
      const examples = schemaOf(schema).$defs[type]!.examples ?? [];
      ok(examples.length > 0, `${type} has no example`);
      for (const payload of examples) deepStrictEqual(errorsOf(schema, message(schema, type, payload)), []);
      ok(errorsOf(schema, message(schema, type, {})).length > 0);
    }
  });
}

Deno.test("schema: levels are what TypeScript has", () => {
  deepStrictEqual(errorsOf("levels", message("levels", "levels", levels)), []);
});

/** Accepted by clients, which are lenient towards a newer server; not what a server of today may send. */
const AHEAD_OF_THE_SCHEMA = ["a type this client does not know"];

Deno.test("schema: every packet that clients accept is well-formed", async () => {
  const { packets } = JSON.parse(
    await Deno.readTextFile(new URL("../../vectors/packets.json", import.meta.url)),
  ) as { packets: { name: string; topic: string; payload?: string; expect: { outcome: string } }[] };
  const good = packets.filter(({ expect, name }) =>
    expect.outcome === "accepted" && !AHEAD_OF_THE_SCHEMA.includes(name)
  );
  deepStrictEqual(new Set(good.map(({ topic }) => topic)), new Set(TOPICS));
  for (const { name, payload } of good) {
    const envelope = JSON.parse(payload!) as { body: string };
    deepStrictEqual([name, errorsOf("envelope", envelope), errorsOf("body", JSON.parse(envelope.body))], [
      name,
      [],
      [],
    ]);
  }
});
