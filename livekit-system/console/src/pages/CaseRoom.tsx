/** Owns: the room beside a case: how it stands, hearing it, how loud the person is, its chat. */
import { ListenPanel } from "../components/ListenIn.tsx";
import { Meter } from "../components/Meter.tsx";
import { Reading } from "../components/States.tsx";
import { Title } from "../components/Title.tsx";
import { nameFor } from "../data/names.ts";
import { useChat } from "../data/useChat.ts";
import { useLevels } from "../data/useLevels.ts";
import { useListenIn } from "../data/useListenIn.ts";
import { useNow } from "../data/useLive.ts";
import { useHead } from "../data/useRoom.ts";
import { limitOnMeter } from "../model/levels.ts";
import { OPS_RANK } from "../model/roles.ts";
import { thresholdOf } from "../model/policy.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { ChatPanel } from "./ChatPanel.tsx";

/** `userId`: whom the case is about. */
export function CaseRoom({ sessionId, userId }: { sessionId: string; userId: string | null }) {
  const links = useLinks();
  const { t } = useWords();
  const head = useHead(sessionId, true);
  const chat = useChat(sessionId);
  const listen = useListenIn(sessionId);
  const session = head.data?.session ?? null;
  const live = session?.status === "live";
  const levels = useLevels(sessionId, live);
  const now = useNow();
  return (
    <Reading of={head}>
      {(reading) =>
        reading.session === null ? <p className="lc-empty">{t.state.gone}</p> : (
          <div className="lc-side">
            <section className="lc-panel" data-feed="case-room">
              <h2>
                <a href={links.room(sessionId)}>
                  <Title session={reading.session} />
                </a>
              </h2>
              <p className="lc-facts">
                <span>{live ? t.state.live : t.room.ended}</span>
                <span>{t.room.online(reading.session.viewer_count)}</span>
              </p>
              {userId !== null && live && (
                <Meter
                  name={nameFor(userId)}
                  level={levels.meters.get(userId) ?? null}
                  threshold={limitOnMeter(thresholdOf(reading.policy))}
                />
              )}
            </section>
            {live && (
              <section className="lc-panel" data-feed="listen">
                <h2>{t.listen.title}</h2>
                <ListenPanel about={sessionId} listen={listen} now={now} nameOf={nameFor} />
              </section>
            )}
            <ChatPanel chat={chat} session={reading.session} rank={OPS_RANK} hrefOf={links.person} />
          </div>
        )}
    </Reading>
  );
}
