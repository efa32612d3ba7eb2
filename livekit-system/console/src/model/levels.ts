/**
 * Level meters. `live:levels:<session>` tells the RMS of the last 200 ms in dBFS (full scale = 1.0, so a full-scale
 * sine is at -3.01), whole dB, -60 at the bottom, and only when it changed by what an eye would notice: silence on the
 * topic means "as before". Pure.
 */

export const FLOOR_DBFS = -60;
/** How long a peak is held before it falls to the present level. */
export const PEAK_HOLD_MS = 2_000;

export interface Meter {
  dbfs: number;
  speaking: boolean;
  peak: number;
  peakAt: number;
}

export type Meters = ReadonlyMap<string, Meter>;

/** A message's payload as `schemas/levels.schema.json` has it; null when it is something else. */
export interface LevelOf {
  user_id: string;
  speaking: boolean;
  level_dbfs: number | null;
}

export function parseLevels(payload: unknown): LevelOf[] | null {
  const people = (payload as { people?: unknown } | null)?.people;
  if (!Array.isArray(people)) return null;
  return people.filter((person): person is LevelOf =>
    typeof person?.user_id === "string" && (person.level_dbfs === null || Number.isFinite(person.level_dbfs))
  );
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

export type Zone = "low" | "near" | "over";

/** Against the threshold: `near` within 3 dB below it. */
export function zone(dbfs: number, threshold: number): Zone {
  if (dbfs > threshold) return "over";
  return dbfs > threshold - 3 ? "near" : "low";
}
