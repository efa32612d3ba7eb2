/** Owns: one case: what was said and seen, the private notes, and deciding it. */
import { type ReactNode, useState } from "react";
import type { CaseWork } from "../data/useCases.ts";
import type { Failure } from "../data/failure.ts";
import { type CaseFile as File, heldBy, isMine } from "../model/cases.ts";
import type { ReasonCode } from "../model/rows.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { IncidentList } from "./Feeds.tsx";
import { NoteForm } from "./NoteList.tsx";
import { ScrollList } from "./ScrollList.tsx";
import { explain } from "./States.tsx";
import { Name, Title } from "./Title.tsx";

export interface CaseFileProps {
  file: File;
  me: string;
  now: number;
  codes: ReasonCode[];
  nameOf: (userId: string) => string;
  work: CaseWork["work"];
  /** Null where nothing can be done to the person there. */
  onAct: (() => void) | null;
  /** What stands before the notes: evidence, what was done. */
  children: ReactNode;
}

export function CaseFile({ file, me, now, codes, nameOf, work, onAct, children }: CaseFileProps) {
  const links = useLinks();
  const { t, f } = useWords();
  const [failure, setFailure] = useState<Failure | null>(null);
  const { case: item, session, reports, messages, incidents, notes } = file;
  const mine = isMine(item, me, now);
  const other = heldBy(item, me, now);
  const run = async (...asked: Parameters<CaseWork["work"]>) => setFailure(await work(...asked));
  const sentence = (code: string) =>
    codes.find((one) => one.code === code)?.[t.lang === "tr" ? "text_tr" : "text_en"] ?? code;

  return (
    <div className="lc-case" data-state={item.state}>
      <div className="lc-title">
        <h2>
          {item.user_id
            ? (
              <a href={links.person(item.user_id)}>
                <Name>{nameOf(item.user_id)}</Name>
              </a>
            )
            : t.cases.wholeSession}
        </h2>
        {session && (
          <a href={links.room(session.id)}>
            <Title session={session} />
          </a>
        )}
        {onAct && (
          <button type="button" className="lc-button" data-act="case" onClick={onAct}>
            {t.room.actShort}
          </button>
        )}
      </div>
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
      {item.state === "resolved" && item.decision && (
        <p className="lc-note" role="status">
          {t.cases.decision[item.decision]}
          {item.reason_code && ` · ${sentence(item.reason_code)}`}
          {item.resolved_at && ` · ${f.moment(item.resolved_at)}`}
        </p>
      )}
      {item.state !== "resolved" && (
        <div className="lc-buttons lc-left">
          {other && <span className="lc-warn">{t.cases.held(nameOf(other))}</span>}
          {!mine && !other && (
            <button
              type="button"
              className="lc-button lc-primary"
              onClick={() => void run("claim_case")}
            >
              {t.cases.claim}
            </button>
          )}
          {mine && (
            <button
              type="button"
              className="lc-button lc-quiet"
              onClick={() => void run("release_case")}
            >
              {t.cases.release}
            </button>
          )}
        </div>
      )}
      {mine && item.state !== "resolved" && (
        <Decide
          codes={codes}
          onDecide={(more) => run("resolve_case", more)}
        />
      )}
      <Part name={t.cases.reports} count={reports.length}>
        <ScrollList className="lc-feed">
          {reports.map((report) => (
            <li key={report.id}>
              <time dateTime={report.created_at}>{f.stamp(report.created_at)}</time>
              <div>
                {sentence(report.reason_code)}
                {report.text && <q className="lc-sub">{report.text}</q>}
              </div>
            </li>
          ))}
        </ScrollList>
      </Part>
      <Part name={t.cases.flags} count={file.flags.length}>
        <ScrollList className="lc-feed">
          {file.flags.map((flag) => (
            <li key={flag.id} data-flag={flag.kind}>
              <time dateTime={flag.from_at}>{f.stamp(flag.from_at)}</time>
              <div>
                {t.cases.flag[flag.kind]}
                <span className="lc-sub">
                  {flag.score === null ? flag.patterns.join(", ") : `${f.whole(flag.score * 100)} %`} ·{" "}
                  {flag.engine}
                </span>
              </div>
            </li>
          ))}
        </ScrollList>
      </Part>
      <Part name={t.cases.messages} count={messages.length}>
        <ScrollList className="lc-feed">
          {messages.map((message) => (
            <li key={message.id}>
              <time dateTime={message.created_at}>{f.stamp(message.created_at)}</time>
              <div>
                <bdi>{message.body}</bdi>
              </div>
            </li>
          ))}
        </ScrollList>
      </Part>
      <Part name={t.feed.incidents} count={incidents.length}>
        <IncidentList incidents={incidents} nameOf={null} />
      </Part>
      {children}
      <section>
        <h3>{t.cases.notes}</h3>
        <ScrollList className="lc-feed" data-feed="notes">
          {notes.map((note) => (
            <li key={note.id}>
              <time dateTime={note.created_at}>{f.stamp(note.created_at)}</time>
              <div>
                <bdi>{note.body}</bdi>
                {note.author_id && <span className="lc-sub">{nameOf(note.author_id)}</span>}
              </div>
            </li>
          ))}
        </ScrollList>
        <NoteForm
          kept={`case ${item.id}`}
          label={t.cases.note}
          press={t.cases.addNote}
          onAdd={(id, body) => work("add_case_note", { id, body })}
        />
      </section>
    </div>
  );
}

function Part({ name, count, children }: { name: string; count: number; children: ReactNode }) {
  return count > 0 && (
    <section>
      <h3>{name}</h3>
      {children}
    </section>
  );
}

function Decide(
  { codes, onDecide }: { codes: ReasonCode[]; onDecide: (more: Record<string, unknown>) => void },
) {
  const { t } = useWords();
  const [code, setCode] = useState("");
  return (
    <div className="lc-form lc-decide">
      <label className="lc-field">
        <span>{t.action.code}</span>
        <select value={code} onChange={(event) => setCode(event.target.value)}>
          <option value="">{t.action.noCode}</option>
          {codes.map((one) => (
            <option key={one.code} value={one.code}>{t.lang === "tr" ? one.text_tr : one.text_en}</option>
          ))}
        </select>
      </label>
      <div className="lc-buttons lc-left">
        <button
          type="button"
          className="lc-button lc-danger"
          disabled={code === ""}
          onClick={() => onDecide({ decision: "violation", reason_code: code })}
        >
          {t.cases.decision.violation}
        </button>
        <button type="button" className="lc-button" onClick={() => onDecide({ decision: "no_violation" })}>
          {t.cases.decision.no_violation}
        </button>
      </div>
    </div>
  );
}
