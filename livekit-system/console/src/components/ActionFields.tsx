/** Owns: the fields of the form that asks for moderation: how long, where, which role, why. */
import { useId } from "react";
import { type Draft, draftOf } from "../model/actions.ts";
import type { ActionName, ChatMode, ReasonCode, Role, Scope } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";

const MODES: ChatMode[] = ["everyone", "followers_only", "subscribers_only"];
const MINUTE = 60;
const LENGTHS: Partial<Record<ActionName, (number | null)[]>> = {
  mute: [null, MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE],
  chat_mute: [null, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE],
  slow_mode: [10, 30, 60, 5 * MINUTE, null],
  ban: [60 * MINUTE, 24 * 60 * MINUTE, 7 * 24 * 60 * MINUTE, 30 * 24 * 60 * MINUTE, null],
};

/** A form's first draft of an action: its shortest length, its first role. */
export function startOf(action: ActionName, targetId: string | null, roles: Role[]): Draft {
  const seconds = LENGTHS[action]?.[0] ?? null;
  return { ...draftOf(action, targetId), seconds, role: action === "set_role" ? roles[0] ?? null : null };
}

export interface FieldsProps {
  draft: Draft;
  roles: Role[];
  scopes: Scope[];
  onChange: (part: Partial<Draft>) => void;
}

export function Details({ draft, roles, scopes, onChange }: FieldsProps) {
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

export function ReasonField(
  { draft, codes, onChange }: Pick<FieldsProps, "draft" | "onChange"> & { codes: ReasonCode[] },
) {
  const { t, lang } = useWords();
  const id = useId();
  return (
    <div className="lc-field">
      {draft.targetId !== null && codes.length > 0 && (
        <label className="lc-field">
          <span>{t.action.code}</span>
          <select
            name="code"
            value={draft.code ?? ""}
            onChange={(event) => onChange({ code: event.target.value || null })}
          >
            <option value="">{t.action.noCode}</option>
            {codes.map((one) => (
              <option key={one.code} value={one.code}>{lang === "tr" ? one.text_tr : one.text_en}</option>
            ))}
          </select>
        </label>
      )}
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
      {draft.targetId !== null && <span className="lc-sub">{t.action.reasonNote}</span>}
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

/** For colleagues alone: it goes to the notes on the person, once the act is done. */
export function NoteField({ draft, onChange }: Pick<FieldsProps, "draft" | "onChange">) {
  const { t } = useWords();
  const id = useId();
  return (
    <label className="lc-field">
      <span>{t.acts.note}</span>
      <textarea
        name="note"
        rows={2}
        maxLength={4000}
        aria-describedby={id}
        value={draft.note}
        onChange={(event) => onChange({ note: event.target.value })}
      />
      <span className="lc-sub" id={id}>{t.acts.noteWhy}</span>
    </label>
  );
}
