/** Owns: a word list as a table, and the form that adds to it. */
import { type FormEvent, useState } from "react";
import type { WordList } from "../data/useWordList.ts";
import type { Failure } from "../data/failure.ts";
import { useTyped } from "../data/typed.ts";
import { EFFECTS, type RuleEffect, type WordRule } from "../model/chat.ts";
import { useWords } from "../texts/useWords.ts";
import { explain } from "./States.tsx";

export function WordForm({ add }: Pick<WordList, "add">) {
  const { t } = useWords();
  const [pattern, setPattern] = useTyped("word");
  const [effect, setEffect] = useState<RuleEffect>("hold");
  const [exact, setExact] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    const refused = await add({ pattern: pattern.trim(), effect, language: null, exact_letters: exact });
    setFailure(refused);
    if (refused === null) setPattern("");
  }

  return (
    <form className="lc-tools" onSubmit={submit}>
      <input
        type="text"
        name="pattern"
        aria-label={t.words.pattern}
        placeholder={t.words.pattern}
        required
        minLength={2}
        maxLength={100}
        autoComplete="off"
        value={pattern}
        onChange={(event) => setPattern(event.target.value)}
      />
      <select
        aria-label={t.words.effect}
        value={effect}
        onChange={(event) => setEffect(event.target.value as RuleEffect)}
      >
        {EFFECTS.map((one) => <option key={one} value={one}>{t.words.effects[one]}</option>)}
      </select>
      <label className="lc-check" title={t.words.exactNote}>
        <input type="checkbox" checked={exact} onChange={(event) => setExact(event.target.checked)} />
        {t.words.exact}
      </label>
      <button type="submit" className="lc-button lc-primary">{t.words.add}</button>
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
    </form>
  );
}

export function WordTable({ rules, remove }: { rules: WordRule[] } & Pick<WordList, "remove">) {
  const { t } = useWords();
  const [failure, setFailure] = useState<Failure | null>(null);
  return (
    <>
      {failure && <p className="lc-fault" role="alert">{explain(failure, t)}</p>}
      <table className="lc-table lc-word-list">
        <thead>
          <tr>
            <th scope="col">{t.words.word}</th>
            <th scope="col">{t.words.effect}</th>
            <th scope="col" className="lc-number">{t.words.remove}</th>
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <tr key={rule.id} data-word={rule.pattern}>
              <th scope="row">
                <bdi lang={rule.language ?? undefined}>{rule.pattern}</bdi>
                {rule.exact_letters && <span className="lc-sub">{t.words.exact}</span>}
              </th>
              <td>{t.words.effects[rule.effect]}</td>
              <td className="lc-number">
                <button
                  type="button"
                  className="lc-button lc-quiet"
                  aria-label={t.words.removeOf(rule.pattern)}
                  onClick={() => void remove(rule.id).then(setFailure)}
                >
                  {t.words.remove}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
