/** Owns: the queue of raised hands, first come first. */
import type { Participant } from "../model/rows.ts";
import { clock, secondsBetween } from "../model/time.ts";
import { useWords } from "../texts/useWords.ts";
import { Empty } from "./States.tsx";
import { Name } from "./Title.tsx";

export interface HandQueueProps {
  /** First come first. */
  queue: Participant[];
  now: number;
  nameOf: (userId: string) => string;
  onAct: (person: Participant) => (() => void) | null;
}

export function HandQueue({ queue, now, nameOf, onAct }: HandQueueProps) {
  const { t } = useWords();
  if (queue.length === 0) return <Empty>{t.room.noHands}</Empty>;
  return (
    <ol className="lc-hands">
      {queue.map((person) => {
        const act = onAct(person);
        const name = nameOf(person.user_id);
        return (
          <li key={person.user_id}>
            <span className="lc-grow">
              <Name>{name}</Name>
            </span>
            <span className="lc-muted">{clock(secondsBetween(person.hand_raised_at, now) ?? 0)}</span>
            {act && (
              <button
                type="button"
                className="lc-button"
                onClick={act}
                data-act={`hand ${person.user_id}`}
                aria-label={t.room.act(name)}
              >
                {t.room.actShort}
              </button>
            )}
          </li>
        );
      })}
    </ol>
  );
}
