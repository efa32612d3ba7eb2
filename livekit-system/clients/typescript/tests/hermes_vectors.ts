// The shared vectors under Hermes' own command line, which has `print` and no more. tests/app/hermes.py bundles and runs it.

import vectors from "../../vectors/packets.json" with { type: "json" };
import { type Vectors, verdictOf } from "./verdict.ts";

declare const print: (line: string) => void;

/** The same whatever the order of keys. */
function told(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, inner) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
  );
}

const all = vectors as unknown as Vectors;
let wrong = 0;
for (const vector of all.packets) {
  const found = told(verdictOf(all, vector));
  if (found === told(vector.expect)) continue;
  wrong += 1;
  print(`${vector.name}: ${found} instead of ${told(vector.expect)}`);
}
print(`${all.packets.length - wrong} passed, ${wrong} failed`);
