/** Owns: the people of a room as a panel: searched, sorted and paged by the database. */
import { Pager } from "../components/Pager.tsx";
import { PeopleList, type PeopleListProps } from "../components/PeopleList.tsx";
import { SelectedBar } from "../components/Selecting.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { nameFor } from "../data/names.ts";
import { type CrowdView, PEOPLE_PAGE, PEOPLE_SORTS, type PeopleSort } from "../data/useCrowd.ts";
import type { Levels } from "../data/useLevels.ts";
import type { Live } from "../data/useLive.ts";
import type { Crowd, Session } from "../model/rows.ts";
import { useWords } from "../texts/useWords.ts";

export interface PeoplePanelProps
  extends Pick<PeopleListProps, "threshold" | "now" | "hrefOf" | "onAct" | "selection"> {
  crowd: Live<Crowd>;
  /** Workers do not see LiveKit: who is there may be old. */
  away: boolean;
  view: CrowdView;
  onView: (change: Partial<CrowdView>) => void;
  session: Session;
  levels: Levels;
  /** Null where nothing can be done to all of the selected. */
  onActOnSelected: (() => void) | null;
}

export function PeoplePanel(
  { crowd, away, view, onView, session, levels, onActOnSelected, ...rest }: PeoplePanelProps,
) {
  const { t, f } = useWords();
  const live = session.status === "live";
  return (
    <>
      <div className="lc-panel-head">
        <h2 id="people-title">
          {t.room.people} {away ? <span className="lc-stale">{t.rooms.away}</span> : <Freshness of={crowd} />}
        </h2>
        <span className="lc-limit-key">{t.room.limit(f.level(rest.threshold))}</span>
        <select
          aria-label={t.rooms.sort}
          value={view.sort}
          onChange={(event) => onView({ sort: event.target.value as PeopleSort, page: 0 })}
        >
          {PEOPLE_SORTS.map((sort) => <option key={sort} value={sort}>{t.room.sort[sort]}</option>)}
        </select>
        <input
          type="search"
          aria-label={t.room.find}
          placeholder={t.room.find}
          value={view.text}
          onChange={(event) => onView({ text: event.target.value, page: 0 })}
        />
      </div>
      {rest.selection && (
        <SelectedBar
          selection={rest.selection}
          shown={(crowd.data?.people ?? []).filter((person) => rest.onAct(person) !== null)
            .map((person) => person.user_id)}
          onAct={onActOnSelected}
        />
      )}
      {live && levels.state === "lost" && (
        <p className="lc-note lc-note-warn" role="status">{t.room.levelsLost}</p>
      )}
      <Reading of={crowd}>
        {({ people, matched }) =>
          people.length === 0 ? <Empty>{t.room.nobody}</Empty> : (
            <>
              <PeopleList
                people={people}
                type={session.type}
                meters={levels.meters}
                picture={levels.picture}
                nameOf={nameFor}
                {...rest}
              />
              <Pager
                page={view.page}
                size={PEOPLE_PAGE}
                total={matched}
                onPage={(page) => onView({ page })}
              />
            </>
          )}
      </Reading>
      <p className="lc-sub lc-foot">{t.room.levelsNote}</p>
    </>
  );
}
