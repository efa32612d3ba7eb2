/** The fields of a policy as somebody edits them: what is inherited, what is set here, and what the whole then is. Pure. */

/** A number as [default, lowest, highest], anything else as its default. */
export type FieldShape = [number, number, number] | boolean | string;
export type Section = Record<string, FieldShape>;
export type Shape = Record<string, FieldShape | Section | Rung[]>;
export type FieldValue = number | boolean | string;

export interface Rung {
  step: string;
  strikes: number;
  cooldown_seconds: number;
  seconds: number;
}

/** What a policy says of its own: only what differs from what it lies over. */
export type Own = { preset?: string; ladder?: Rung[] } & Record<string, unknown>;

export const STEPS = ["notice", "warning", "mute", "demote", "call_human"];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSection(value: Shape[string] | undefined): value is Section {
  return isObject(value);
}

/** A shape without its bounds. */
export function defaultsOf(shape: Shape): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(shape).map(([name, value]) => [
      name,
      isSection(value)
        ? defaultsOf(value)
        : Array.isArray(value) && typeof value[0] === "number"
        ? value[0]
        : value,
    ]),
  );
}

/** One policy over another: objects key by key, everything else, the ladder among it, as a whole. */
export function merged(
  base: Record<string, unknown>,
  over: Record<string, unknown>,
): Record<string, unknown> {
  const result = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const below = result[name];
    result[name] = isObject(below) && isObject(value) ? merged(below, value) : value;
  }
  return result;
}

/** A policy with the preset that it names written out below its own fields. */
export function withPreset(
  own: Own,
  presets: Record<string, Record<string, unknown>>,
): Record<string, unknown> {
  const { preset, ...rest } = own;
  return merged(preset === undefined ? {} : presets[preset] ?? {}, rest);
}

/** What holds below a policy that is edited: the defaults, and over them what it lies over. */
export function inheritedFrom(shape: Shape, over: Record<string, unknown>): Record<string, unknown> {
  return merged(defaultsOf(shape), over);
}

/** What a field says here; undefined where it is inherited. */
export function valueAt(policy: Record<string, unknown>, path: string[]): unknown {
  return path.reduce<unknown>((at, name) => isObject(at) ? at[name] : undefined, policy);
}

/** The policy with one field set, or inherited again; a section without fields of its own goes. */
export function withValue(own: Own, path: string[], value: FieldValue | undefined): Own {
  const [name, ...rest] = path as [string, ...string[]];
  const next: Own = { ...own };
  if (rest.length > 0) {
    const section = isObject(own[name]) ? own[name] : {};
    const changed = withValue(section as Own, rest, value);
    if (Object.keys(changed).length > 0) next[name] = changed;
    else delete next[name];
  } else if (value === undefined) delete next[name];
  else next[name] = value;
  return next;
}

/** The ladder with one rung changed, put in, or (null) taken out; in the order of the steps. */
export function withRung(ladder: Rung[], step: string, change: Partial<Rung> | null): Rung[] {
  const before = ladder.find((rung) => rung.step === step) ??
    { step, strikes: 1, cooldown_seconds: 5, seconds: step === "mute" ? 60 : 0 };
  const others = ladder.filter((rung) => rung.step !== step);
  const all = change === null ? others : [...others, { ...before, ...change }];
  return all.sort((one, other) => STEPS.indexOf(one.step) - STEPS.indexOf(other.step));
}

export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (!isObject(value)) return Array.isArray(value) ? value.map(sorted) : value;
  return Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([k, v]) => [k, sorted(v)]),
  );
}
