/** Owns: the form that asks for moderation: what, how long, where, why. */
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import type { Failure } from "../data/failure.ts";
import { type Draft, type DraftFault, draftOf, faultOf, GRAVE } from "../model/actions.ts";
import type { ActionName, ChatMode, Role, Scope } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";
import { explain } from "./States.tsx";

export interface ActionDialogProps {
  /** Null for the whole room. */
  target: { id: string; name: string } | null;
  /** What may be asked, in order; the first is chosen. */
  actions: ActionName[];
  roles: Role[];
  scopes: Scope[];
  dryRun: boolean;
  onAsk: (draft: Draft) => Promise<Failure | null>;
  onClose: () => void;
}

const MODES: ChatMode[] = ["everyone", "followers_only", "subscribers_only"];
const MINUTE = 60;
const LENGTHS: Partial<Record<ActionName, (number | null)[]>> = {
  mute: [null, MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE],
  chat_mute: [null, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE],
  slow_mode: [10, 30, 60, 5 * MINUTE, null],
  ban: [60 * MINUTE, 24 * 60 * MINUTE, 7 * 24 * 60 * MINUTE, 30 * 24 * 60 * MINUTE, null],
};

export function ActionDialog(props: ActionDialogProps) {
  const { target, actions, dryRun, onClose } = props;
  const { t } = useWords();
  const title = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [draft, setDraft] = useState(() => startOf(actions[0]!, target?.id ?? null, props.roles));
  const [fault, setFault] = useState<DraftFault | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  function change(part: Partial<Draft>) {
    setDraft((before) => ({ ...before, ...part }));
    setFault(null);
    setFailure(null);
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    const missing = faultOf(draft);
    if (missing !== null) return setFault(missing);
    setBusy(true);
    const refused = await props.onAsk(draft);
    setBusy(false);
    if (refused === null) onClose();
    else setFailure(refused);
  }

  const what = t.action.name[draft.action];
  const weaker = failure?.code === "weaker_than_standing";
  return (
    <dialog ref={dialog} className="lc-dialog" aria-labelledby={title} onClose={onClose}>
      <form className="lc-form" onSubmit={submit}>
        <h2 id={title}>{target ? t.action.title(target.name) : t.action.roomTitle}</h2>
        <fieldset className="lc-choice">
          <legend>{t.action.what}</legend>
          {actions.map((action) => (
            <label key={action}>
              <input
                type="radio"
                name="action"
                checked={draft.action === action}
                onChange={() =>
                  change({ ...startOf(action, draft.targetId, props.roles), reason: draft.reason })}
              />
              <span>{t.action.name[action]}</span>
            </label>
          ))}
        </fieldset>
        <Details draft={draft} roles={props.roles} scopes={props.scopes} onChange={change} />
        <ReasonField draft={draft} onChange={change} />
        {fault && <p className="lc-fault" role="alert">{t.action.missing[fault]}</p>}
        {failure && <p className="lc-fault" role="alert">{t.action.notSent} {explain(failure, t)}</p>}
        {weaker && (
          <label className="lc-check">
            <input
              type="checkbox"
              name="replace"
              checked={draft.replace}
              onChange={(event) => setDraft({ ...draft, replace: event.target.checked })}
            />
            {t.action.replace}
          </label>
        )}
        {dryRun && <p className="lc-rehearsal">{t.action.rehearseOn}</p>}
        <div className="lc-buttons">
          <button type="button" className="lc-button lc-quiet" onClick={onClose}>{t.action.cancel}</button>
          <button
            type="submit"
            className={`lc-button ${GRAVE.has(draft.action) ? "lc-danger" : "lc-primary"}`}
            disabled={busy}
          >
            {busy ? t.action.sending : t.action.sentence(what, target?.name ?? null)}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function startOf(action: ActionName, targetId: string | null, roles: Role[]): Draft {
  const seconds = LENGTHS[action]?.[0] ?? null;
  return { ...draftOf(action, targetId), seconds, role: action === "set_role" ? roles[0] ?? null : null };
}

interface DetailsProps {
  draft: Draft;
  roles: Role[];
  scopes: Scope[];
  onChange: (part: Partial<Draft>) => void;
}

function Details({ draft, roles, scopes, onChange }: DetailsProps) {
  const { t, f } = useWords();
  const lengths = LENGTHS[draft.action];
  const unlimited = { ban: t.action.forEver, slow_mode: t.action.noPause }[draft.action as string] ??
    t.action.untilLifted;
  return (
    <>
      {lengths && (
        <label className="lc-field">
          <span>{draft.action === "slow_mode" ? t.action.pause : t.action.howLong}</span>
          <select
            value={draft.seconds ?? ""}
            onChange={(event) =>
              onChange({ seconds: event.target.value ? Number(event.target.value) : null })}
          >
            {lengths.map((seconds) => (
              <option key={seconds} value={seconds ?? ""}>
                {seconds === null ? unlimited : f.length(seconds)}
              </option>
            ))}
          </select>
        </label>
      )}
      {draft.action === "chat_mode" && (
        <label className="lc-field">
          <span>{t.action.chatMode}</span>
          <select
            value={draft.mode}
            onChange={(event) => onChange({ mode: event.target.value as ChatMode })}
          >
            {MODES.map((mode) => <option key={mode} value={mode}>{t.action.chatModeName[mode]}</option>)}
          </select>
        </label>
      )}
      {draft.action === "ban" && (
        <label className="lc-field">
          <span>{t.action.scope}</span>
          <select value={draft.scope} onChange={(event) => onChange({ scope: event.target.value as Scope })}>
            {scopes.map((scope) => <option key={scope} value={scope}>{t.action.scopeName[scope]}</option>)}
          </select>
        </label>
      )}
      {draft.action === "set_role" && (
        <label className="lc-field">
          <span>{t.action.newRole}</span>
          <select
            value={draft.role ?? ""}
            onChange={(event) => onChange({ role: event.target.value as Role })}
          >
            {roles.map((role) => <option key={role} value={role}>{t.role[role]}</option>)}
          </select>
        </label>
      )}
      {draft.action === "announce" && (
        <label className="lc-field">
          <span>{t.action.text}</span>
          <textarea
            rows={3}
            maxLength={1000}
            value={draft.text}
            onChange={(event) => onChange({ text: event.target.value })}
          />
        </label>
      )}
    </>
  );
}

function ReasonField({ draft, onChange }: Pick<DetailsProps, "draft" | "onChange">) {
  const { t } = useWords();
  const id = useId();
  return (
    <div className="lc-field">
      <label htmlFor={id}>{t.action.reason}</label>
      <input
        id={id}
        type="text"
        name="reason"
        maxLength={1000}
        autoComplete="off"
        value={draft.reason}
        onChange={(event) => onChange({ reason: event.target.value })}
      />
      <div className="lc-chips">
        {t.action.reasons.map((reason) => (
          <button
            type="button"
            key={reason}
            className="lc-chip"
            onClick={() => onChange({ reason })}
          >
            {reason}
          </button>
        ))}
      </div>
    </div>
  );
}
