/** Owns: what a form says before it is sent: what would become of it, who else looks, what others have done meanwhile. */
import type { Looking } from "../data/useForetold.ts";
import type { Preview, PreviewOf } from "../model/rows.ts";
import { outcomesOf, would } from "../model/would.ts";
import { useWords } from "../texts/useWords.ts";
import { describe } from "./ActionLine.tsx";
import { explain } from "./States.tsx";

export interface ForetoldProps {
  preview: Preview | null;
  /** What the person reads; null: nothing is sent. Undefined: nobody in particular is concerned. */
  told: string | null | undefined;
}

export function Foretold({ preview, told }: ForetoldProps) {
  const { t, f } = useWords();
  const reads = told !== undefined && (
    <p className="lc-told">
      {told === null ? t.action.theyReadNothing : (
        <>
          {t.action.theyRead} <q>{told}</q>
        </>
      )}
    </p>
  );
  if (preview === null) return reads || null;
  const { held, refused } = preview;
  return (
    <div className="lc-foretold" role="status">
      {!refused && reads}
      {held && (
        <p>
          {t.action.held(
            held.by ?? (held.via ? t.action.via[held.via] : null),
            held.until && f.zoned(held.until),
          )}
        </p>
      )}
      {refused
        ? <p className="lc-fault">{explain({ kind: "refused", ...refused }, t)}</p>
        : <p>{t.action.would.title} {would(preview, t).join("; ")}</p>}
    </div>
  );
}

/** Of several people: what would become of how many, and who is refused why. */
export function ForetoldOfMany(
  { previews, people, nameOf }: { previews: PreviewOf[]; people: number; nameOf: (userId: string) => string },
) {
  const { t } = useWords();
  const outcomes = outcomesOf(previews, t, (refused) => explain({ kind: "refused", ...refused }, t));
  const held = previews.filter((one) => one.held !== null && one.refused === null).length;
  return (
    <div className="lc-foretold" role="status">
      <p>{t.action.would.title}</p>
      <ul>
        {outcomes.map(({ said, refused, users }) => (
          <li key={`${refused} ${said}`} className={refused ? "lc-bad" : undefined} data-refused={refused}>
            {refused ? t.acts.refusedOf(users.length) : t.acts.become(users.length)} {said}
            {refused && (
              <span className="lc-sub">
                <bdi>{users.slice(0, 5).map(nameOf).join(", ")}</bdi>
                {users.length > 5 && ` +${users.length - 5}`}
              </span>
            )}
          </li>
        ))}
      </ul>
      {held > 0 && <p>{t.acts.heldAlready(held)}</p>}
      {people > previews.length && <p className="lc-sub">{t.acts.foretoldFirst(previews.length, people)}</p>}
    </div>
  );
}

export function Meanwhile({ looking }: { looking: Looking }) {
  const { t, f } = useWords();
  const names = looking.others.map((other) => other.name ?? other.id.slice(0, 8));
  return (
    <>
      {names.length > 0 && <p className="lc-note" role="status">{t.action.others(names.join(", "))}</p>}
      {looking.acts.length > 0 && (
        <div className="lc-note lc-note-warn lc-overtaken" role="alert">
          <div>
            {t.action.overtaken}
            <ul>
              {looking.acts.map((act) => (
                <li key={act.action_id}>
                  {act.by ?? t.action.via[act.via]}: {describe(act, t, f.length)}, {f.time(act.at)}
                </li>
              ))}
            </ul>
          </div>
        </div>
      )}
    </>
  );
}
