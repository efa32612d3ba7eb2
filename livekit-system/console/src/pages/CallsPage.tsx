/** Owns: the page of calls: those that run, and those that are over. */
import { CallList } from "../components/CallList.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { nameFor } from "../data/names.ts";
import { useCalls } from "../data/useCalls.ts";
import { useRefreshedByActs } from "../data/useIntents.ts";
import { useNow } from "../data/useLive.ts";
import { oneOf, useParams } from "../params.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { useAct } from "./Acting.tsx";
import { againstIn, endOf } from "./callAims.ts";

const VIEW = { state: "running" };
const STATES = ["running", "ended"] as const;

export function CallsPage() {
  const links = useLinks();
  const { t } = useWords();
  const [params, setParams] = useParams(VIEW);
  const state = oneOf(STATES, params.state);
  const calls = useCalls(state, null);
  const now = useNow();
  const act = useAct();
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
        <Reading of={calls}>
          {(listed) =>
            listed.length === 0
              ? <Empty>{state === "running" ? words.none : words.noneOver}</Empty>
              : (
                <CallList
                  calls={listed}
                  now={now}
                  nameOf={nameFor}
                  hrefOf={links.person}
                  onEnd={(call) => {
                    const aim = endOf(call);
                    return aim && (() => act(aim));
                  }}
                  onAct={(call, id) => () => act(againstIn(call, id))}
                />
              )}
        </Reading>
      </section>
    </>
  );
}
