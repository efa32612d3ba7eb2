/** The policy of automatic moderation, as far as the console shows and switches it. Pure. */
import type { PolicyMode, PolicyOverride } from "./rows.ts";

export const MODES: PolicyMode[] = ["off", "observe", "enforce"];
/** The agent's own defaults (`moderation/rules/policy.py`). */
const DEFAULT_MODE: PolicyMode = "observe";
const DEFAULT_THRESHOLD_LUFS = -12;

/** The mode that holds where later overrides win over earlier ones. */
export function modeOf(...overrides: (PolicyOverride | null | undefined)[]): PolicyMode {
  return overrides.reduce<PolicyMode>((mode, override) => override?.mode ?? mode, DEFAULT_MODE);
}

/** The short-term loudness above which someone is too loud, LUFS. */
export function thresholdOf(...overrides: (PolicyOverride | null | undefined)[]): number {
  return overrides.reduce(
    (lufs, override) => override?.too_loud?.threshold_lufs ?? lufs,
    DEFAULT_THRESHOLD_LUFS,
  );
}

/** The value to write so that the mode changes and every other override stays. */
export function withMode(value: unknown, mode: PolicyMode): Record<string, unknown> {
  const before = typeof value === "object" && value !== null ? value : {};
  return { ...before, mode };
}
