/** Owns: the page of calls: those that run, and those that are over. */
import { Freshness } from "../components/States.tsx";
import { useCalls } from "../data/useCalls.ts";
import { useRefreshedByActs } from "../data/useIntents.ts";
import { useNow } from "../data/useLive.ts";
import { oneOf, useParams } from "../params.ts";
import { useWords } from "../texts/useWords.ts";
import { CallFeed } from "./CallFeed.tsx";

const VIEW = { state: "running" };
const STATES = ["running", "ended"] as const;

export function CallsPage() {
  const { t } = useWords();
  const [params, setParams] = useParams(VIEW);
  const state = oneOf(STATES, params.state);
  const calls = useCalls(state, null);
  const now = useNow();
  useRefreshedByActs([calls]);
  const words = t.acts.calls;
  return (
    <>
      <div className="lc-title">
        <h1>{words.title}</h1>
        <Freshness of={calls} />
        <select
          aria-label={words.which}
          value={state}
          onChange={(event) => setParams({ state: event.target.value })}
        >
          {STATES.map((one) => <option key={one} value={one}>{words.state[one]}</option>)}
        </select>
      </div>
      <p className="lc-sub">{words.unheard}</p>
      <section className="lc-panel" data-feed="calls" aria-label={words.title}>
        <CallFeed calls={calls} none={state === "running" ? words.none : words.noneOver} now={now} />
      </section>
    </>
  );
}
