// Where a link or a push leads.

/** A session or a call; null for anything else. */
export type Place = { readonly kind: "session" | "call"; readonly id: string } | null;

const ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const LINK = new RegExp(`^(?:[a-z][a-z0-9+.-]*://)(?:[^/?#]+/)?(live|call)/(${ID})/?(?:[?#]|$)`, "i");

/** `ipelya://live/<id>`, `https://…/live/<id>`, and the same with `call`. */
export function placeOfLink(url: string): Place {
  const [, kind, id] = LINK.exec(url) ?? [];
  if (kind === undefined || id === undefined) return null;
  return { kind: kind.toLowerCase() === "live" ? "session" : "call", id: id.toLowerCase() };
}

const SESSIONS = new Set(["invited", "refunded", "session_moved", "session_cancelled", "session_soon", "went_live"]);

/** `data` of a push, as `push-send` words it. */
export function placeOfPush(data: Readonly<Record<string, unknown>> | null | undefined): Place {
  const { kind, id } = data ?? {};
  if (typeof kind !== "string" || typeof id !== "string") return null;
  if (kind === "call_ringing") return { kind: "call", id };
  return SESSIONS.has(kind) ? { kind: "session", id } : null;
}
