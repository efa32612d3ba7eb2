/** Owns: calls with what ops may do in them, wherever they are listed. */
import { CallList } from "../components/CallList.tsx";
import { Empty, Reading } from "../components/States.tsx";
import { nameFor } from "../data/names.ts";
import type { Live } from "../data/useLive.ts";
import type { Call } from "../model/rows.ts";
import { useLinks } from "../route.ts";
import { useAct } from "./Acting.tsx";
import { againstIn, endOf } from "./callAims.ts";

export function CallFeed({ calls, none, now }: { calls: Live<Call[]>; none: string; now: number }) {
  const links = useLinks();
  const act = useAct();
  return (
    <Reading of={calls}>
      {(listed) =>
        listed.length === 0 ? <Empty>{none}</Empty> : (
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
  );
}
