/** Owns: which page an address shows. Addresses live behind `#`, so that any static server will do; another app says its own. */
import { createContext, useContext } from "react";

export type Route =
  | { page: "rooms" }
  | { page: "room"; id: string }
  | { page: "people" }
  | { page: "calls" }
  | { page: "shift" }
  | { page: "audit" }
  | { page: "policy"; id: string | null }
  | { page: "keys" }
  | { page: "person"; id: string }
  | { page: "cases" }
  | { page: "case"; id: string }
  | { page: "wall" }
  | { page: "appeals" }
  | { page: "words" }
  | { page: "recordings" }
  | { page: "mine" }
  | { page: "switches" }
  | { page: "reports" };

/** Pages without an id. */
const PLAIN = [
  "wall",
  "people",
  "cases",
  "appeals",
  "words",
  "recordings",
  "mine",
  "calls",
  "shift",
  "audit",
  "keys",
  "switches",
  "reports",
] as const;
const ID = /^[0-9a-f-]{36}$/;

/** The page that `location.hash` names; the list of rooms when it names none. */
export function routeOf(hash: string): Route {
  const [page, id = ""] = hash.split("?")[0]!.replace(/^#\/?/, "").split("/");
  if (page === "rooms" && ID.test(id)) return { page: "room", id };
  if (page === "people" && ID.test(id)) return { page: "person", id };
  if (page === "cases" && ID.test(id)) return { page: "case", id };
  if (page === "policy") return { page, id: ID.test(id) ? id : null };
  const plain = PLAIN.find((one) => one === page);
  return { page: plain ?? "rooms" };
}

export const links = {
  rooms: "#/rooms",
  room: (id: string) => `#/rooms/${id}`,
  people: "#/people",
  person: (id: string) => `#/people/${id}`,
  cases: "#/cases",
  caseFile: (id: string) => `#/cases/${id}`,
  wall: "#/wall",
  appeals: "#/appeals",
  words: "#/words",
  recordings: "#/recordings",
  mine: "#/mine",
  calls: "#/calls",
  shift: "#/shift",
  audit: "#/audit",
  keys: "#/keys",
  policy: "#/policy",
  policyOf: (id: string) => `#/policy/${id}`,
  switches: "#/switches",
  reports: "#/reports",
};

export type Links = typeof links;

/** Where pages stand. */
export const LinksContext = createContext<Links>(links);

export function useLinks(): Links {
  return useContext(LinksContext);
}
