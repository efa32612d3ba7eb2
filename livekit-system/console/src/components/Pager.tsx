/** Owns: going through the pages of a list: what is on this one, and how much there is. */
import { useRef } from "react";
import { useWords } from "../texts/useWords.ts";
import { useFocusAcross } from "./focus.ts";

export interface PagerProps {
  page: number;
  size: number;
  total: number;
  onPage: (page: number) => void;
}

export function Pager({ page, size, total, onPage }: PagerProps) {
  const { t, f } = useWords();
  const part = useRef<HTMLElement>(null);
  useFocusAcross(part);
  const last = Math.max(0, Math.ceil(total / size) - 1);
  if (last === 0 && page === 0) return null;
  const [from, to] = [page * size + 1, Math.min(total, (page + 1) * size)];
  return (
    <nav ref={part} className="lc-pager" aria-label={t.pages.label}>
      <button
        type="button"
        className="lc-button lc-quiet"
        data-step="back"
        disabled={page === 0}
        onClick={() => onPage(page - 1)}
      >
        {t.pages.back}
      </button>
      <span role="status">{t.pages.shown(f.whole(Math.min(from, total)), f.whole(to), f.whole(total))}</span>
      <button
        type="button"
        className="lc-button lc-quiet"
        data-step="next"
        disabled={page >= last}
        onClick={() => onPage(page + 1)}
      >
        {t.pages.next}
      </button>
    </nav>
  );
}
