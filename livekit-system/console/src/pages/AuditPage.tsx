/** Owns: the global audit: filtered in the address, saved as CSV, printed with what one would need to check it. */
import { useEffect, useMemo, useState } from "react";
import { describe, explainRow, Status } from "../components/ActionLine.tsx";
import { AuditTools } from "../components/AuditTools.tsx";
import { type Column, FigureTable } from "../components/FigureTable.tsx";
import { Empty, explain, Freshness, Reading } from "../components/States.tsx";
import { Name } from "../components/Title.tsx";
import { failureFrom } from "../data/failure.ts";
import { isAlike, nameFor } from "../data/names.ts";
import { AUDIT_PAGE, FILE_ROWS, useAudit } from "../data/useAudit.ts";
import { useReasonCodes } from "../data/useReasonCodes.ts";
import { type AuditFilters, csvOf, type FullAuditRow, NO_FILTERS } from "../model/audit.ts";
import { shortId } from "../model/names.ts";
import { useParams } from "../params.ts";
import { type Links, useLinks } from "../route.ts";
import { useWords, type Vocabulary } from "../texts/useWords.ts";

const VIEW = { ...NO_FILTERS, rows: String(AUDIT_PAGE) };
const MOST_SHOWN = 1_000;

export function AuditPage({ email }: { email: string }) {
  const links = useLinks();
  const words = useWords();
  const { t, f } = words;
  const [{ rows: wanted, ...given }, setParams] = useParams(VIEW);
  const key = JSON.stringify(given);
  const filters = useMemo(() => JSON.parse(key) as AuditFilters, [key]);
  const limit = Number(wanted) || AUDIT_PAGE;
  const audit = useAudit(filters, limit);
  const codes = useReasonCodes();
  const [note, setNote] = useState<string | null>(null);
  const [taken, setTaken] = useState<Taken | null>(null);
  const print = taken?.view === `${key} ${limit}` ? taken : null;
  // Only once it stands on the page, and only while that is the page: who went elsewhere meanwhile prints nothing.
  useEffect(() => {
    if (print === null) return;
    const over = () => setTaken(null);
    addEventListener("afterprint", over);
    globalThis.print();
    return () => removeEventListener("afterprint", over);
  }, [print]);
  // What goes on paper is what its checksum is of, whatever is read anew meanwhile.
  const shown = print === null ? audit.rows : { ...audit.rows, data: print.rows };

  async function save() {
    try {
      const rows = await audit.all((read) => setNote(t.office.audit.preparing(f.whole(read))));
      const file = csvOf(rows);
      await audit.record("csv", rows.length, await digestOf(file));
      download(file, `audit-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}Z.csv`);
      setNote(rows.length >= FILE_ROWS ? t.office.audit.cut(f.whole(FILE_ROWS)) : null);
    } catch (error) {
      setNote(explain(failureFrom(error), t));
    }
  }

  async function printIt(rows: FullAuditRow[]) {
    try {
      const digest = await digestOf(csvOf(rows));
      await audit.record("print", rows.length, digest);
      setTaken({ view: `${key} ${limit}`, at: Date.now(), digest, rows });
    } catch (error) {
      setNote(explain(failureFrom(error), t));
    }
  }

  return (
    <>
      <div className="lc-title">
        <h1>{t.office.audit.title}</h1>
        <Freshness of={audit.rows} />
      </div>
      <AuditTools
        filters={filters}
        codes={codes}
        onChange={(change) => setParams({ rows: VIEW.rows, ...change })}
      />
      {note && <p className="lc-note" role="status">{note}</p>}
      <Reading of={shown}>
        {(rows) => (
          <>
            <div className="lc-buttons lc-spread lc-no-print">
              <span className="lc-sub" role="status">{t.office.audit.rows(f.whole(rows.length))}</span>
              <button type="button" className="lc-button" onClick={() => void save()}>
                {t.office.audit.csv}
              </button>
              <button type="button" className="lc-button" onClick={() => void printIt(rows)}>
                {t.office.audit.print}
              </button>
            </div>
            <p className="lc-sub lc-no-print">{t.office.audit.onRecord}</p>
            {print && <Printed {...print} email={email} filters={filters} />}
            {rows.length === 0 ? <Empty>{t.office.audit.none}</Empty> : (
              <FigureTable
                caption={t.office.audit.title}
                columns={columnsOf(words, links)}
                rows={rows}
                keyOf={(row) => row.action_id}
              />
            )}
            {rows.length === limit && limit < MOST_SHOWN && (
              <button
                type="button"
                className="lc-button lc-no-print"
                onClick={() => setParams({ rows: String(Math.min(MOST_SHOWN, limit + AUDIT_PAGE)) })}
              >
                {t.office.audit.more}
              </button>
            )}
          </>
        )}
      </Reading>
    </>
  );
}

