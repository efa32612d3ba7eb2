/** Owns: the charts, drawn by hand: the plan's use over months against its limit, and coins over days. */
import { columns, niceTop } from "../model/charts.ts";
import type { UsageRow } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";

const LEVEL_TONE = { ok: "lc-ok", warning: "lc-warn", exceeded: "lc-bad" };

/** One measure of the plan: this month as a figure and a bar, the last months as columns under the limit. */
export function UsageCard({ rows }: { rows: UsageRow[] }) {
  const { t, f } = useWords();
  const latest = rows.at(-1);
  if (latest === undefined) return null;
  const number = (
    value: number,
  ) => (value < 10 && !Number.isInteger(value) ? f.level(value) : f.whole(value));
  const share = Math.min(1, latest.ratio ?? 0);
  const limit = latest.plan_limit ?? 0;
  const label = t.reports.measure[latest.measure];
  return (
    <section className="lc-card" aria-label={label} data-measure={latest.measure}>
      <h3>{label}</h3>
      <p className="lc-figure">{number(latest.used)}</p>
      <div className="lc-bar" aria-hidden="true">
        <i className={`lc-fill-${latest.level}`} style={{ width: `${Math.max(0.5, share * 100)}%` }} />
      </div>
      <p className="lc-sub">
        {t.reports.of(number(latest.used), number(limit))} ·{" "}
        <span className={LEVEL_TONE[latest.level]}>{t.reports.level[latest.level]}</span>
      </p>
      <ColumnChart
        label={`${label}, ${t.reports.months}`}
        values={rows.map((row) => row.used)}
        names={rows.map((row) => f.month(row.month))}
        says={rows.map((row) => `${f.month(row.month)}: ${number(row.used)}`)}
        limit={limit}
        every={1}
        width={320}
      />
    </section>
  );
}

export interface ColumnChartProps {
  label: string;
  values: number[];
  names: string[];
  /** What a column says when pointed at. */
  says: string[];
  /** Drawn as a dashed line; 0 for none. */
  limit: number;
  /** Name every n-th column. */
  every: number;
  /** Of the drawing, in its own units; letters are 10 high. */
  width: number;
}

const [HEIGHT, FOOT, TOP] = [84, 16, 12];

export function ColumnChart({ label, values, names, says, limit, every, width }: ColumnChartProps) {
  const { t, f } = useWords();
  const most = Math.max(0, ...values);
  // A limit far above what is used would flatten every column: then the line is left out, and the bar tells.
  const showsLimit = limit > 0 && limit <= most * 8;
  const top = showsLimit ? Math.max(niceTop(most), limit * 1.05) : niceTop(most);
  const drawn = columns(values, top, width, HEIGHT);
  const line = TOP + HEIGHT - (limit / top) * HEIGHT;
  return (
    <svg
      className="lc-chart"
      viewBox={`0 0 ${width} ${TOP + HEIGHT + FOOT}`}
      role="img"
      aria-label={`${label}: ${says.join(", ")}`}
    >
      <line className="lc-axis" x1="0" x2={width} y1={TOP + HEIGHT} y2={TOP + HEIGHT} />
      <text x="0" y="9">{f.whole(top)}</text>
      {drawn.map((column, i) => (
        <g key={names[i]}>
          <title>{says[i]}</title>
          <rect x={column.x} y={TOP + column.y} width={column.width} height={column.height} rx="1.5" />
          {i % every === 0 && (
            <text
              x={i > 0.9 * names.length ? column.x + column.width : column.x}
              y={TOP + HEIGHT + 12}
              textAnchor={i > 0.9 * names.length ? "end" : "start"}
            >
              {names[i]}
            </text>
          )}
        </g>
      ))}
      {showsLimit && (
        <g className="lc-limit">
          <line x1="0" x2={width} y1={line} y2={line} />
          <text x={width} y={line - 3} textAnchor="end">{t.reports.limitLine}</text>
        </g>
      )}
    </svg>
  );
}
