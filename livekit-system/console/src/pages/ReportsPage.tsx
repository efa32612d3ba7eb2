/** Owns: the page of usage and reports. */
import { ColumnChart, UsageCard } from "../components/Charts.tsx";
import { type Column, FigureTable } from "../components/FigureTable.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { Title } from "../components/Title.tsx";
import { nameFor } from "../data/names.ts";
import { DAYS, type ReportsReading, useReports } from "../data/useReports.ts";
import { daysUpTo } from "../model/charts.ts";
import type { Performance, RevenueDay, UsageRow, WatchTime } from "../model/rows.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";

const MEASURES: UsageRow["measure"][] = ["concurrent_participants", "connection_minutes", "downstream_gb"];

export function ReportsPage() {
  const { t } = useWords();
  const reports = useReports();
  return (
    <>
      <div className="lc-title">
        <h1>{t.reports.title}</h1>
        <Freshness of={reports} />
      </div>
      <Reading of={reports}>
        {(reading) => (
          <>
            <Usage usage={reading.usage} />
            <Revenue reading={reading} />
            <div className="lc-columns">
              <Watched rows={reading.watched} />
              <Recent rows={reading.sessions} />
            </div>
          </>
        )}
      </Reading>
    </>
  );
}

function Usage({ usage }: { usage: UsageRow[] }) {
  const { t } = useWords();
  return (
    <section>
      <h2>{t.reports.plan(usage.at(-1)?.plan ?? "")}</h2>
      <div className="lc-cards">
        {MEASURES.map((measure) => (
          <UsageCard
            key={measure}
            rows={usage.filter((row) => row.measure === measure)}
          />
        ))}
      </div>
      <p className="lc-sub">{t.reports.planNote}</p>
    </section>
  );
}

function Revenue({ reading: { revenue, today } }: { reading: ReportsReading }) {
  const { t, f } = useWords();
  const days = daysUpTo(today, DAYS);
  const ofDay = days.map((day) =>
    revenue.filter((row) => row.day === day).reduce((sum, row) => sum + row.total_coins, 0)
  );
  const columns: Column<RevenueDay>[] = [
    { name: t.reports.creator, of: (row) => nameFor(row.creator_id) },
    { name: t.reports.gifts, of: (row) => f.whole(row.gift_coins), number: true },
    { name: t.reports.tickets, of: (row) => f.whole(row.ticket_coins), number: true },
    { name: t.reports.refunds, of: (row) => f.whole(row.refunded_coins), number: true },
    { name: t.reports.total, of: (row) => f.whole(row.total_coins), number: true },
  ];
  return (
    <section className="lc-panel">
      <h2>{t.reports.revenue}</h2>
      {revenue.length === 0 ? <Empty>{t.reports.noRevenue}</Empty> : (
        <div className="lc-revenue">
          <ColumnChart
            label={t.reports.revenue}
            values={ofDay}
            names={days.map(f.day)}
            says={days.map((day, i) => t.reports.revenueOn(f.day(day), f.whole(ofDay[i] ?? 0)))}
            limit={0}
            every={7}
            width={520}
          />
          <FigureTable
            caption={t.reports.byCreator}
            columns={columns}
            rows={byCreator(revenue)}
            keyOf={(row) => row.creator_id}
          />
        </div>
      )}
    </section>
  );
}

/** The sum of each creator's days, most first. */
function byCreator(days: RevenueDay[]): RevenueDay[] {
  const sums = new Map<string, RevenueDay>();
  for (const day of days) {
    const sum = sums.get(day.creator_id);
    if (sum === undefined) {
      sums.set(day.creator_id, { ...day });
      continue;
    }
    sum.gift_coins += day.gift_coins;
    sum.ticket_coins += day.ticket_coins;
    sum.refunded_coins += day.refunded_coins;
    sum.total_coins += day.total_coins;
  }
  return [...sums.values()].sort((a, b) => b.total_coins - a.total_coins);
}

function Watched({ rows }: { rows: WatchTime[] }) {
  const links = useLinks();
  const { t, f } = useWords();
  const columns: Column<WatchTime>[] = [
    { name: t.reports.viewer, of: (row) => <a href={links.person(row.user_id)}>{nameFor(row.user_id)}</a> },
    { name: t.reports.creator, of: (row) => nameFor(row.creator_id) },
    { name: t.reports.sessions, of: (row) => f.whole(row.sessions), number: true },
    { name: t.reports.time, of: (row) => f.length(row.watch_seconds), number: true },
  ];
  return (
    <section className="lc-panel">
      <h2 id="watch">{t.reports.watch}</h2>
      {rows.length === 0 ? <Empty>{t.reports.noWatch}</Empty> : (
        <FigureTable
          caption={t.reports.watch}
          columns={columns}
          rows={rows}
          keyOf={(row) => row.user_id + row.creator_id}
        />
      )}
    </section>
  );
}

function Recent({ rows }: { rows: Performance[] }) {
  const links = useLinks();
  const { t, f } = useWords();
  const columns: Column<Performance>[] = [
    {
      name: t.reports.session,
      of: (row) => (
        <a href={links.room(row.session_id)}>
          <Title session={{ id: row.session_id, title: row.title }} />
        </a>
      ),
    },
    { name: t.reports.people, of: (row) => f.whole(row.people), number: true },
    { name: t.reports.peak, of: (row) => f.whole(row.peak_viewers), number: true },
    { name: t.reports.time, of: (row) => f.length(row.duration_seconds ?? 0), number: true },
    { name: t.reports.coins, of: (row) => f.whole(row.total_coins), number: true },
  ];
  return (
    <section className="lc-panel">
      <h2>{t.reports.recent}</h2>
      {rows.length === 0 ? <Empty>{t.feed.noEvents}</Empty> : (
        <FigureTable
          caption={t.reports.recent}
          columns={columns}
          rows={rows}
          keyOf={(row) => row.session_id}
        />
      )}
    </section>
  );
}
