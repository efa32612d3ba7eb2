/** Owns: calls as lines: who, since when, how it stands, and the ways to act. */
import type { Call } from "../model/rows.ts";
import { clock, secondsBetween } from "../model/time.ts";
import { useWords } from "../texts/useWords.ts";
import { ScrollList } from "./ScrollList.tsx";
import { Name } from "./Title.tsx";

export interface CallListProps {
  calls: Call[];
  now: number;
  nameOf: (userId: string) => string;
  hrefOf: (userId: string) => string;
  /** Null for what is over. */
  onEnd: (call: Call) => (() => void) | null;
  /** Against one of the two. */
  onAct: (call: Call, userId: string) => () => void;
}

export function CallList({ calls, now, nameOf, hrefOf, onEnd, onAct }: CallListProps) {
  const { t, f } = useWords();
  const words = t.acts.calls;
  return (
    <ScrollList className="lc-feed lc-calls">
      {calls.map((call) => {
        const end = onEnd(call);
        const names = [nameOf(call.caller_id), nameOf(call.callee_id)] as const;
        const seconds = secondsBetween(call.accepted_at, call.ended_at ? Date.parse(call.ended_at) : now);
        return (
          <li key={call.id} data-call={call.status}>
            <time dateTime={call.created_at}>{f.stamp(call.created_at)}</time>
            <div>
              {[call.caller_id, call.callee_id].map((id, n) => (
                <span key={id}>
                  {n > 0 && " → "}
                  <a href={hrefOf(id)} {...(n === 0 ? { "data-row": true } : {})}>
                    <Name>{names[n]!}</Name>
                  </a>
                </span>
              ))}
              <span className="lc-sub">
                {words.type[call.type]} · {words.status[call.status] ?? call.status}
                {seconds !== null && ` · ${clock(seconds)}`}
              </span>
            </div>
            <span className="lc-doing">
              {end && (
                <button type="button" className="lc-button" data-act={`end ${call.id}`} onClick={end}>
                  {words.end}
                </button>
              )}
              {[call.caller_id, call.callee_id].map((id, n) => (
                <button
                  key={id}
                  type="button"
                  className="lc-button"
                  data-act={`${call.id} ${id}`}
                  aria-label={t.room.act(names[n]!)}
                  onClick={onAct(call, id)}
                >
                  {t.room.actShort}: <Name>{names[n]!}</Name>
                </button>
              ))}
            </span>
          </li>
        );
      })}
    </ScrollList>
  );
}
