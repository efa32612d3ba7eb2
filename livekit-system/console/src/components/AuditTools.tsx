/** Owns: the filters of the audit. */
import { ACTION_NAMES, type AuditFilters, NO_FILTERS, STATUSES, VIAS } from "../model/audit.ts";
import type { ActionName, ReasonCode } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";

export interface AuditToolsProps {
  filters: AuditFilters;
  codes: ReasonCode[];
  onChange: (change: Partial<AuditFilters>) => void;
}

export function AuditTools({ filters, codes, onChange }: AuditToolsProps) {
  const { t, lang } = useWords();
  const words = t.office.audit;
  const choices: [keyof AuditFilters, string, [string, string][]][] = [
    ["action", words.action, ACTION_NAMES.map((name) => [name, t.action.name[name as ActionName]])],
    ["via", words.via, VIAS.map((name) => [name, t.action.via[name]])],
    ["status", words.status, STATUSES.map((name) => [name, t.action.status[name]])],
    ["code", words.code, codes.map((one) => [one.code, lang === "tr" ? one.text_tr : one.text_en])],
  ];
  return (
    <div className="lc-tools lc-no-print" role="search">
      {([["person", words.person], ["by", words.by]] as const).map(([name, label]) => (
        <label key={name} className="lc-field">
          <span>{label}</span>
          <input
            type="search"
            name={name}
            placeholder={words.personHint}
            value={filters[name]}
            onChange={(event) =>
              onChange({ [name]: event.target.value })}
          />
        </label>
      ))}
      {choices.map(([name, label, options]) => (
        <label key={name} className="lc-field">
          <span>{label}</span>
          <select
            name={name}
            value={filters[name]}
            onChange={(event) => onChange({ [name]: event.target.value })}
          >
            <option value="">{words.any}</option>
            {options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
          </select>
        </label>
      ))}
      {([["from", words.from], ["to", words.to]] as const).map(([name, label]) => (
        <label key={name} className="lc-field">
          <span>{label}</span>
          <input
            type="date"
            name={name}
            value={filters[name]}
            onChange={(event) =>
              onChange({ [name]: event.target.value })}
          />
        </label>
      ))}
      <label className="lc-check">
        <input
          type="checkbox"
          checked={filters.dry !== ""}
          onChange={(event) => onChange({ dry: event.target.checked ? "1" : "" })}
        />
        {words.rehearsals}
      </label>
      <button type="button" className="lc-button lc-quiet" onClick={() => onChange(NO_FILTERS)}>
        {words.clear}
      </button>
    </div>
  );
}
