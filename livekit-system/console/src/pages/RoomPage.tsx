/** Owns: the page of one room: who is there, how loud, what was done, and doing it. */
import { useEffect, useRef, useState } from "react";
import { AuditList } from "../components/ActionLine.tsx";
import { BanList } from "../components/BanList.tsx";
import { EventList, IncidentList } from "../components/Feeds.tsx";
import { HandQueue } from "../components/HandQueue.tsx";
import { ListenPanel } from "../components/ListenIn.tsx";
import { RoomHead } from "../components/RoomHead.tsx";
import { useSelection } from "../components/Selecting.tsx";
import { Empty, Forbidden, Freshness, Reading } from "../components/States.tsx";
import { nameFor } from "../data/names.ts";
import type { Account } from "../data/useAccount.ts";
import { useAway } from "../data/useAway.ts";
import { useChat } from "../data/useChat.ts";
import { useBansHere } from "../data/useBansHere.ts";
import { useRefreshedByActs } from "../data/useIntents.ts";
import { useListenIn } from "../data/useListenIn.ts";
import { useLevels } from "../data/useLevels.ts";
import { useNow } from "../data/useLive.ts";
import { PEOPLE_SORTS, useCrowd } from "../data/useCrowd.ts";
import { useRoom } from "../data/useRoom.ts";
import {
  mayAsk,
  offers,
  offersAfterEnd,
  offersToAll,
  ON_ROOM,
  rolesFor,
  scopesFor,
} from "../model/actions.ts";
import { limitOnMeter, loudOf } from "../model/levels.ts";
import { chatMuted } from "../model/people.ts";
import { HOST_RANK, OPS_RANK, RANKS } from "../model/roles.ts";
import { thresholdOf } from "../model/policy.ts";
import { type AgentState, agentState } from "../model/rooms.ts";
import type { ActionName, AgentRoom, Ban, Participant, Seat, Session } from "../model/rows.ts";
import { oneOf, useParams } from "../params.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { useAct } from "./Acting.tsx";
import { CameraNote } from "./CameraNote.tsx";
import { ChatPanel } from "./ChatPanel.tsx";
import { PeoplePanel } from "./PeoplePanel.tsx";
import { RecordingPanel } from "./RecordingPanel.tsx";

const VIEW = { q: "", sort: "trouble", page: "0" };

function leaseState(lease: AgentRoom | null, isOps: boolean, now: number): AgentState {
  return agentState(
    isOps ? { worker: lease?.worker_id ?? null, claimed_at: lease?.claimed_at ?? null } : null,
    now,
  );
}

