/** The global audit: its filters, and its rows as a file that a court or a spreadsheet can read. Pure. */
import { ACTIONS } from "./action_list.ts";
import type { ActionStatus, AuditRow } from "./rows.ts";

/** As the address has them; empty: no filter. */
export const NO_FILTERS = {
  person: "",
  by: "",
  action: "",
  via: "",
  status: "",
  code: "",
  session: "",
  from: "",
  to: "",
  dry: "",
};
export type AuditFilters = typeof NO_FILTERS;

/** As the record of an export has them: `action=ban&by=Can`. */
export function filtersOf(filters: AuditFilters): string {
  const set = Object.entries(filters).filter(([, value]) => value !== "");
  return new URLSearchParams(set).toString().slice(0, 1000);
}

export const VIAS: AuditRow["requested_via"][] = ["ops", "app", "auto", "assistant"];
export const STATUSES: ActionStatus[] = ["pending", "claimed", "applied", "failed", "expired", "cancelled"];
export const ACTION_NAMES = Object.keys(ACTIONS);

/** A row of `moderation_audit` with all that the file has. */
export interface FullAuditRow extends AuditRow {
  target_username: string | null;
  requested_by_username: string | null;
  requested_rank: number;
  applied_at: string | null;
  undone_by: string | null;
}

export const CSV_COLUMNS = [
  "n",
  "created_at",
  "action_id",
  "action",
  "params",
  "target_user_id",
  "target_username",
  "session_id",
  "call_id",
  "requested_by",
  "requested_by_username",
  "requested_via",
  "requested_rank",
  "reason_code",
  "reason",
  "dry_run",
  "status",
  "error_code",
  "applied_at",
  "enforce_ms",
  "undone_at",
  "undone_by",
] as const satisfies (keyof FullAuditRow)[];

/** Comma-separated values as RFC 4180 has them, the names first. Times are in UTC. */
export function csvOf(rows: FullAuditRow[]): string {
  const line = (cells: unknown[]) => cells.map(cell).join(",");
  return [line([...CSV_COLUMNS]), ...rows.map((row) => line(CSV_COLUMNS.map((name) => valueOf(row, name))))]
    .map((one) => `${one}\r\n`).join("");
}

function valueOf(row: FullAuditRow, name: typeof CSV_COLUMNS[number]): unknown {
  const value = row[name];
  if (name.endsWith("_at") && typeof value === "string") return new Date(value).toISOString();
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  // What people wrote must not be a formula for the spreadsheet that opens it.
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The moments between which a day or several days lie, in the reader's zone. */
export function boundsOf(from: string, to: string): { since: string | null; until: string | null } {
  const start = (day: string, more: number) => {
    const [year, month, date] = day.split("-").map(Number);
    return /^\d{4}-\d\d-\d\d$/.test(day) ? new Date(year!, month! - 1, date! + more).toISOString() : null;
  };
  return { since: start(from, 0), until: start(to, 1) };
}
