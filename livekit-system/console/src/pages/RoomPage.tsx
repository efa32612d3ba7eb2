/** Owns: the page of one room: who is there, how loud, what was done, and doing it. */
import { useState } from "react";
import { ActionDialog } from "../components/ActionDialog.tsx";
import { AskedList, AuditList } from "../components/ActionLine.tsx";
import { EventList, IncidentList } from "../components/Feeds.tsx";
import { HandQueue } from "../components/HandQueue.tsx";
import { RoomHead } from "../components/RoomHead.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { nameFor } from "../data/names.ts";
import type { Account } from "../data/useAccount.ts";
import { useActions } from "../data/useActions.ts";
import { useLevels } from "../data/useLevels.ts";
import { useNow } from "../data/useLive.ts";
import { useRoom } from "../data/useRoom.ts";
import { mayAsk, offers, ON_ROOM, rolesFor, rowOf, scopesFor } from "../model/actions.ts";
import { chatMuted } from "../model/people.ts";
import { OPS_RANK, RANKS } from "../model/roles.ts";
import { thresholdOf } from "../model/policy.ts";
import { agentState } from "../model/rooms.ts";
import type { ActionName, Participant, Session } from "../model/rows.ts";
import { links } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { PeoplePanel } from "./PeoplePanel.tsx";

type Aim = { person: Participant | null; actions: ActionName[] };

export function RoomPage({ id, account }: { id: string; account: Account & { kind: "ops" | "staff" } }) {
  const { t } = useWords();
  const isOps = account.kind === "ops";
  const room = useRoom(id, isOps);
  const session = room.head.data?.session ?? null;
  const levels = useLevels(id, session?.status === "live");
  const now = useNow();
  const { asked, ask } = useActions(() => {
    room.audit.refresh();
    room.crowd.refresh();
  });
  const [aim, setAim] = useState<Aim | null>(null);
  const [dryRun, setDryRun] = useState(false);

  const people = room.crowd.data?.people ?? [];
  const mine = people.find((person) => person.user_id === account.id);
  const rank = isOps ? OPS_RANK : mine ? RANKS[mine.role] : 0;
  const hrefOf = isOps ? links.person : null;
  const threshold = thresholdOf(room.head.data?.policy);

  function actionOn(person: Participant): (() => void) | null {
    if (session?.status !== "live" || person.user_id === account.id) return null;
    const actions = offers(rank, person, session.type, chatMuted(person, now));
    return actions.length === 0 ? null : () => setAim({ person, actions });
  }

  function actionOnRoom(at: Session): (() => void) | null {
    const done = at.mute_all_rank === null ? "unmute_all" : "mute_all";
    const actions = ON_ROOM.filter((action) => mayAsk(rank, action) && action !== done);
    return at.status !== "live" || actions.length === 0 ? null : () => setAim({ person: null, actions });
  }

  return (
    <Reading of={room.head}>
      {(head) => {
        if (head.session === null) return <Gone />;
        return (
          <>
            <RoomHead
              session={head.session}
              creator={nameFor(head.session.creator_id)}
              agent={agentState(head.agent ?? undefined, isOps, now)}
              policy={head.policy}
              now={now}
              dryRun={dryRun}
              onDryRun={setDryRun}
              onAct={actionOnRoom(head.session)}
            />
            {asked.length > 0 && <AskedList asked={asked} nameOf={nameFor} />}
            <div className="lc-room">
              <section className="lc-panel lc-panel-main" aria-labelledby="people-title">
                <PeoplePanel
                  crowd={room.crowd}
                  session={head.session}
                  levels={levels}
                  threshold={threshold}
                  now={now}
                  hrefOf={hrefOf}
                  onAct={actionOn}
                />
              </section>
              <div className="lc-side">
                <section className="lc-panel">
                  <h2>{t.room.hands}</h2>
                  <HandQueue people={people} now={now} nameOf={nameFor} onAct={actionOn} />
                </section>
                <section className="lc-panel" data-feed="incidents">
                  <h2>{t.feed.incidents}</h2>
                  <Reading of={room.incidents}>
                    {(incidents) =>
                      incidents.length > 0
                        ? <IncidentList incidents={incidents} nameOf={nameFor} />
                        : <Empty>{t.feed.noIncidents}</Empty>}
                  </Reading>
                </section>
                <section className="lc-panel" data-feed="events">
                  <h2>{t.feed.events}</h2>
                  <Reading of={room.events}>
                    {(events) =>
                      events.length > 0
                        ? <EventList events={events} nameOf={nameFor} />
                        : <Empty>{t.feed.noEvents}</Empty>}
                  </Reading>
                </section>
                <section className="lc-panel" data-feed="audit">
                  <h2>
                    {t.feed.audit} <Freshness of={room.audit} />
                  </h2>
                  <Reading of={room.audit}>
                    {(rows) =>
                      rows.length > 0
                        ? <AuditList rows={rows} named hrefOf={hrefOf} nameOf={nameFor} />
                        : <Empty>{t.feed.noAudit}</Empty>}
                  </Reading>
                </section>
              </div>
            </div>
            {aim && (
              <ActionDialog
                target={aim.person && { id: aim.person.user_id, name: nameFor(aim.person.user_id) }}
                actions={aim.actions}
                roles={aim.person ? rolesFor(rank, head.session.type, aim.person.role) : []}
                scopes={scopesFor(rank)}
                dryRun={dryRun}
                onAsk={(draft) => ask(rowOf(draft, id, crypto.randomUUID(), dryRun))}
                onClose={() => setAim(null)}
              />
            )}
          </>
        );
      }}
    </Reading>
  );
}

function Gone() {
  const { t } = useWords();
  return (
    <>
      <a className="lc-back" href={links.rooms}>← {t.rooms.title}</a>
      <h1>{t.state.gone}</h1>
    </>
  );
}
