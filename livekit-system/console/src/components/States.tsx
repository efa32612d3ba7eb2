/** Owns: how a reading says that it is loading, empty, old, or not for this person. */
import type { ReactNode } from "react";
import { type Failure, isUnanswered } from "../data/failure.ts";
import type { Live } from "../data/useLive.ts";
import { useNow } from "../data/useLive.ts";
import { freshness } from "../model/time.ts";
import { REFUSAL_TEXTS } from "../../../clients/typescript/src/refusal_texts.ts";
import type { Words } from "../texts/words.ts";
import { useWords } from "../texts/useWords.ts";

/** `live`, or how old what one sees is. */
export function Freshness({ of }: { of: Live<unknown> }) {
  const { t } = useWords();
  const now = useNow();
  const state = freshness(of.readAt, of.failure !== null, now, of.everyMs);
  if (state === "loading") return null;
  if (state === "fresh") return <span className="lc-fresh">{t.state.live}</span>;
  return <span className="lc-stale">{t.state.stale(Math.round((now - (of.readAt ?? now)) / 1000))}</span>;
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="lc-empty">{children}</p>;
}

/** The reading, or in its place why there is none; a failure after the first reading is told above it. */
export function Reading<T>({ of, children }: { of: Live<T>; children: (data: T) => ReactNode }) {
  const { t } = useWords();
  const failure = of.failure && <FailureNote failure={of.failure} onRetry={of.refresh} />;
  if (of.data === null) return failure ?? <p className="lc-empty" role="status">{t.state.loading}</p>;
  return (
    <>
      {failure}
      {children(of.data)}
    </>
  );
}

export function FailureNote({ failure, onRetry }: { failure: Failure; onRetry: () => void }) {
  const { t } = useWords();
  return (
    <div className={isUnanswered(failure) ? "lc-note lc-note-warn" : "lc-note lc-note-bad"} role="alert">
      <span>{explain(failure, t)}</span>
      <button type="button" className="lc-button lc-quiet" onClick={onRetry}>{t.state.again}</button>
    </div>
  );
}

/** A failure in the reader's language: by its code, in the words for moderators or in those that apps show. */
export function explain(failure: Failure, t: Words): string {
  const { kind } = failure;
  if (kind === "offline" || kind === "away") return t.state[kind];
  if (kind === "server" || kind === "broken") return t.state[kind](failure.code ?? failure.message);
  const code = failure.code ?? "";
  const known = t.refusal[code] ?? REFUSAL_TEXTS[code as keyof typeof REFUSAL_TEXTS]?.[t.lang];
  return known ?? t.state.unknown(code || failure.message);
}

export function Forbidden({ why }: { why: string }) {
  const { t } = useWords();
  return (
    <section className="lc-door">
      <h1>{t.state.forbidden}</h1>
      <p>{why}</p>
    </section>
  );
}
