/** Owns: reading the figures of usage, revenue and watch time. */
import { daysUpTo, monthsUpTo } from "../model/charts.ts";
import type { Performance, RevenueDay, UsageRow, WatchTime } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 60_000;
export const MONTHS = 6;
export const DAYS = 30;
const SESSIONS = 20;

export interface ReportsReading {
  today: string;
  /** Rows of each of the last months, oldest first. */
  usage: UsageRow[];
  revenue: RevenueDay[];
  watched: WatchTime[];
  sessions: Performance[];
}

export function useReports(): Live<ReportsReading> {
  const client = useSupabase();

  async function read(): Promise<ReportsReading> {
    const today = new Date().toISOString().slice(0, 10);
    const months = monthsUpTo(today, MONTHS).map((p_month) =>
      dataOf<UsageRow[]>(client.rpc("platform_usage", { p_month }))
    );
    const [usage, revenue, watched, sessions] = await Promise.all([
      Promise.all(months),
      dataOf<RevenueDay[]>(
        client.from("creator_revenue").select("*").gte("day", daysUpTo(today, DAYS)[0]!).limit(5_000),
      ),
      dataOf<WatchTime[]>(
        client.from("watch_time").select("user_id, creator_id, sessions, watch_seconds")
          .order("watch_seconds", { ascending: false }).limit(20),
      ),
      dataOf<Performance[]>(
        client.rpc("session_performance").order("started_at", { ascending: false, nullsFirst: false })
          .limit(SESSIONS),
      ),
    ]);
    await profilesOf(client, [
      ...revenue.map((row) => row.creator_id),
      ...watched.flatMap((row) => [row.user_id, row.creator_id]),
      ...sessions.map((row) => row.creator_id),
    ]);
    return { today, usage: usage.flat(), revenue, watched, sessions };
  }
  return useLive("reports", read, EVERY_MS);
}
