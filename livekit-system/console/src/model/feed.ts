/** Incidents and events as sentences' raw material. Pure. */
import type { Incident, LiveEvent } from "./rows.ts";

export type Lang = "en" | "tr";

/** The rule's own sentence in the reader's language, if the agent wrote one. */
export function sentenceOf(incident: Incident, lang: Lang): string | null {
  const words = incident.measured["words"] as Partial<Record<Lang, unknown>> | undefined;
  const sentence = words?.[lang];
  return typeof sentence === "string" ? sentence : null;
}

/** The numbers that made the rule fire, by name; `number` says only which of several sounds it was. */
export function figuresOf(incident: Incident): [name: string, value: number][] {
  return Object.entries(incident.measured)
    .filter((entry): entry is [string, number] => typeof entry[1] === "number" && entry[0] !== "number");
}

export function isRehearsal(incident: Incident): boolean {
  return incident.measured["observed_only"] === true;
}

/** Everyone whom an event speaks of. */
export function peopleIn(event: LiveEvent): string[] {
  return ["sender_id", "user_id"].map((key) => event.payload[key]).filter((id) => typeof id === "string");
}
