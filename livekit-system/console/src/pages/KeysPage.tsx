/** Owns: the page of keyboard shortcuts, and switching them off. */
import { Fragment, useState } from "react";
import { keep, kept } from "../preferences.ts";
import type { KeyName } from "../texts/acts.ts";
import { useWords } from "../texts/useWords.ts";
import { KEYS, ON_OFF, SHORTCUTS } from "./Shortcuts.tsx";

export function KeysPage() {
  const { t } = useWords();
  const words = t.acts.keys;
  const [on, setOn] = useState(() => kept(SHORTCUTS, [...ON_OFF], "on") === "on");
  return (
    <>
      <h1>{words.title}</h1>
      <p className="lc-sub">{words.why}</p>
      <div className="lc-tools">
        <label className="lc-check">
          <input
            type="checkbox"
            checked={on}
            onChange={(event) => {
              setOn(event.target.checked);
              keep(SHORTCUTS, event.target.checked ? "on" : "off");
            }}
          />
          {words.on}
        </label>
      </div>
      <table className="lc-table lc-keys">
        <thead>
          <tr>
            <th scope="col">{words.key}</th>
            <th scope="col">{words.does}</th>
          </tr>
        </thead>
        <tbody>
          {(Object.entries(KEYS) as [KeyName, string[]][]).map(([name, keys]) => (
            <tr key={name}>
              <td>
                {keys.map((key, n) => (
                  <Fragment key={key}>
                    {n > 0 && " "}
                    <kbd>{key}</kbd>
                  </Fragment>
                ))}
              </td>
              <td>{words.list[name]}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
