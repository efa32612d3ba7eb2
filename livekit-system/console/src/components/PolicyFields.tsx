/** Owns: the fields of a policy: each says what is inherited, and takes another value or none. */
import { useId } from "react";
import {
  type FieldShape,
  type FieldValue,
  isSection,
  type Own,
  type Rung,
  type Shape,
  STEPS,
  valueAt,
  withRung,
  withValue,
} from "../model/policy_form.ts";
import { type Rule, RULE_NAMES } from "../model/rules.ts";
import { MODES } from "../model/policy.ts";
import { useWords } from "../texts/useWords.ts";

export interface PolicyFieldsProps {
  shape: Shape;
  /** What holds where nothing is set here. */
  inherited: Record<string, unknown>;
  own: Own;
  onChange: (own: Own) => void;
}

export function PolicyFields(props: PolicyFieldsProps) {
  const { shape: whole, ...rest } = props;
  const { t, lang } = useWords();
  const bySection = by([...Object.keys(RULE_NAMES.en), "strikes"]);
  const byField = by(Object.keys(t.policy.field));
  const sections = Object.entries(whole).sort(bySection).flatMap(([name, part]) =>
    isSection(part) ? [[name, part] as const] : []
  );
  const general = Object.entries(whole).filter(([name, part]) =>
    !isSection(part) && name !== "ladder" && name !== "preset"
  ) as [string, FieldShape][];
  return (
    <>
      <div className="lc-policy">
        {sections.map(([name, section]) => (
          <fieldset key={name} className="lc-panel" data-section={name}>
            <legend>{RULE_NAMES[lang][name as Rule] ?? t.policy.section[name] ?? name}</legend>
            {Object.entries(section).sort(byField).map(([field, shape]) => (
              <Field key={field} path={[name, field]} shape={shape} {...rest} />
            ))}
          </fieldset>
        ))}
        <fieldset className="lc-panel" data-section="general">
          <legend>{t.policy.section["general"]}</legend>
          {general.sort(byField).map(([field, shape]) => (
            <Field key={field} path={[field]} shape={shape} {...rest} />
          ))}
        </fieldset>
      </div>
      <Ladder {...props} />
    </>
  );
}

/** The database has no order for names: they stand as the lists here have them. */
function by(names: string[]) {
  return ([one]: [string, unknown], [other]: [string, unknown]) => names.indexOf(one) - names.indexOf(other);
}

type FieldProps = Omit<PolicyFieldsProps, "shape"> & { path: string[]; shape: FieldShape };

function Field({ path, shape, inherited, own, onChange }: FieldProps) {
  const { t, f } = useWords();
  const id = useId();
  const name = path.at(-1)!;
  const set = (value: FieldValue | undefined) => onChange(withValue(own, path, value));
  const here = valueAt(own, path);
  const below = valueAt(inherited, path);
  const say = (value: unknown) =>
    typeof value === "boolean"
      ? value ? t.policy.yes : t.policy.no
      : typeof value === "number"
      ? f.figure(value)
      : t.policy.step[String(value)] ?? t.switches.mode[value as "off"] ?? String(value);
  return (
    <div className="lc-policy-field" data-own={here !== undefined}>
      <label htmlFor={id}>{t.policy.field[name] ?? name}</label>
      {Array.isArray(shape)
        ? (
          <>
            <input
              id={id}
              name={path.join(".")}
              type="number"
              step="any"
              min={shape[1]}
              max={shape[2]}
              aria-describedby={`${id}-bounds`}
              placeholder={String(below ?? "")}
              value={typeof here === "number" ? here : ""}
              onChange={(event) => set(event.target.value === "" ? undefined : event.target.valueAsNumber)}
            />
            <span className="lc-sub" id={`${id}-bounds`}>
              {t.policy.bounds(f.figure(shape[1]), f.figure(shape[2]))}
            </span>
          </>
        )
        : (
          <select
            id={id}
            name={path.join(".")}
            value={here === undefined ? "" : String(here)}
            onChange={(event) => set(parsed(event.target.value))}
          >
            <option value="">{t.policy.inherited(say(below))}</option>
            {choicesOf(name, shape).map((choice) => (
              <option key={String(choice)} value={String(choice)}>{say(choice)}</option>
            ))}
          </select>
        )}
    </div>
  );
}

function choicesOf(name: string, shape: FieldShape): FieldValue[] {
  if (typeof shape === "boolean") return [true, false];
  return name === "mode" ? MODES : STEPS;
}

function parsed(value: string): FieldValue | undefined {
  if (value === "") return undefined;
  return value === "true" ? true : value === "false" ? false : value;
}

function Ladder({ inherited, own, onChange }: PolicyFieldsProps) {
  const { t, f } = useWords();
  const below = inherited["ladder"] as Rung[];
  const here = own.ladder;
  const ladder = here ?? below;
  const set = (step: string, change: Partial<Rung> | null) =>
    onChange({ ...own, ladder: withRung(ladder, step, change) });
  const { ladder: _, ...without } = own;
  return (
    <section className="lc-panel" data-section="ladder">
      <h2>{t.policy.ladder}</h2>
      <p className="lc-sub">{t.policy.ladderWhy}</p>
      <div className="lc-scroll" role="region" aria-label={t.policy.ladder} tabIndex={0}>
        <table className="lc-table">
          <thead>
            <tr>
              <th scope="col">{t.policy.stepName}</th>
              <th scope="col">{t.policy.strikes}</th>
              <th scope="col">{t.policy.cooldown}</th>
              <th scope="col">{t.policy.length}</th>
            </tr>
          </thead>
          <tbody>
            {STEPS.map((step) => {
              const rung = ladder.find((one) => one.step === step);
              const number = (name: "strikes" | "cooldown_seconds" | "seconds", label: string) =>
                rung === undefined || (name === "seconds" && step !== "mute")
                  ? "–"
                  : here === undefined
                  ? f.figure(rung[name] ?? 0)
                  : (
                    <input
                      type="number"
                      step="any"
                      min={0}
                      aria-label={`${t.policy.step[step]}: ${label}`}
                      value={Number.isNaN(rung[name]) ? "" : rung[name] ?? 0}
                      onChange={(event) => set(step, { [name]: event.target.valueAsNumber })}
                    />
                  );
              return (
                <tr key={step}>
                  <th scope="row">
                    <label className="lc-check">
                      <input
                        type="checkbox"
                        disabled={here === undefined}
                        checked={rung !== undefined}
                        onChange={(event) => set(step, event.target.checked ? {} : null)}
                      />
                      {t.policy.step[step]}
                    </label>
                  </th>
                  <td>{number("strikes", t.policy.strikes)}</td>
                  <td>{number("cooldown_seconds", t.policy.cooldown)}</td>
                  <td>{number("seconds", t.policy.length)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <div className="lc-buttons">
        <button
          type="button"
          className="lc-button"
          onClick={() => onChange(here === undefined ? { ...own, ladder: below } : without as Own)}
        >
          {here === undefined ? t.policy.ladderOwn : t.policy.ladderBack}
        </button>
      </div>
    </section>
  );
}