function columnsOf({ t, f, lang }: Vocabulary, links: Links): Column<FullAuditRow>[] {
  const words = t.office.audit;
  const person = (id: string | null, username: string | null) =>
    id && (
      <a href={links.person(id)}>
        <Name>{username && !isAlike(id) ? `${nameFor(id)} @${username}` : nameFor(id)}</Name>
      </a>
    );
  return [
    {
      name: words.column.when,
      of: (row) => <time dateTime={row.created_at}>{f.exact(row.created_at)}</time>,
    },
    {
      name: words.column.what,
      of: (row) => (
        <span data-action={row.action}>
          {describe(row, t, f.length)} {row.dry_run && <span className="lc-tag">{t.action.dry}</span>}
        </span>
      ),
    },
    {
      name: words.column.whom,
      of: (row) => person(row.target_user_id, row.target_username) ?? t.action.everyone,
    },
    {
      name: words.column.where,
      of: (row) =>
        row.session_id
          ? <a href={links.room(row.session_id)}>{words.room(shortId(row.session_id))}</a>
          : row.call_id
          ? words.inCall
          : words.onPlatform,
    },
    {
      name: words.column.who,
      of: (row) => (
        <>
          {person(row.requested_by, row.requested_by_username)}{" "}
          <span className="lc-muted">{t.action.via[row.requested_via]}</span>
        </>
      ),
    },
    {
      name: words.column.why,
      of: (row) => [row.reason_code, row.reason].filter(Boolean).join(" · "),
    },
    {
      name: words.column.became,
      of: (row) => (
        <>
          <Status status={row.status} row={row} />
          {row.error_code && <span className="lc-sub">{explainRow(row, t)}</span>}
          {row.undone_at && <span className="lc-sub" lang={lang}>{words.undone(f.exact(row.undone_at))}
          </span>}
        </>
      ),
    },
  ];
}

/** Rows that were taken out on paper, of which view of the page, when. */
interface Taken {
  view: string;
  at: number;
  digest: string | null;
  rows: FullAuditRow[];
}

type PrintedProps = Omit<Taken, "view"> & { email: string; filters: AuditFilters };

/** Above the rows on paper: who printed when, which rows these are, and by what they can be checked. */
function Printed({ at, digest, email, filters, rows }: PrintedProps) {
  const { t, f } = useWords();
  const words = t.office.audit;
  const set = Object.entries(filters).filter(([, value]) => value !== "").map((one) => one.join("="));
  return (
    <div className="lc-printed">
      <p>{words.printed(f.exact(at), email)} · {words.rows(f.whole(rows.length))}</p>
      <p>{words.filters}: {set.join(", ") || words.any}</p>
      {digest && (
        <p>
          {words.digest}: <code>{digest}</code>
        </p>
      )}
    </div>
  );
}

function download(text: string, name: string) {
  // A spreadsheet knows by the mark that it is UTF-8.
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Null where the browser has no cryptography: an address without TLS. */
async function digestOf(text: string): Promise<string | null> {
  if (!globalThis.crypto.subtle) return null;
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
