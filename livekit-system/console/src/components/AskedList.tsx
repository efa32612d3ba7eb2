/** Owns: the requests of this tab as lines: what, whom, what became of it, and what can still be done about it. */
import { useRef } from "react";
import { ACTIONS } from "../model/action_list.ts";
import { type Intent, isBad, isMoving, undoLeft, undoOf } from "../model/intents.ts";
import type { Draft } from "../model/actions.ts";
import type { AuditRow } from "../model/rows.ts";
import { requestOf } from "../model/intents.ts";
import { would } from "../model/would.ts";
import { useWords } from "../texts/useWords.ts";
import { describe, explainRow, Status } from "./ActionLine.tsx";
import { useFocusHeir } from "./focus.ts";
import { ScrollList } from "./ScrollList.tsx";
import { explain } from "./States.tsx";

export interface AskedListProps {
  asked: Intent[];
  now: number;
  onUndo: (intent: Intent, back: Draft) => void;
  /** Takes back all that can be of one press. */
  onUndoAll: (batch: string) => void;
  onDismiss: (intent: Intent) => void;
}

export function AskedList(props: AskedListProps) {
  const { t } = useWords();
  const batches = [...new Set(props.asked.flatMap((intent) => intent.batch ?? []))];
  return (
    <div className="lc-asked-all">
      {batches.map((batch) => <Batch key={batch} batch={batch} {...props} />)}
      <ScrollList className="lc-asked" aria-live="polite" aria-label={t.action.yours}>
        {props.asked.map((intent) => <Line key={intent.id} intent={intent} {...props} />)}
      </ScrollList>
    </div>
  );
}

/** Acts of one press, counted. */
function Batch({ batch, asked, now, onUndoAll }: AskedListProps & { batch: string }) {
  const { t } = useWords();
  const all = asked.filter((intent) => intent.batch === batch);
  const [bad, moving] = [all.filter(isBad).length, all.filter(isMoving).length];
  const left = Math.max(...all.map((intent) => undoLeft(intent, now)));
  return (
    <p tabIndex={-1} className="lc-batch" data-batch={moving > 0 ? "moving" : "over"} role="status">
      <strong>{t.acts.batch(all.length - bad - moving, moving, bad)}</strong>
      {left > 0 && <Undo text={t.acts.undoAll(Math.ceil(left / 1000))} onUndo={() => onUndoAll(batch)} />}
    </p>
  );
}

function Line({ intent, now, onUndo, onDismiss }: AskedListProps & { intent: Intent }) {
  const { t, f } = useWords();
  const { action, params, dry_run } = requestOf(intent);
  const { row, failure, phase } = intent;
  const left = undoLeft(intent, now);
  const back = left > 0 ? undoOf(intent) : null;
  return (
    <li
      tabIndex={-1}
      data-action={action}
      data-phase={phase}
      className={isBad(intent) ? "lc-asked-bad" : undefined}
    >
      <span className="lc-what">
        {describe({ action, params } as Pick<AuditRow, "action" | "params">, t, f.length)}
      </span>
      <bdi className="lc-grow">
        {intent.aim.target?.name ?? (ACTIONS[action].scope === "session" ? t.action.everyone : "")}
      </bdi>
      {dry_run && <span className="lc-tag">{t.action.dry}</span>}
      <Outcome intent={intent} />
      {back && <Undo text={t.action.undo(Math.ceil(left / 1000))} onUndo={() => onUndo(intent, back)} />}
      {!isMoving(intent) && (
        <button
          type="button"
          className="lc-button lc-quiet"
          aria-label={t.action.dismiss}
          onClick={() => onDismiss(intent)}
        >
          ×
        </button>
      )}
      {intent.noteFailure && (
        <span className="lc-error" role="alert">
          <span>{t.acts.noteFailed}</span>
          <span className="lc-sub">{explain(intent.noteFailure, t)}</span>
        </span>
      )}
      {intent.tooLate && <span className="lc-sub">{t.action.tooLate}</span>}
      {phase === "refused" && failure && <span className="lc-error" role="alert">{explain(failure, t)}</span>}
      {row?.error_code && <span className="lc-error" role="alert">{explainRow(row, t)}</span>}
      {dry_run && row?.status === "applied" && (
        <span className="lc-sub">{t.action.would.title} {would(row, t).join("; ")}</span>
      )}
    </li>
  );
}

/** It goes away when its seconds are over, also from under a finger. */
function Undo({ text, onUndo }: { text: string; onUndo: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useFocusHeir(button, "li, p");
  return (
    <button ref={button} type="button" className="lc-button lc-quiet lc-undo" onClick={onUndo}>{text}</button>
  );
}

function Outcome({ intent: { phase, row } }: { intent: Intent }) {
  const { t } = useWords();
  if (phase === "done") return <Status status={row?.status ?? "pending"} row={row} />;
  if (phase === "draft") return null;
  const tone = { refused: "lc-bad", withdrawn: "lc-muted" }[phase as string] ?? "lc-wait";
  return <span className={`lc-status ${tone}`}>{t.action.phase[phase]}</span>;
}
