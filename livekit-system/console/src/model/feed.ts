/** Incidents and events as sentences' raw material. Pure. */
import type { Incident, LiveEvent } from "./rows.ts";

export type Lang = "en" | "tr";

/** The rule's own sentence in the reader's language, if the agent wrote one. */
export function sentenceOf(incident: Incident, lang: Lang): string | null {
  const words = incident.measured["words"] as Partial<Record<Lang, unknown>> | undefined;
  const sentence = words?.[lang];
  return typeof sentence === "string" ? sentence : null;
}

/** What the rule decided, and for how long; null where the incident does not say. */
export function stepOf(incident: Incident): { step: string; seconds: number | null } | null {
  const { step, mute_seconds: seconds } = incident.measured;
  return typeof step === "string" ? { step, seconds: typeof seconds === "number" ? seconds : null } : null;
}

/** How it was decided, not what was measured. */
const NO_FIGURES = ["number", "mute_seconds"];

/** The numbers that made the rule fire, by name; `number` says only which of several sounds it was. */
export function figuresOf(incident: Incident): [name: string, value: number][] {
  return Object.entries(incident.measured)
    .filter((entry): entry is [string, number] =>
      typeof entry[1] === "number" && !NO_FIGURES.includes(entry[0])
    );
}

export function isRehearsal(incident: Incident): boolean {
  return incident.measured["observed_only"] === true;
}

/** Everyone whom an event speaks of. */
export function peopleIn(event: LiveEvent): string[] {
  return ["sender_id", "user_id"].map((key) => event.payload[key]).filter((id) => typeof id === "string");
}
