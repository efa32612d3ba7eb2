/** Owns: what another policy would have done, beside what the one of now would have; and what nothing was stored to say it by. */
import type { Failure } from "../data/failure.ts";
import type { Estimate, RuleEstimate } from "../data/usePolicy.ts";
import { type Rule, RULE_NAMES } from "../model/rules.ts";
import type { PolicyWords } from "../texts/policy.ts";
import { useWords } from "../texts/useWords.ts";
import { FigureTable } from "./FigureTable.tsx";
import { explain } from "./States.tsx";

export function EstimateNote(
  { estimate, changed }: { estimate: Estimate | Failure | null; changed: boolean },
) {
  const { t, f } = useWords();
  const words = t.policy;
  if (estimate === null) return <p className="lc-sub" role="status">{words.estimating}</p>;
  if ("kind" in estimate) return <p className="lc-fault" role="alert">{explain(estimate, t)}</p>;
  return (
    <div role="status">
      {estimate.minutes === 0 ? <p className="lc-sub">{words.nothingMeasured}</p> : (
        <>
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
        </>
      )}
      <Others estimate={estimate} changed={changed} />
    </div>
  );
}

type Line = [Rule, RuleEstimate];

/** The rules beside loudness. */
function Others({ estimate, changed }: { estimate: Estimate; changed: boolean }) {
  const { t, f, lang } = useWords();
  const words = t.policy.others;
  const rows = (Object.keys(RULE_NAMES[lang]) as Rule[]).flatMap((rule): Line[] => {
    const told = estimate.rules[rule];
    return told ? [[rule, told]] : [];
  });
  const then = ([, told]: Line) => <span data-then={said(told)}>{thenOf(told, words, f.whole)}</span>;
  return (
    <details className="lc-other-rules">
      <summary>{words.title}</summary>
      <FigureTable
        caption={words.title}
        keyOf={([rule]) => rule}
        rows={rows}
        columns={[
          { name: words.rule, of: ([rule]) => <span data-rule={rule}>{RULE_NAMES[lang][rule]}</span> },
          {
            name: words.by,
            of: ([rule, told]) => words.basis[told.by] + (rule === "dead_air" ? words.sessions : ""),
          },
          { name: t.policy.now, number: true, of: ([, told]) => nowOf(told, estimate, f.whole) },
          ...(changed ? [{ name: t.policy.then, number: true, of: then }] : []),
        ]}
      />
      <p className="lc-sub">{words.note}</p>
    </details>
  );
}

/** Nothing noted says nothing of what a stricter rule would have noted. */
function said({ bound, then }: RuleEstimate): RuleEstimate["bound"] {
  return bound === "at_least" && then === 0 ? "unknown" : bound;
}

function thenOf(told: RuleEstimate, words: PolicyWords["others"], whole: (n: number) => string): string {
  return words.bound[said(told)](whole(told.then));
}

function nowOf(told: RuleEstimate, { minutes }: Estimate, whole: (n: number) => string): string {
  return told.by === "minutes" && minutes === 0 ? "–" : whole(told.now);
}
