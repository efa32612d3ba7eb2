/** Owns: one request for moderation as a line: what, whom, why, and what became of it. */
import type { ActionName, ActionStatus, AuditRow } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";
import type { Words } from "../texts/words.ts";
import { ScrollList } from "./ScrollList.tsx";
import { explain } from "./States.tsx";

type What = Pick<AuditRow, "action" | "params">;

/** `Mute, 5 min`, `Ban, All of this creator's`. */
export function describe({ action, params }: What, t: Words, length: (seconds: number) => string): string {
  const details = [
    params.seconds !== undefined ? length(params.seconds) : null,
    params.role !== undefined ? t.role[params.role] : null,
    params.mode !== undefined ? t.action.chatModeName[params.mode] : null,
    params.scope !== undefined ? t.action.scopeName[params.scope] : null,
    params.form !== undefined
      ? t.office.audit.taken(params.form, params.rows ?? 0, params.filters ?? "")
      : null,
  ].filter((detail) => detail !== null);
  return [t.action.name[action as ActionName], ...details].join(", ");
}

/** Why a row failed or was overtaken, in the reader's language. */
export function explainRow(row: Pick<AuditRow, "error_code" | "error">, t: Words): string {
  return explain({ kind: "refused", code: row.error_code, message: row.error ?? "" }, t);
}

/** Colour follows what became of it; the words say the same. */
export function Status({ status, row }: { status: ActionStatus; row: AuditRow | null }) {
  const { t, f } = useWords();
  const tone =
    { pending: "lc-wait", claimed: "lc-wait", applied: "lc-ok", failed: "lc-bad" }[status as string];
  return (
    <span className={`lc-status ${tone ?? "lc-muted"}`} data-status={status}>
      {row?.after?.invited && !row.dry_run ? t.action.invited : t.action.status[status]}
      {row?.enforce_ms != null && status === "applied" && (
        <span className="lc-ms">{t.action.ms(f.whole(row.enforce_ms))}</span>
      )}
    </span>
  );
}

export interface AuditListProps {
  rows: AuditRow[];
  /** Whether to name the target: not on that person's own page. */
  named: boolean;
  hrefOf: ((userId: string) => string) | null;
  nameOf: (userId: string) => string;
}

export function AuditList({ rows, named, hrefOf, nameOf }: AuditListProps) {
  const { t, f } = useWords();
  return (
    <ScrollList className="lc-feed">
      {rows.map((row) => (
        <li key={row.action_id} data-action={row.action}>
          <time dateTime={row.created_at}>{f.stamp(row.created_at)}</time>
          <div>
            <span className="lc-what">{describe(row, t, f.length)}</span>{" "}
            {named && <Target row={row} hrefOf={hrefOf} nameOf={nameOf} />}
            {row.dry_run && <span className="lc-tag">{t.action.dry}</span>}
            {row.undone_at !== null && <span className="lc-tag">{t.action.undone}</span>}
            <span className="lc-sub">
              {row.requested_by ? nameOf(row.requested_by) : t.action.via[row.requested_via]}
              {row.params.text && `: “${row.params.text}”`}
              {row.reason_code && ` · ${row.reason_code}`}
              {row.reason && ` · ${row.reason}`}
            </span>
            {row.error_code && <span className="lc-error">{explainRow(row, t)}</span>}
          </div>
          <Status status={row.status} row={row} />
        </li>
      ))}
    </ScrollList>
  );
}

function Target({ row, hrefOf, nameOf }: Omit<AuditListProps, "rows" | "named"> & { row: AuditRow }) {
  const { t } = useWords();
  if (row.target_user_id === null) return <span>{t.action.everyone}</span>;
  const name = nameOf(row.target_user_id);
  return hrefOf ? <a href={hrefOf(row.target_user_id)}>{name}</a> : <span>{name}</span>;
}
