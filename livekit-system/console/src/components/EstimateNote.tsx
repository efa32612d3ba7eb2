/** Owns: what another policy would have done, in a sentence beside what the one of now would have. */
import type { Failure } from "../data/failure.ts";
import type { Estimate } from "../data/usePolicy.ts";
import { useWords } from "../texts/useWords.ts";
import { explain } from "./States.tsx";

export function EstimateNote(
  { estimate, changed }: { estimate: Estimate | Failure | null; changed: boolean },
) {
  const { t, f } = useWords();
  const words = t.policy;
  if (estimate === null) return <p className="lc-sub" role="status">{words.estimating}</p>;
  if ("kind" in estimate) return <p className="lc-fault" role="alert">{explain(estimate, t)}</p>;
  if (estimate.minutes === 0) return <p className="lc-sub" role="status">{words.nothingMeasured}</p>;
  return (
    <div role="status">
      <p className="lc-sub">
        {words.measured(f.whole(estimate.people), f.whole(estimate.minutes), f.zoned(estimate.since))}
      </p>
      <dl className="lc-estimate">
        <dt>{words.now}</dt>
        <dd data-estimate="now">{words.would(estimate.now)}</dd>
        {changed && (
          <>
            <dt>{words.then}</dt>
            <dd data-estimate="then">{words.would(estimate.then)}</dd>
          </>
        )}
      </dl>
      <p className="lc-sub">{words.estimateNote} {estimate.cut && words.cut}</p>
    </div>
  );
}