export function RoomPage({ id, account }: { id: string; account: Account & { kind: "ops" | "staff" } }) {
  const links = useLinks();
  const { t } = useWords();
  const isOps = account.kind === "ops";
  const [params, setParams] = useParams(VIEW);
  const view = { text: params.q, sort: oneOf(PEOPLE_SORTS, params.sort), page: Number(params.page) || 0 };
  const loud = useRef<string[]>([]);
  const crowd = useCrowd(id, view, () => loud.current);
  const chat = useChat(id);
  const room = useRoom(id, isOps, crowd, chat);
  const session = room.head.data?.session ?? null;
  const levels = useLevels(id, session?.status === "live");
  const away = useAway(id);
  const now = useNow();
  const listen = useListenIn(id);
  const act = useAct();
  const [dryRun, setDryRun] = useState(false);
  const bans = useBansHere(session);
  const selection = useSelection();
  const seats = useRef(new Map<string, Seat>());
  useEffect(() => crowd.data?.people.forEach((seat) => seats.current.set(seat.user_id, seat)), [crowd.data]);
  useRefreshedByActs([room.audit, crowd, bans]);

  const mine = crowd.data?.me ?? null;
  const rank = isOps ? OPS_RANK : mine ? RANKS[mine.role] : 0;
  const hrefOf = isOps ? links.person : null;
  const threshold = thresholdOf(room.head.data?.policy);
  useEffect(() => {
    loud.current = loudOf(levels.meters, limitOnMeter(threshold));
  });

  function offered(person: Participant): ActionName[] {
    if (session === null || session.status === "scheduled" || person.user_id === account.id) return [];
    return session.status === "live"
      ? offers(rank, person, session.type, chatMuted(person, now))
      : offersAfterEnd(rank, person);
  }

  function actionOn(person: Participant): (() => void) | null {
    const actions = offered(person);
    if (session === null || actions.length === 0) return null;
    const roles = rolesFor(rank, session.type, person.role);
    const target = { id: person.user_id, name: nameFor(person.user_id) };
    return () => act({ sessionId: id, target, actions, roles, scopes: scopesFor(rank), rank, dryRun });
  }

  function actionOnSelected(): (() => void) | null {
    const people = [...selection.ids].flatMap((one) => seats.current.get(one) ?? []);
    const actions = offersToAll(people.map(offered));
    const [target, ...also] = people.map((one) => ({ id: one.user_id, name: nameFor(one.user_id) }));
    if (target === undefined || actions.length === 0) return null;
    return () => {
      act({ sessionId: id, target, also, actions, roles: [], scopes: scopesFor(rank), rank, dryRun });
      selection.clear();
    };
  }

  function liftOf(ban: Ban): (() => void) | null {
    if (!mayAsk(rank, "unban") && ban.created_by !== account.id) return null;
    if (ban.scope === "platform" || (ban.scope === "creator" && rank < HOST_RANK)) return null;
    const target = { id: ban.user_id, name: nameFor(ban.user_id) };
    return () =>
      act({
        sessionId: id,
        target,
        actions: ["unban"],
        roles: [],
        scopes: [ban.scope],
        rank,
        dryRun,
        lifted: { expires_at: ban.expires_at, reason: ban.reason },
      });
  }

  function actionOnRoom(at: Session): (() => void) | null {
    const done = at.mute_all_rank === null ? "unmute_all" : "mute_all";
    const actions = ON_ROOM.filter((action) => mayAsk(rank, action) && action !== done);
    if (at.status !== "live" || actions.length === 0) return null;
    return () =>
      act({ sessionId: id, target: null, actions, roles: [], scopes: scopesFor(rank), rank, dryRun });
  }

  return (
    <Reading of={room.head}>
      {(head) => {
        if (head.session === null) return <Gone />;
        if (!isTheirs(account, head.session)) return <Forbidden why={t.state.forbiddenWhy} />;
        return (
          <>
            <RoomHead
              session={head.session}
              creator={nameFor(head.session.creator_id)}
              agent={leaseState(head.agent, isOps, now)}
              policy={head.policy}
              policyHref={isOps ? links.policyOf(id) : null}
              now={now}
              dryRun={dryRun}
              onDryRun={setDryRun}
              onAct={actionOnRoom(head.session)}
            />
            {away && <p className="lc-note lc-note-bad" role="alert">{t.rooms.livekitAway}</p>}
            {isOps && head.session.status === "live" && head.session.type === "video_live" && (
              <CameraNote sessionId={id} now={now} />
            )}
            <div className="lc-room">
              <section className="lc-panel lc-panel-main" aria-labelledby="people-title">
                <PeoplePanel
                  crowd={crowd}
                  away={away}
                  view={view}
                  onView={({ text, sort, page }) =>
                    setParams({
                      ...(text !== undefined && { q: text }),
                      ...(sort !== undefined && { sort }),
                      ...(page !== undefined && { page: String(page) }),
                    })}
                  session={head.session}
                  levels={levels}
                  threshold={threshold}
                  now={now}
                  hrefOf={hrefOf}
                  onAct={actionOn}
                  selection={rank > 0 ? selection : null}
                  onActOnSelected={actionOnSelected()}
                />
              </section>
              <div className="lc-side">
                {isOps && head.session.status === "live" && (
                  <section className="lc-panel" data-feed="listen">
                    <h2>{t.listen.title}</h2>
                    <ListenPanel about={id} listen={listen} now={now} nameOf={nameFor} />
                  </section>
                )}
                <RecordingPanel
                  session={head.session}
                  now={now}
                  mayStart={mayAsk(rank, "end_session")}
                  ops={isOps}
                />
                <section className="lc-panel">
                  <h2>{t.room.hands}</h2>
                  <HandQueue queue={crowd.data?.hands ?? []} now={now} nameOf={nameFor} onAct={actionOn} />
                </section>
                <ChatPanel chat={chat} session={head.session} rank={rank} hrefOf={hrefOf} />
                <section className="lc-panel" data-feed="bans">
                  <h2>{t.acts.bansHere}</h2>
                  <Reading of={bans}>
                    {(read) =>
                      read.length > 0
                        ? <BanList bans={read} now={now} nameOf={nameFor} named onLift={liftOf} />
                        : <Empty>{t.acts.noBansHere}</Empty>}
                  </Reading>
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
          </>
        );
      }}
    </Reading>
  );
}

/** Whose page it is: ops', its staff's while it is live, and its creator's for ever. A public listing alone is nobody's. */
function isTheirs(account: Account & { kind: "ops" | "staff" }, session: Session): boolean {
  return account.kind === "ops" || account.sessions.includes(session.id) || session.creator_id === account.id;
}

function Gone() {
  const links = useLinks();
  const { t } = useWords();
  return (
    <>
      <a className="lc-back" href={links.rooms}>← {t.rooms.title}</a>
      <h1>{t.state.gone}</h1>
    </>
  );
}
