/**
 * Level meters and people's own switches. `live:levels:<session>` tells the RMS of the last 400 ms in dBFS (full scale =
 * 1.0, so a full-scale sine is at -3.01), whole dB, -60 at the bottom, and only when it changed by what an eye would
 * notice or a switch did; without a change the same again every 5 s. Pure.
 */

export const FLOOR_DBFS = -60;
/** How long a peak is held before it falls to the present level. */
export const PEAK_HOLD_MS = 2_000;

/** After so long without a message nothing is known any more: two in a row are missing. */
export const SILENT_MS = 12_000;

export interface Meter {
  dbfs: number;
  speaking: boolean;
  peak: number;
  peakAt: number;
}

export type Meters = ReadonlyMap<string, Meter>;

/** What somebody has set themselves; `muted` is published and sends nothing. */
export type Switch = "on" | "muted" | "off";
export const DEVICES = ["microphone", "camera"] as const;
export type Device = typeof DEVICES[number];
export type Switches = Record<Device, Switch>;

/** `lost`: nothing comes through. */
export type Weak = "poor" | "lost";

/** One of several sounds of a person. */
export interface SoundLevel {
  source: "microphone" | "screen_share_audio" | "camera" | "screen_share" | "unknown";
  number: number;
  speaking: boolean;
  level_dbfs: number;
}

export interface LevelOf extends Switches {
  user_id: string;
  speaking: boolean;
  level_dbfs: number | null;
  /** Only while LiveKit calls the connection weak; it says so of those alone who publish sound. */
  connection?: Weak;
  /** Each sound, where more is heard than one microphone. */
  tracks?: SoundLevel[];
}

/** A message's payload as `schemas/levels.schema.json` has it. */
export interface Picture {
  people: LevelOf[];
  /** Anyone who is not named publishes nothing. */
  complete: boolean;
}

/** Null when it is something else. */
export function parseLevels(payload: unknown): Picture | null {
  const { people, complete } = (payload ?? {}) as { people?: unknown; complete?: unknown };
  if (!Array.isArray(people)) return null;
  return { people: people.filter(isLevel), complete: complete === true };
}

function isLevel(person: Partial<LevelOf> | null): person is LevelOf {
  return typeof person?.user_id === "string" &&
    (person.level_dbfs === null || Number.isFinite(person.level_dbfs)) &&
    DEVICES.every((device) => ["on", "muted", "off"].includes(person[device] as string));
}

const ALL_OFF: Switches = { microphone: "off", camera: "off" };

/** Null when it is not known. */
export function switchesOf(picture: Picture | null, userId: string): Switches | null {
  const named = picture?.people.find((person) => person.user_id === userId);
  return named ?? (picture?.complete ? ALL_OFF : null);
}

/** How weak somebody's connection is; null: not weak, or not known. */
export function weaknessOf(picture: Picture | null, userId: string): Weak | null {
  const told = picture?.people.find((person) => person.user_id === userId)?.connection;
  return told === "poor" || told === "lost" ? told : null;
}

/** Everyone whose connection is weak. */
export function weakOf(picture: Picture | null): string[] {
  return (picture?.people ?? []).map((person) => person.user_id).filter((id) =>
    weaknessOf(picture, id) !== null
  );
}

/** What is heard from somebody, where it is not one microphone alone. */
export function soundsOf(picture: Picture | null, userId: string): SoundLevel[] {
  return picture?.people.find((person) => person.user_id === userId)?.tracks ?? [];
}

/** The meters after a message. Someone whose level is null is no longer heard and loses the meter. */
export function told(meters: Meters, levels: LevelOf[], now: number): Meters {
  const next = new Map(meters);
  for (const { user_id, speaking, level_dbfs } of levels) {
    if (level_dbfs === null) next.delete(user_id);
    else next.set(user_id, { dbfs: level_dbfs, speaking, ...peakAfter(next.get(user_id), level_dbfs, now) });
  }
  return next;
}

/** The meters a moment later: peaks that were held long enough fall. The same object when none does. */
export function settled(meters: Meters, now: number): Meters {
  const fallen = [...meters].filter(([, meter]) =>
    meter.peak > meter.dbfs && now - meter.peakAt >= PEAK_HOLD_MS
  );
  if (fallen.length === 0) return meters;
  const next = new Map(meters);
  for (const [who, meter] of fallen) next.set(who, { ...meter, peak: meter.dbfs, peakAt: now });
  return next;
}

function peakAfter(before: Meter | undefined, dbfs: number, now: number): Pick<Meter, "peak" | "peakAt"> {
  const held = before !== undefined && before.peak > dbfs && now - before.peakAt < PEAK_HOLD_MS;
  return held ? { peak: before.peak, peakAt: before.peakAt } : { peak: dbfs, peakAt: now };
}

/** Where a level stands on a meter, 0 to 100 %. */
export function place(dbfs: number): number {
  return (100 * (Math.min(0, Math.max(FLOOR_DBFS, dbfs)) - FLOOR_DBFS)) / -FLOOR_DBFS;
}

/**
 * Where a limit in LUFS stands on a meter of dBFS: loudness is of both speakers, from which a voice comes alike, and the
 * level is of one.
 */
export function limitOnMeter(lufs: number): number {
  return lufs - 3;
}

export type Zone = "low" | "near" | "over";

/** Against the threshold: `near` within 3 dB below it. */
export function zone(dbfs: number, threshold: number): Zone {
  if (dbfs > threshold) return "over";
  return dbfs > threshold - 3 ? "near" : "low";
}

/** Who is over the limit now, loudest first; at most as many as a list takes. */
export function loudOf(meters: Meters, limit: number): string[] {
  return [...meters]
    .filter(([, meter]) => meter.peak > limit)
    .sort(([, a], [, b]) => b.peak - a.peak)
    .slice(0, 20)
    .map(([who]) => who);
}
