/** Owns: the form that asks for moderation: what, how long, where, why, and what is known of it before and after it is sent. */
import { type FormEvent, type RefObject, useEffect, useId, useRef, useState } from "react";
import type { Intents } from "../data/intents.ts";
import { useReasonCodes } from "../data/useReasonCodes.ts";
import { useLooking, usePreview, usePreviews } from "../data/useForetold.ts";
import { type Draft, type DraftFault, faultOf, GRAVE } from "../model/actions.ts";
import type { Aim, Intent } from "../model/intents.ts";
import { OPS_RANK } from "../model/roles.ts";
import { toldOf } from "../model/told.ts";
import { useWords } from "../texts/useWords.ts";
import type { Words } from "../texts/words.ts";
import { Details, NoteField, ReasonField, startOf } from "./ActionFields.tsx";
import { giveBack } from "./focus.ts";
import { Foretold, ForetoldOfMany, Meanwhile } from "./Foretold.tsx";
import { ScrollList } from "./ScrollList.tsx";
import { explain } from "./States.tsx";
import { Name } from "./Title.tsx";

export interface ActionDialogProps {
  intent: Intent;
  intents: Intents;
}

export function ActionDialog({ intent, intents }: ActionDialogProps) {
  const { t, lang } = useWords();
  const title = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [fault, setFault] = useState<DraftFault | null>(null);
  const { aim, draft, phase, failure } = intent;
  const preview = usePreview(intent);
  const previews = usePreviews(intent);
  const looking = useLooking(intent);
  const codes = useReasonCodes();
  const many = aim.target !== null && aim.also?.length ? [aim.target, ...aim.also] : null;
  const told = aim.target && !aim.dryRun ? toldOf(draft, codes, preview?.after ?? null, lang) : undefined;
  const busy = phase !== "draft";
  const close = () => intents.close(intent.id);
  useOpened(dialog);

  function change(part: Partial<Draft>) {
    intents.change(intent.id, { ...draft, ...part });
    setFault(null);
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    const missing = faultOf(draft);
    setFault(missing);
    // What another did a moment ago is read before one sends, not after.
    if (missing === null && !(await looking.anythingNew())) intents.send(intent.id);
  }

  const what = t.action.name[draft.action];
  const refusals = [
    failure?.code,
    preview?.refused?.code,
    ...(previews ?? []).map((one) => one.refused?.code),
  ];
  const weaker = refusals.includes("weaker_than_standing");
  return (
    <dialog ref={dialog} className="lc-dialog" aria-labelledby={title} onClose={close}>
      <form className="lc-form" onSubmit={submit} data-phase={phase}>
        <h2 id={title}>{titleFor(aim, t)}</h2>
        {many && (
          <details className="lc-sub">
            <summary>{t.acts.whom}</summary>
            <ScrollList className="lc-whom">
              {many.map((one) => (
                <li key={one.id}>
                  <Name>{one.name}</Name>
                </li>
              ))}
            </ScrollList>
          </details>
        )}
        <Meanwhile looking={looking} />
        <fieldset className="lc-plain" disabled={busy}>
          <fieldset className="lc-choice">
            <legend>{t.action.what}</legend>
            {aim.actions.map((action) => (
              <label key={action}>
                <input
                  type="radio"
                  name="action"
                  checked={draft.action === action}
                  onChange={() =>
                    change({
                      ...startOf(action, draft.targetId, aim.roles),
                      scope: aim.scopes[0] ?? "session",
                      messageId: draft.messageId,
                      reason: draft.reason,
                      code: draft.code,
                      note: draft.note,
                    })}
                />
                <span>{t.action.name[action]}</span>
              </label>
            ))}
          </fieldset>
          <Details draft={draft} roles={aim.roles} scopes={aim.scopes} onChange={change} />
          <ReasonField draft={draft} codes={codes} onChange={change} />
          {aim.target && aim.rank >= OPS_RANK && !aim.dryRun && <NoteField draft={draft} onChange={change} />}
          {(weaker || draft.replace) && (
            <label className="lc-check">
              <input
                type="checkbox"
                name="replace"
                checked={draft.replace}
                onChange={(event) => change({ replace: event.target.checked })}
              />
              {t.action.replace}
            </label>
          )}
        </fieldset>
        {fault && <p className="lc-fault" role="alert">{t.action.missing[fault]}</p>}
        {phase === "draft" && failure && (
          <p className="lc-fault" role="alert">{t.action.refused} {explain(failure, t)}</p>
        )}
        {phase === "draft" && !failure && <Foretold preview={preview} told={told} />}
        {phase === "draft" && !failure && many && previews && (
          <ForetoldOfMany
            previews={previews}
            people={many.length}
            nameOf={(id) => many.find((one) => one.id === id)?.name ?? id.slice(0, 8)}
          />
        )}
        {phase === "checking" && <p className="lc-note lc-note-warn" role="status">{t.action.checking}</p>}
        {aim.dryRun && <p className="lc-rehearsal">{t.action.rehearseOn}</p>}
        <div className="lc-buttons">
          <button type="button" className="lc-button lc-quiet" onClick={close}>
            {busy ? t.action.callBack : t.action.cancel}
          </button>
          <button
            type="submit"
            className={`lc-button ${GRAVE.has(draft.action) ? "lc-danger" : "lc-primary"}`}
            disabled={busy}
          >
            {busy
              ? t.action.sending
              : many
              ? t.acts.sentenceOfMany(what, many.length)
              : t.action.sentence(what, aim.target?.name ?? null)}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function titleFor(aim: Aim, t: Words): string {
  if (aim.target === null) return aim.callId ? t.acts.calls.end : t.action.roomTitle;
  return aim.also?.length ? t.acts.titleOfMany(1 + aim.also.length) : t.action.title(aim.target.name);
}

/** A modal form while it is there; the focus goes back to where it was. */
function useOpened(dialog: RefObject<HTMLDialogElement | null>) {
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => giveBack(before);
  }, [dialog]);
}
