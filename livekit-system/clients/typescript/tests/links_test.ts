// Where a link or a push leads, of the package for React Native: pure, so it is tested here.

import { deepStrictEqual } from "node:assert";
import { placeOfLink, placeOfPush } from "../../react-native/src/links.ts";

const ID = "7d0f2b1e-5a0c-4a3e-9a58-2f7c1f6f1a11";
const session = { kind: "session", id: ID };

const LINKS: [string, unknown][] = [
  [`ipelya://live/${ID}`, session],
  [`https://ipelya.example/live/${ID}?from=mail`, session],
  [`https://ipelya.example/live/${ID.toUpperCase()}/`, session],
  [`ipelya://call/${ID}`, { kind: "call", id: ID }],
  [`ipelya://live/${ID}0`, null],
  [`ipelya://live/${ID}/../../account`, null],
  [`https://ipelya.example/other/live/${ID}`, null],
  ["ipelya://live/", null],
  ["", null],
];

for (const [link, place] of LINKS) {
  Deno.test(`a link ${link || "of nothing"} leads ${place === null ? "nowhere" : "there"}`, () => {
    deepStrictEqual(placeOfLink(link), place);
  });
}

Deno.test("a push leads by its kind and its id, and one of something else nowhere", () => {
  deepStrictEqual(placeOfPush({ kind: "went_live", id: ID }), session);
  deepStrictEqual(placeOfPush({ kind: "call_ringing", id: ID }), { kind: "call", id: ID });
  for (const data of [{ kind: "call_over", id: ID }, { kind: "went_live" }, { id: ID }, null, undefined]) {
    deepStrictEqual(placeOfPush(data), null);
  }
});
