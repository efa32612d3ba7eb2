/** The geometry of the hand-drawn charts. Pure. */

/** The smallest 1, 2 or 5 times a power of ten that is not below `value`; 1 at least. */
export function niceTop(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= value)!;
}

export interface Column {
  x: number;
  width: number;
  y: number;
  height: number;
}

/** Columns in a box of this size, their feet on its floor; a gap of a quarter between them. */
export function columns(values: number[], top: number, width: number, height: number): Column[] {
  const step = width / Math.max(1, values.length);
  return values.map((value, i) => {
    const tall = (Math.min(value, top) / top) * height;
    return { x: i * step + step / 8, width: step * 0.75, y: height - tall, height: tall };
  });
}

/** The days up to and with `last` (`2026-11-23`), oldest first. */
export function daysUpTo(last: string, count: number): string[] {
  const end = Date.parse(`${last}T00:00:00Z`);
  return Array.from(
    { length: count },
    (_, i) => new Date(end - (count - 1 - i) * 86_400_000).toISOString().slice(0, 10),
  );
}

/** First days of the months up to and with that of `last`, oldest first. */
export function monthsUpTo(last: string, count: number): string[] {
  const [year = 1970, month = 1] = last.split("-").map(Number);
  return Array.from(
    { length: count },
    (_, i) => new Date(Date.UTC(year, month - 1 - (count - 1 - i), 1)).toISOString().slice(0, 10),
  );
}
