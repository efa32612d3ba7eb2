/** Owns: reading the global audit: page by page by its filters, and all of it for a file. */
import type { SupabaseClient } from "@supabase/supabase-js";
import { useCallback } from "react";
import { type AuditFilters, boundsOf, CSV_COLUMNS, filtersOf, type FullAuditRow } from "../model/audit.ts";
import type { Card } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { AUDIT_COLUMNS } from "./columns.ts";
import { dataOf } from "./failure.ts";
import { learnCards, profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 10_000;
export const AUDIT_PAGE = 100;
const AT_ONCE = 1_000;
/** A file has so many rows at most. */
export const FILE_ROWS = 20_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
const COLUMNS = [...new Set([...AUDIT_COLUMNS.split(", "), ...CSV_COLUMNS])].join(", ");

export interface Audit {
  rows: Live<FullAuditRow[]>;
  /** All rows that fit, oldest last, as far as a file goes; `onRead` says how many there are so far. */
  all: (onRead: (rows: number) => void) => Promise<FullAuditRow[]>;
  /** Puts on record that rows are taken out; throws RequestError where that fails, and then nobody takes any. */
  record: (form: "csv" | "print", rows: number, sha256: string | null) => Promise<void>;
}

export function useAudit(filters: AuditFilters, rows: number): Audit {
  const client = useSupabase();

  async function read(): Promise<FullAuditRow[]> {
    const found = await some(client, filters, null, Math.min(rows, AT_ONCE));
    await profilesOf(
      client,
      found.flatMap((row) => [row.target_user_id ?? [], row.requested_by ?? []].flat()),
    );
    return found;
  }

  const all = useCallback(async (onRead: (rows: number) => void) => {
    const found: FullAuditRow[] = [];
    while (found.length < FILE_ROWS) {
      const next = await some(client, filters, found.at(-1)?.n ?? null, AT_ONCE);
      found.push(...next);
      onRead(found.length);
      if (next.length < AT_ONCE) break;
    }
    return found.slice(0, FILE_ROWS);
  }, [client, filters]);
  const record = useCallback(async (form: "csv" | "print", taken: number, sha256: string | null) => {
    const params = { form, rows: taken, filters: filtersOf(filters), ...(sha256 === null ? {} : { sha256 }) };
    await dataOf(
      client.from("moderation_actions").insert({ id: crypto.randomUUID(), action: "export_audit", params }),
    );
  }, [client, filters]);
  return { rows: useLive(`audit ${JSON.stringify(filters)} ${rows}`, read, EVERY_MS), all, record };
}

/** Newest first; `before`: only what is older than this place in the order. */
async function some(
  client: SupabaseClient,
  filters: AuditFilters,
  before: number | null,
  limit: number,
): Promise<FullAuditRow[]> {
  let asked = client.from("moderation_audit").select(COLUMNS);
  for (const [column, text] of [["target_user_id", filters.person], ["requested_by", filters.by]] as const) {
    if (text.trim() !== "") asked = asked.in(column, await idsOf(client, text));
  }
  const equal = {
    action: filters.action,
    requested_via: filters.via,
    status: filters.status,
    reason_code: filters.code,
    session_id: UUID.test(filters.session) ? filters.session : "",
  };
  for (const [column, value] of Object.entries(equal)) if (value !== "") asked = asked.eq(column, value);
  const { since, until } = boundsOf(filters.from, filters.to);
  if (since !== null) asked = asked.gte("created_at", since);
  if (until !== null) asked = asked.lt("created_at", until);
  if (filters.dry === "") asked = asked.eq("dry_run", false);
  if (before !== null) asked = asked.lt("n", before);
  return await dataOf(asked.order("n", { ascending: false }).limit(limit)) as unknown as FullAuditRow[];
}

/** Of everybody whom a name may mean; the id itself where it is one. */
async function idsOf(client: SupabaseClient, text: string): Promise<string[]> {
  const wanted = text.trim();
  if (UUID.test(wanted)) return [wanted];
  const found = await dataOf<Card[]>(client.rpc("find_people", { search: wanted, limit: 100 }));
  learnCards(found);
  return found.map((person) => person.id);
}
