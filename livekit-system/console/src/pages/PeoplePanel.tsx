/** Owns: the people of a room as a panel: found by name, the first of them shown. */
import { useState } from "react";
import { PeopleList, type PeopleListProps } from "../components/PeopleList.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { nameFor } from "../data/names.ts";
import type { Levels } from "../data/useLevels.ts";
import type { Live } from "../data/useLive.ts";
import type { Crowd } from "../data/useRoom.ts";
import { ordered } from "../model/people.ts";
import type { Session } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";

const SHOWN = 60;

export interface PeoplePanelProps extends Pick<PeopleListProps, "threshold" | "now" | "hrefOf" | "onAct"> {
  crowd: Live<Crowd>;
  session: Session;
  levels: Levels;
}

export function PeoplePanel({ crowd, session, levels, ...rest }: PeoplePanelProps) {
  const { t, f } = useWords();
  const [text, setText] = useState("");
  const [all, setAll] = useState(false);
  const live = session.status === "live";
  return (
    <>
      <div className="lc-panel-head">
        <h2 id="people-title">
          {t.room.people} <Freshness of={crowd} />
        </h2>
        <span className="lc-limit-key">{t.room.limit(f.level(rest.threshold))}</span>
        <input
          type="search"
          aria-label={t.room.find}
          placeholder={t.room.find}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      {live && levels.state === "lost" && (
        <p className="lc-note lc-note-warn" role="status">{t.room.levelsLost}</p>
      )}
      <Reading of={crowd}>
        {({ people, loudness }) => {
          const wanted = text.trim().toLocaleLowerCase();
          const found = ordered(people).filter((person) =>
            nameFor(person.user_id).toLocaleLowerCase().includes(wanted)
          );
          if (found.length === 0) return <Empty>{t.room.nobody}</Empty>;
          return (
            <>
              <PeopleList
                people={all ? found : found.slice(0, SHOWN)}
                type={session.type}
                meters={levels.meters}
                picture={levels.picture}
                loudness={loudness}
                nameOf={nameFor}
                {...rest}
              />
              {!all && found.length > SHOWN && (
                <button
                  type="button"
                  className="lc-button lc-quiet"
                  onClick={() => setAll(true)}
                >
                  {t.room.showAll(found.length)}
                </button>
              )}
            </>
          );
        }}
      </Reading>
      <p className="lc-sub lc-foot">{t.room.levelsNote}</p>
    </>
  );
}
