/** Owns: the queue of raised hands, first come first. */
import { handQueue } from "../model/people.ts";
import type { Participant } from "../model/rows.ts";
import { clock, secondsBetween } from "../model/time.ts";
import { useWords } from "../texts/useWords.ts";
import { Empty } from "./States.tsx";

export interface HandQueueProps {
  people: Participant[];
  now: number;
  nameOf: (userId: string) => string;
  onAct: (person: Participant) => (() => void) | null;
}

export function HandQueue({ people, now, nameOf, onAct }: HandQueueProps) {
  const { t } = useWords();
  const queue = handQueue(people);
  if (queue.length === 0) return <Empty>{t.room.noHands}</Empty>;
  return (
    <ol className="lc-hands">
      {queue.map((person) => {
        const act = onAct(person);
        const name = nameOf(person.user_id);
        return (
          <li key={person.user_id}>
            <span className="lc-grow">{name}</span>
            <span className="lc-muted">{clock(secondsBetween(person.hand_raised_at, now) ?? 0)}</span>
            {act && (
              <button type="button" className="lc-button" onClick={act} aria-label={t.room.act(name)}>
                {t.room.actShort}
              </button>
            )}
          </li>
        );
      })}
    </ol>
  );
}
