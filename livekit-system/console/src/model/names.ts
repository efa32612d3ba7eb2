/**
 * What people and rooms are called on the screen: what is not seen is left out, what is left is bounded, and where nothing
 * is left there is something to click on. Pure.
 */

// Format and control characters (zero width, direction, joiners), and the marks over letters beyond two each.
const UNSEEN = /[\p{Cc}\p{Cf}\u115f\u1160\u3164\uffa0]/gu;
const PILED = /(\p{M}{2})\p{M}+/gu;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/u;
const SHORT_ID = 8;
const LONGEST = 80;

/** The part of a text that one can see; empty when there is none. */
export function visible(text: string | null | undefined): string {
  const seen = (text ?? "").replace(UNSEEN, "").replace(PILED, "$1").replace(/\s+/gu, " ").trim();
  return seen.length > LONGEST ? `${[...seen].slice(0, LONGEST).join("")}…` : seen;
}

export function shortId(id: string): string {
  return id.slice(0, SHORT_ID);
}

/** A text that another direction of writing cannot turn around: for sentences and labels, where no `<bdi>` can stand. */
export function isolated(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}

/** Somebody's name; the beginning of the id where none can be seen. */
export function calledOf(
  who: { display_name?: string | null; username?: string | null } | undefined,
  id: string,
): string {
  return isolated(visible(who?.display_name) || visible(who?.username) || shortId(id));
}

/** As names are compared: two that look alike are alike. */
export function folded(name: string): string {
  return visible(name).normalize("NFKD").replace(/\p{M}/gu, "").replaceAll("ı", "i").toLowerCase();
}
