/** Owns: the inbox: what waits for a decision, the most urgent first. */
import { type Case, heldBy } from "../model/cases.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { ScrollList } from "./ScrollList.tsx";
import { Name, Title } from "./Title.tsx";

const TONE = { info: "", warning: "lc-tag-warn", critical: "lc-tag-bad" };

export interface CaseListProps {
  cases: Case[];
  chosen: string | null;
  me: string;
  now: number;
  nameOf: (userId: string) => string;
}

export function CaseList({ cases, chosen, me, now, nameOf }: CaseListProps) {
  const links = useLinks();
  const { t, f } = useWords();
  return (
    <ScrollList className="lc-feed lc-cases">
      {cases.map((one) => {
        const other = heldBy(one, me, now);
        return (
          <li key={one.id} data-case={one.id} data-severity={one.severity}>
            <time dateTime={one.opened_at}>{f.stamp(one.opened_at)}</time>
            <div>
              <a href={links.caseFile(one.id)} aria-current={chosen === one.id ? "true" : undefined}>
                <Name>{one.user_id ? nameOf(one.user_id) : t.cases.wholeSession}</Name>
              </a>{" "}
              <span className={`lc-tag ${TONE[one.severity]}`}>{t.cases.severity[one.severity]}</span>
              <span className="lc-sub">
                {one.session_id && one.title !== null && (
                  <>
                    <Title session={{ id: one.session_id, title: one.title }} /> ·{" "}
                  </>
                )}
                {[t.cases.source[one.source], one.reporters > 0 && t.cases.reporters(one.reporters)]
                  .filter(Boolean).join(" · ")}
              </span>
              {other && <span className="lc-sub lc-warn">{t.cases.held(nameOf(other))}</span>}
              {one.decision && <span className="lc-sub">{t.cases.decision[one.decision]}</span>}
            </div>
          </li>
        );
      })}
    </ScrollList>
  );
}
