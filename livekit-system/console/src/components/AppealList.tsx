/** Owns: the open appeals, the oldest first, and the answer to one. */
import { useState } from "react";
import type { Appeals } from "../data/useAppeals.ts";
import type { Failure } from "../data/failure.ts";
import { useTyped } from "../data/typed.ts";
import type { Appeal } from "../model/appeals.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { describe } from "./ActionLine.tsx";
import { explain } from "./States.tsx";
import { Name } from "./Title.tsx";

export interface AppealListProps {
  appeals: Appeal[];
  nameOf: (userId: string) => string;
  decide: Appeals["decide"];
}

export function AppealList({ appeals, nameOf, decide }: AppealListProps) {
  return (
    <ol className="lc-cards lc-appeals">
      {appeals.map((appeal) => (
        <AppealCard
          key={appeal.id}
          appeal={appeal}
          nameOf={nameOf}
          decide={decide}
        />
      ))}
    </ol>
  );
}

function AppealCard({ appeal, nameOf, decide }: Omit<AppealListProps, "appeals"> & { appeal: Appeal }) {
  const links = useLinks();
  const { t, f } = useWords();
  const [answer, setAnswer] = useTyped(`appeal ${appeal.id}`);
  const [failure, setFailure] = useState<Failure | null>(null);
  const about = appeal.decision_about;
  const judge = about.requested_by ? nameOf(about.requested_by) : t.action.via[about.requested_via];
  async function choose(decision: "upheld" | "lifted") {
    const refused = await decide(appeal.id, decision, answer);
    setFailure(refused);
    if (refused === null) setAnswer("");
  }

  return (
    <li className="lc-card lc-case" data-appeal={appeal.id}>
      <h2>
        <a href={links.person(appeal.user_id)}>
          <Name>{nameOf(appeal.user_id)}</Name>
        </a>
      </h2>
      <p className="lc-sub">{t.appeals.sent(f.moment(appeal.created_at))}</p>
      <blockquote>
        <bdi>{appeal.text}</bdi>
      </blockquote>
      <p>
        <span className="lc-what">{describe(about, t, f.length)}</span>
        <span className="lc-sub">
          {[f.moment(about.created_at), judge, about.reason_code, about.reason].filter(Boolean).join(" · ")}
        </span>
        {about.case_id && <a href={links.caseFile(about.case_id)}>{t.appeals.toCase}</a>}
      </p>
      <label className="lc-field">
        <span>{t.appeals.answer}</span>
        <textarea
          rows={2}
          maxLength={2000}
          value={answer}
          onChange={(event) => setAnswer(event.target.value)}
        />
      </label>
      {appeal.own_decision && <p className="lc-note lc-note-warn">{t.appeals.own}</p>}
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
      <div className="lc-buttons lc-left">
        <button type="button" className="lc-button lc-primary" onClick={() => void choose("lifted")}>
          {t.appeals.lift}
        </button>
        <button type="button" className="lc-button" onClick={() => void choose("upheld")}>
          {t.appeals.uphold}
        </button>
      </div>
    </li>
  );
}
