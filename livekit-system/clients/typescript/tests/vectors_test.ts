// Every packet of the shared vectors gets the verdict that they state.

import { deepStrictEqual } from "node:assert";
import { type Vectors, verdictOf } from "./verdict.ts";

const file = new URL("../../vectors/packets.json", import.meta.url);
const vectors: Vectors = JSON.parse(await Deno.readTextFile(file));

for (const vector of vectors.packets) {
  Deno.test(`packet: ${vector.name}`, () => deepStrictEqual(verdictOf(vectors, vector), vector.expect));
}
