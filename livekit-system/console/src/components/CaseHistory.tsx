/** Owns: what has happened about a case: what was done and how fast, appeals and their answers, earlier cases. */
import type { CaseFile } from "../model/cases.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { describe, Status } from "./ActionLine.tsx";
import { ScrollList } from "./ScrollList.tsx";

export interface CaseHistoryProps {
  file: Pick<CaseFile, "actions" | "appeals" | "earlier" | "enforced_ms">;
  nameOf: (userId: string) => string;
}

export function CaseHistory({ file, nameOf }: CaseHistoryProps) {
  const links = useLinks();
  const { t, f } = useWords();
  const { actions, appeals, earlier } = file;
  const first = file.enforced_ms?.of_case ?? null;
  return (
    <>
      {actions.length > 0 && (
        <section>
          <h3>{t.file.actions}</h3>
          <ScrollList className="lc-feed" data-feed="case-actions">
            {actions.map((row) => (
              <li key={row.id} data-action={row.action}>
                <time dateTime={row.created_at}>{f.stamp(row.created_at)}</time>
                <div>
                  <span className="lc-what">{describe(row, t, f.length)}</span>
                  <span className="lc-sub">
                    {[
                      row.requested_by ? nameOf(row.requested_by) : t.action.via[row.requested_via],
                      row.reason_code,
                      row.reason,
                    ].filter(Boolean).join(" · ")}
                  </span>
                </div>
                <Status status={row.status} row={null} />
              </li>
            ))}
          </ScrollList>
          {first !== null && <p className="lc-sub">{t.file.firstAct(f.whole(first))}</p>}
        </section>
      )}
      {appeals.length > 0 && (
        <section>
          <h3>{t.file.appeals}</h3>
          <ScrollList className="lc-feed" data-feed="case-appeals">
            {appeals.map((appeal) => (
              <li key={appeal.id} data-decision={appeal.decision ?? "open"}>
                <time dateTime={appeal.created_at}>{f.stamp(appeal.created_at)}</time>
                <div>
                  <q>{appeal.text}</q>
                  <span className="lc-sub">
                    {[
                      appeal.decision === null ? t.appeals.open : t.appeals.decided[appeal.decision],
                      appeal.decided_by && nameOf(appeal.decided_by),
                      appeal.decided_alone && t.appeals.alone,
                      appeal.answer,
                    ].filter(Boolean).join(" · ")}
                  </span>
                </div>
              </li>
            ))}
          </ScrollList>
        </section>
      )}
      {earlier.length > 0 && (
        <section>
          <h3>{t.file.earlier}</h3>
          <ScrollList className="lc-feed">
            {earlier.map((one) => (
              <li key={one.id}>
                <time dateTime={one.opened_at}>{f.stamp(one.opened_at)}</time>
                <a href={links.caseFile(one.id)}>
                  {one.decision === "violation" || one.decision === "no_violation"
                    ? t.cases.decision[one.decision]
                    : t.cases.state.open}
                </a>
                <span className="lc-sub">{one.reason_code}</span>
              </li>
            ))}
          </ScrollList>
        </section>
      )}
    </>
  );
}
