/** Lengths of time as people read them. Pure: the present moment is an argument, in ms since 1970. */
import type { Time } from "./rows.ts";

/** Seconds from `from` until `to`, never negative; null without a beginning. */
export function secondsBetween(from: Time | null, to: number): number | null {
  return from === null ? null : Math.max(0, (to - Date.parse(from)) / 1000);
}

/** Seconds from now until a moment, never negative. */
export function secondsLeft(until: Time, now: number): number {
  return Math.max(0, (Date.parse(until) - now) / 1000);
}

/** `0:42`, `12:05`, `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.floor(Math.max(0, seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Whether a time limit still holds: `infinity` for ever, null never. */
export function holds(until: Time | null, now: number): boolean {
  return until === "infinity" || (until !== null && Date.parse(until) > now);
}

export type Freshness = "loading" | "fresh" | "stale";

/** How long an answer may take before what it would replace is old. */
const ANSWER_MS = 5_000;

/** How fresh a reading is: until the next one has failed, or should have been there. */
export function freshness(readAt: number | null, failed: boolean, now: number, everyMs: number): Freshness {
  if (readAt === null) return "loading";
  return !failed && now - readAt <= everyMs + ANSWER_MS ? "fresh" : "stale";
}
