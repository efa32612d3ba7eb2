// The schemas and the TypeScript types describe the same messages: these examples satisfy both, type by type.

import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { deepStrictEqual, ok } from "node:assert";
import type { EventPayloads, LevelsPayload, NoticePayloads } from "../src/mod.ts";
import { TOPICS } from "../src/packet.ts";

const user_id = "22222222-0000-4000-8000-000000000002";
const time = "2026-11-23T12:00:00.000Z";
const text = { en: "Hello", tr: "Merhaba" };
const gift = { sender_id: user_id, sender_name: "Gökçe", gift_code: "rose", coins: 30 };

const events: { [Type in keyof EventPayloads]: EventPayloads[Type] } = {
  gift: { gift_id: user_id, quantity: 3, ...gift },
  gift_combo: { gifts: 2, quantity: 3, first_seq: 1, last_seq: 2, ...gift },
  system: { kind: "announcement", text: "Merhaba" },
  role_changed: { user_id, role: "speaker", previous: "listener" },
  muted: { user_id: null, until: time },
  unmuted: { user_id },
  removed: { user_id },
  hand_raised: { user_id },
  hand_lowered: { user_id },
  session_ending: { ends_at: time, reason: "host_away" },
  session_resumed: { reason: "host_back" },
  session_ended: { reason: null },
  viewer_milestone: { viewers: 100 },
};

const notices: { [Type in keyof NoticePayloads]: NoticePayloads[Type] } = {
  warning: { text, rule: "too_loud", strikes: 1 },
  tip: { text, rule: "hum" },
  muted: { text, until: null },
  unmuted: { text },
  chat_muted: { text, until: time },
  chat_unmuted: { text },
  camera_off: { text },
  camera_on: { text },
  role_changed: { text, role: "host" },
  invited: { text, role: "speaker", expires_at: time },
  removed: { text, reason: "banned", until: null },
  access_ending: { text, ends_at: time },
};

const levels: { levels: LevelsPayload } = {
  levels: {
    people: [
      { user_id, speaking: true, level_dbfs: -21.5, microphone: "on", camera: "off" },
      { user_id, speaking: false, level_dbfs: null, microphone: "muted", camera: "on" },
    ],
    complete: true,
  },
};

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false, strictTypes: false });
addFormats.default(ajv);
for (const name of ["live-event", "notice", "levels", "envelope", "body"]) {
  const file = new URL(`../../../schemas/${name}.schema.json`, import.meta.url);
  ajv.addSchema(JSON.parse(await Deno.readTextFile(file)));
}

function errorsOf(schema: string, value: unknown): unknown[] {
  const validate = ajv.getSchema(`${schema}.schema.json`)!;
  return validate(value) ? [] : validate.errors!;
}

function typesOf(schema: string): string[] {
  const { properties } = ajv.getSchema(`${schema}.schema.json`)!.schema as {
    properties: { type: { enum: string[] } };
  };
  return properties.type.enum;
}

for (
  const [schema, examples, numbered] of [
    ["live-event", events, true],
    ["notice", notices, false],
    ["levels", levels, false],
  ] as const
) {
  Deno.test(`schema: ${schema} knows the types that TypeScript knows`, () => {
    deepStrictEqual(typesOf(schema).sort(), Object.keys(examples).sort());
  });
  for (const [type, payload] of Object.entries(examples)) {
    const message = { ...(numbered && { seq: 1 }), id: "1", type, at: time, payload };
    Deno.test(`schema: ${schema} accepts ${type}, and not without its fields`, () => {
      deepStrictEqual(errorsOf(schema, message), []);
      ok(errorsOf(schema, { ...message, payload: {} }).length > 0);
    });
  }
}

for (const schema of ["live-event", "notice", "levels"]) {
  Deno.test(`schema: the examples in ${schema} are examples of it`, () => {
    const { $defs } = ajv.getSchema(`${schema}.schema.json`)!.schema as {
      $defs: Record<string, { examples?: unknown[] }>;
    };
    for (const type of typesOf(schema)) {
      const examples = $defs[type]!.examples ?? [];
      ok(examples.length > 0, `${type} has no example`);
      for (const payload of examples) {
        const message = { ...(schema === "live-event" && { seq: 1 }), id: "1", type, at: time, payload };
        deepStrictEqual(errorsOf(schema, message), []);
      }
    }
  });
}

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
