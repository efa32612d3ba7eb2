/** Owns: choosing several people of a list, and what is done to them together. */
import { useState } from "react";
import { useWords } from "../texts/useWords.ts";

export interface Selection {
  ids: ReadonlySet<string>;
  toggle: (id: string) => void;
  add: (ids: string[]) => void;
  clear: () => void;
}

export function useSelection(): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  return {
    ids,
    toggle: (id) =>
      setIds((before) =>
        before.has(id) ? new Set([...before].filter((one) => one !== id)) : new Set([...before, id])
      ),
    add: (some) => setIds((before) => new Set([...before, ...some])),
    clear: () => setIds(new Set()),
  };
}

export function SelectBox({ id, name, selection }: { id: string; name: string; selection: Selection }) {
  const { t } = useWords();
  return (
    <input
      type="checkbox"
      className="lc-select"
      data-select={id}
      aria-label={t.acts.selectOne(name)}
      checked={selection.ids.has(id)}
      onChange={() => selection.toggle(id)}
    />
  );
}

export interface SelectedBarProps {
  selection: Selection;
  /** Who is shown and can be acted on. */
  shown: string[];
  /** Null where nothing can be done to all of them. */
  onAct: (() => void) | null;
}

/** Nothing until somebody is selected. */
export function SelectedBar({ selection, shown, onAct }: SelectedBarProps) {
  const { t } = useWords();
  if (selection.ids.size === 0) return null;
  return (
    <div className="lc-selected">
      <strong role="status">{t.acts.selected(selection.ids.size)}</strong>
      <button type="button" className="lc-button" onClick={() => selection.add(shown)}>
        {t.acts.selectShown}
      </button>
      <button type="button" className="lc-button lc-quiet" onClick={selection.clear}>{t.acts.clear}</button>
      {onAct === null
        ? <span className="lc-muted">{t.acts.nothingForAll}</span>
        : (
          <button type="button" className="lc-button lc-primary" data-act="selected" onClick={onAct}>
            {t.acts.actOnAll}
          </button>
        )}
    </div>
  );
}
