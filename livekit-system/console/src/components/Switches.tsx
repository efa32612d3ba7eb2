/** Owns: one switch, and the choice of the policy's mode. */
import { useId } from "react";
import { MODES } from "../model/policy.ts";
import type { PolicyMode } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";

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
