/** Owns: the chat of a session for its moderators: what waits for them first, and what may be done with a line. */
import type { ChatReading } from "../data/useChat.ts";
import type { ChatLine } from "../model/chat.ts";
import { useWords } from "../texts/useWords.ts";
import { ScrollList } from "./ScrollList.tsx";
import { Name } from "./Title.tsx";

export type ChatAct = "delete_message" | "release_message" | "pin_message" | "unpin";

export interface ChatLogProps {
  chat: ChatReading;
  nameOf: (userId: string) => string;
  hrefOf: ((userId: string) => string) | null;
  /** Null where nothing may be done with that line. */
  onAct: ((line: ChatLine, act: ChatAct) => void) | null;
  /** Sets pauses and who may write; null for who may not. */
  onSettings: (() => void) | null;
}

export function ChatLog({ chat, nameOf, hrefOf, onAct, onSettings }: ChatLogProps) {
  const { t, f } = useWords();
  const { settings, lines } = chat;
  const waiting = lines.filter((line) => line.held_at !== null && line.deleted_at === null).length;
  return (
    <>
      <div className="lc-buttons lc-left">
        {settings && (
          <span className="lc-sub" data-chat-settings="">
            {[
              t.action.chatModeName[settings.chat_mode],
              settings.slow_mode_seconds > 0
                ? t.chat.pause(f.length(settings.slow_mode_seconds))
                : t.action.noPause,
            ].join(" · ")}
          </span>
        )}
        {onSettings && (
          <button type="button" className="lc-button lc-quiet" data-act="chat" onClick={onSettings}>
            {t.chat.set}
          </button>
        )}
      </div>
      {waiting > 0 && <p className="lc-note lc-note-warn" role="status">{t.chat.waiting(waiting)}</p>}
      {lines.length === 0 && <p className="lc-empty">{t.chat.none}</p>}
      <ScrollList className="lc-feed lc-chat">
        {lines.map((line) => (
          <li key={line.id} data-message={line.id} data-state={stateOf(line)}>
            <time dateTime={line.created_at}>{f.stamp(line.created_at)}</time>
            <div>
              <Writer line={line} nameOf={nameOf} hrefOf={hrefOf} />
              {line.deleted_at !== null && <span className="lc-tag">{t.chat.deleted}</span>}
              {stateOf(line) === "held" && <span className="lc-tag lc-tag-warn">{t.chat.held}</span>}
              {settings?.pinned_message_id === line.id && <span className="lc-tag">{t.chat.pinned}</span>}
              <bdi className="lc-line">{line.body}</bdi>
              {onAct && line.deleted_at === null && (
                <LineActs line={line} pinned={settings?.pinned_message_id === line.id} onAct={onAct} />
              )}
            </div>
          </li>
        ))}
      </ScrollList>
    </>
  );
}

function stateOf(line: ChatLine): "deleted" | "held" | "shown" {
  if (line.deleted_at !== null) return "deleted";
  return line.held_at !== null ? "held" : "shown";
}

function Writer({ line, nameOf, hrefOf }: Pick<ChatLogProps, "nameOf" | "hrefOf"> & { line: ChatLine }) {
  if (line.user_id === null) return <span className="lc-muted">{line.sender_name}</span>;
  const name = <Name>{nameOf(line.user_id)}</Name>;
  return <span className="lc-name">{hrefOf ? <a href={hrefOf(line.user_id)}>{name}</a> : name}</span>;
}

interface LineActsProps {
  line: ChatLine;
  pinned: boolean;
  onAct: (line: ChatLine, act: ChatAct) => void;
}

function LineActs({ line, pinned, onAct }: LineActsProps) {
  const { t } = useWords();
  const acts: [ChatAct, string][] = [
    ...(line.held_at !== null ? [["release_message", t.chat.release] as [ChatAct, string]] : []),
    ["delete_message", t.chat.delete],
    ...(line.held_at === null
      ? [
        pinned
          ? ["unpin", t.chat.unpin] as [ChatAct, string]
          : ["pin_message", t.chat.pin] as [ChatAct, string],
      ]
      : []),
  ];
  return (
    <span className="lc-line-acts">
      {acts.map(([act, name]) => (
        <button
          key={act}
          type="button"
          className="lc-chip"
          data-act={`${act} ${line.id}`}
          onClick={() => onAct(line, act)}
        >
          {name}
        </button>
      ))}
    </span>
  );
}
