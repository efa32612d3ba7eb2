/** Owns: the chat beside a room or a case, put together with the acts on it. */
import { type ChatAct, ChatLog } from "../components/ChatLog.tsx";
import { Empty, Reading } from "../components/States.tsx";
import { nameFor } from "../data/names.ts";
import { useIntents } from "../data/useIntents.ts";
import type { ChatReading } from "../data/useChat.ts";
import type { Live } from "../data/useLive.ts";
import { draftOf, mayAsk } from "../model/actions.ts";
import type { ChatLine } from "../model/chat.ts";
import type { Aim } from "../model/intents.ts";
import type { ActionName, Session } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";
import { useAct } from "./Acting.tsx";

export interface ChatPanelProps {
  chat: Live<ChatReading>;
  session: Pick<Session, "id" | "status">;
  /** Of the reader in this session. */
  rank: number;
  hrefOf: ((userId: string) => string) | null;
}

export function ChatPanel({ chat, session, rank, hrefOf }: ChatPanelProps) {
  const { t } = useWords();
  const { intents } = useIntents();
  const act = useAct();
  const live = session.status === "live";

  function aim(actions: ActionName[], line: ChatLine | null): Aim {
    const target = line?.user_id ? { id: line.user_id, name: nameFor(line.user_id) } : null;
    return { sessionId: session.id, target, actions, roles: [], scopes: ["session"], rank, dryRun: false };
  }

  function onAct(line: ChatLine, wanted: ChatAct) {
    // What takes a line away says why; what shows one is asked at once.
    if (wanted === "delete_message") return act(aim([wanted], line), { messageId: line.id });
    const name = wanted === "unpin" ? "pin_message" : wanted;
    const draft = { ...draftOf(name, null), messageId: wanted === "unpin" ? null : line.id };
    intents.ask(aim([name], null), draft);
  }

  const settings = (["slow_mode", "chat_mode"] as const).filter((name) => mayAsk(rank, name));
  return (
    <section className="lc-panel" data-feed="chat">
      <h2>{t.chat.title}</h2>
      <Reading of={chat}>
        {(reading) =>
          reading.settings === null ? <Empty>{t.state.gone}</Empty> : (
            <ChatLog
              chat={reading}
              nameOf={nameFor}
              hrefOf={hrefOf}
              onAct={live && mayAsk(rank, "delete_message") ? onAct : null}
              onSettings={live && settings.length > 0 ? () => act(aim([...settings], null)) : null}
            />
          )}
      </Reading>
    </section>
  );
}
