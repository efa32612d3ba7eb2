/** The policy of automatic moderation, as far as the console shows and switches it. Pure. */
import type { PolicyMode, PolicyOverride } from "./rows.ts";
import { POLICY_DEFAULTS } from "./rules.ts";

export const MODES: PolicyMode[] = ["off", "observe", "enforce"];

export function modeOf(policy: PolicyOverride | null | undefined): PolicyMode {
  return policy?.mode ?? POLICY_DEFAULTS.mode;
}

/** The short-term loudness above which someone is too loud, LUFS. */
export function thresholdOf(policy: PolicyOverride | null | undefined): number {
  return policy?.too_loud?.threshold_lufs ?? POLICY_DEFAULTS.too_loud.threshold_lufs;
}

/** The value to write so that the mode changes and every other override stays. */
export function withMode(value: unknown, mode: PolicyMode): Record<string, unknown> {
  const before = typeof value === "object" && value !== null ? value : {};
  return { ...before, mode };
}
