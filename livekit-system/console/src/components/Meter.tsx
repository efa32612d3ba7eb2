/** Owns: one level meter: the level, its held peak, and the policy's threshold, on a scale from -60 to 0 dBFS. */
import { FLOOR_DBFS, type Meter as Level, place, zone } from "../model/levels.ts";
import { useWords } from "../texts/useWords.ts";

export interface MeterProps {
  name: string;
  /** Null while nothing is heard from this person. */
  level: Level | null;
  /** LUFS; drawn at its number, since RMS in dBFS and LUFS differ by little for a voice. */
  threshold: number;
}

const TICKS = [-48, -36, -24, -12];

export function Meter({ name, level, threshold }: MeterProps) {
  const { t } = useWords();
  const dbfs = level?.dbfs ?? FLOOR_DBFS;
  const sign = (value: number) => String(value).replace("-", "−");
  const says = level === null
    ? t.room.notHeard
    : `${t.room.level(sign(dbfs))}${level.speaking ? `, ${t.room.speaking}` : ""}`;
  return (
    <div
      className={`lc-meter lc-meter-${zone(dbfs, threshold)}${level?.speaking ? " lc-speaking" : ""}`}
      role="meter"
      aria-label={t.room.levelOf(name)}
      aria-valuemin={FLOOR_DBFS}
      aria-valuemax={0}
      aria-valuenow={dbfs}
      aria-valuetext={says}
      data-dbfs={level === null ? "" : dbfs}
    >
      <div className="lc-meter-track">
        {TICKS.map((tick) => <i key={tick} className="lc-meter-tick" style={{ left: `${place(tick)}%` }} />)}
        <i className="lc-meter-bar" style={{ width: `${place(dbfs)}%` }} />
        {level !== null && level.peak > FLOOR_DBFS && (
          <i
            className={`lc-meter-peak lc-meter-${zone(level.peak, threshold)}`}
            style={{ left: `${place(level.peak)}%` }}
          />
        )}
        <i className="lc-meter-limit" style={{ left: `${place(threshold)}%` }} />
      </div>
      <span className="lc-meter-figure" aria-hidden="true">{level === null ? "" : sign(dbfs)}</span>
    </div>
  );
}
