/** Owns: one switch, and the choice of the policy's mode. */
import { type FormEvent, useId, useRef } from "react";
import { useTyped } from "../data/typed.ts";
import { MODES } from "../model/policy.ts";
import type { PolicyMode } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";
import { useFocusWhileThere } from "./focus.ts";

export interface SwitchProps {
  name: string;
  why: string;
  on: boolean;
  busy: boolean;
  onChange: (on: boolean) => void;
}

export function Switch({ name, why, on, busy, onChange }: SwitchProps) {
  const { t } = useWords();
  const id = useId();
  return (
    <div className="lc-switch-row">
      <div>
        <span className="lc-name" id={`${id}-name`}>{name}</span>
        <p className="lc-sub" id={`${id}-why`}>{why}</p>
      </div>
      <button
        type="button"
        role="switch"
        className="lc-switch"
        aria-checked={on}
        aria-labelledby={`${id}-name`}
        aria-describedby={`${id}-why`}
        disabled={busy}
        onClick={() => onChange(!on)}
      >
        <i aria-hidden="true" />
        <span>{on ? t.switches.on : t.switches.off}</span>
      </button>
    </div>
  );
}

export interface ModeChoiceProps {
  mode: PolicyMode;
  busy: boolean;
  onChange: (mode: PolicyMode) => void;
}

export function ModeChoice({ mode, busy, onChange }: ModeChoiceProps) {
  const { t } = useWords();
  return (
    <fieldset className="lc-choice" disabled={busy}>
      <legend className="lc-name">{t.switches.policy}</legend>
      {MODES.map((choice) => (
        <label key={choice}>
          <input type="radio" name="mode" checked={choice === mode} onChange={() => onChange(choice)} />
          <span>{t.switches.mode[choice]}</span>
        </label>
      ))}
      <p className="lc-sub">{t.switches.modeWhy[mode]}</p>
    </fieldset>
  );
}

export interface ConfirmProps {
  /** Under which name the typed reason is kept. */
  kept: string;
  /** What will be so. */
  what: string;
  busy: boolean;
  /** `forget`: it is said and needs to be kept no longer. */
  onConfirm: (reason: string, forget: () => void) => void;
  onCancel: () => void;
  /** Instead of "Cancel". */
  cancel?: string;
}

/** The second press, with a reason: what is switched here concerns everybody. */
export function Confirm({ kept, what, busy, onConfirm, onCancel, cancel }: ConfirmProps) {
  const { t } = useWords();
  const [reason, setReason] = useTyped(kept);
  const field = useRef<HTMLInputElement>(null);
  useFocusWhileThere(field);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (reason.trim() !== "") onConfirm(reason.trim(), () => setReason(""));
  }

  return (
    <form className="lc-form lc-confirm" onSubmit={submit}>
      <label className="lc-field">
        <span>{t.switches.why(what)}</span>
        <input
          ref={field}
          type="text"
          name="switch-reason"
          required
          maxLength={1000}
          autoComplete="off"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      <div className="lc-buttons">
        <button
          type="button"
          className="lc-button lc-quiet"
          onClick={() => {
            setReason("");
            onCancel();
          }}
        >
          {cancel ?? t.action.cancel}
        </button>
        <button type="submit" className="lc-button lc-danger" disabled={busy}>{what}</button>
      </div>
    </form>
  );
}
