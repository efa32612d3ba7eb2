/** Owns: which page an address shows. Addresses live behind `#`, so that any static server will do. */

export type Route =
  | { page: "rooms" }
  | { page: "room"; id: string }
  | { page: "people" }
  | { page: "person"; id: string }
  | { page: "cases" }
  | { page: "case"; id: string }
  | { page: "switches" }
  | { page: "reports" };

const ID = /^[0-9a-f-]{36}$/;

/** The page that `location.hash` names; the list of rooms when it names none. */
export function routeOf(hash: string): Route {
  const [page, id = ""] = hash.split("?")[0]!.replace(/^#\/?/, "").split("/");
  if (page === "rooms" && ID.test(id)) return { page: "room", id };
  if (page === "people" && ID.test(id)) return { page: "person", id };
  if (page === "cases" && ID.test(id)) return { page: "case", id };
  if (page === "people" || page === "cases" || page === "switches" || page === "reports") return { page };
  return { page: "rooms" };
}

export const links = {
  rooms: "#/rooms",
  room: (id: string) => `#/rooms/${id}`,
  people: "#/people",
  person: (id: string) => `#/people/${id}`,
  cases: "#/cases",
  caseFile: (id: string) => `#/cases/${id}`,
  switches: "#/switches",
  reports: "#/reports",
};
