/** The policy of automatic moderation, as far as the console shows and switches it. Pure. */
import type { PolicyMode, PolicyOverride } from "./rows.ts";

export const MODES: PolicyMode[] = ["off", "observe", "enforce"];
/** What is shown while nothing is known: the database's defaults (`live.policy_shape`). */
const DEFAULT_MODE: PolicyMode = "observe";
const DEFAULT_THRESHOLD_LUFS = -9;

export function modeOf(policy: PolicyOverride | null | undefined): PolicyMode {
  return policy?.mode ?? DEFAULT_MODE;
}

/** The short-term loudness above which someone is too loud, LUFS. */
export function thresholdOf(policy: PolicyOverride | null | undefined): number {
  return policy?.too_loud?.threshold_lufs ?? DEFAULT_THRESHOLD_LUFS;
}

/** The value to write so that the mode changes and every other override stays. */
export function withMode(value: unknown, mode: PolicyMode): Record<string, unknown> {
  const before = typeof value === "object" && value !== null ? value : {};
  return { ...before, mode };
}
