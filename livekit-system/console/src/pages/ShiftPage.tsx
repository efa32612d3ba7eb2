/** Owns: the page of the shift: what waits, what happened since one left, the hand-over, and how the team acts. */
import { FigureTable } from "../components/FigureTable.tsx";
import { NoteForm } from "../components/NoteList.tsx";
import { ScrollList } from "../components/ScrollList.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { Name } from "../components/Title.tsx";
import { nameFor } from "../data/names.ts";
import { type Listened, type Measures, type Overview, useShift } from "../data/useShift.ts";
import { shortId } from "../model/names.ts";
import { RULE_NAMES } from "../model/rules.ts";
import { oneOf, useParams } from "../params.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";

const VIEW = { since: "mine" };
const RANGES = ["mine", "h8", "h24", "d7"] as const;
const HOURS = { mine: null, h8: 8, h24: 24, d7: 168 };

/** `lead`: of who leads the team; the database decides what they are told. */
export function ShiftPage({ lead }: { lead: boolean }) {
  const { t, f } = useWords();
  const words = t.office.shift;
  const [params, setParams] = useParams(VIEW);
  const range = oneOf(RANGES, params.since);
  const { overview, team, listens, handOver } = useShift(HOURS[range]);
  return (
    <>
      <div className="lc-title">
        <h1>{words.title}</h1>
        <Freshness of={overview} />
        <select
          aria-label={words.range}
          value={range}
          onChange={(event) => setParams({ since: event.target.value })}
        >
          {RANGES.map((one) => <option key={one} value={one}>{words.ranges[one]}</option>)}
        </select>
      </div>
      <Reading of={overview}>
        {(told) => (
          <>
            <p className="lc-sub">
              {range === "mine" && told.left_at !== null
                ? words.sinceYouLeft(f.zoned(told.since))
                : words.since(f.zoned(told.since))}
            </p>
            <div className="lc-columns">
              <div className="lc-side">
                <Waiting told={told} />
                <section className="lc-panel" data-feed="shift-notes">
                  <h2>{words.notes}</h2>
                  {told.notes.length === 0 ? <Empty>{words.noNotes}</Empty> : <HandOvers told={told} />}
                  <NoteForm
                    kept="hand-over"
                    label={words.handOver}
                    why={words.handOverWhy}
                    press={words.leave}
                    onAdd={handOver}
                  />
                </section>
              </div>
              <Happened told={told} />
            </div>
          </>
        )}
      </Reading>
      <section className="lc-panel lc-team" data-feed="team">
        <h2>{lead ? words.team : words.mine}</h2>
        <p className="lc-sub">{lead ? words.teamWhy : words.mineWhy}</p>
        <Reading of={team}>
          {(rows) => rows.length === 0 ? <Empty>{words.noTeam}</Empty> : <Team rows={rows} />}
        </Reading>
      </section>
      {lead && (
        <section className="lc-panel lc-team" data-feed="listens">
          <h2>{words.listens}</h2>
          <p className="lc-sub">{words.listensWhy}</p>
          <Reading of={listens}>
            {(rows) => rows.length === 0 ? <Empty>{words.noListens}</Empty> : <Listens rows={rows} />}
          </Reading>
        </section>
      )}
    </>
  );
}

function Waiting({ told }: { told: Overview }) {
  const links = useLinks();
  const { t, f } = useWords();
  const words = t.office.shift;
  const { open, critical, unclaimed } = told.cases;
  return (
    <section className="lc-panel" data-feed="waiting">
      <h2>{words.open}</h2>
      <ul className="lc-lines">
        <li className={critical > 0 ? "lc-bad" : undefined}>
          <a href={links.cases}>{words.openCases(f.whole(open), critical, unclaimed)}</a>
        </li>
        <li>{words.appeals(told.appeals)}</li>
        <li>
          <a href={links.rooms}>{words.live(told.live)}</a>
        </li>
      </ul>
    </section>
  );
}

function HandOvers({ told }: { told: Overview }) {
  const { f } = useWords();
  return (
    <ScrollList className="lc-feed">
      {told.notes.map((note) => (
        <li key={note.id} data-note>
          <time dateTime={note.created_at}>{f.stamp(note.created_at)}</time>
          <div>
            <p className="lc-note-body">{note.body}</p>
            <span className="lc-sub">{note.author_id && nameFor(note.author_id)}</span>
          </div>
        </li>
      ))}
    </ScrollList>
  );
}

function Happened({ told }: { told: Overview }) {
  const links = useLinks();
  const { t, f, lang } = useWords();
  const words = t.office.shift;
  return (
    <div className="lc-side">
      <section className="lc-panel" data-feed="happened">
        <h2>{words.happened}</h2>
        <ul className="lc-lines">
          <li>{words.cases(f.whole(told.cases.opened), f.whole(told.cases.resolved))}</li>
          <li>{words.sessions(f.whole(told.sessions))}</li>
        </ul>
      </section>
      <section className="lc-panel" data-feed="acts">
        <h2>{words.acts}</h2>
        {told.acts.length === 0 ? <Empty>{words.nothing}</Empty> : (
          <FigureTable
            caption={words.acts}
            keyOf={(row) => `${row.action} ${row.via}`}
            rows={told.acts}
            columns={[
              { name: words.action, of: (row) => t.action.name[row.action] },
              { name: words.via, of: (row) => t.action.via[row.via] },
              { name: words.times, number: true, of: (row) => f.whole(row.times) },
              { name: words.failed, number: true, of: (row) => f.whole(row.failed) },
            ]}
          />
        )}
      </section>
      <section className="lc-panel" data-feed="rules">
        <h2>{words.incidents}</h2>
        {told.incidents.length === 0 ? <Empty>{words.nothing}</Empty> : (
          <FigureTable
            caption={words.incidents}
            keyOf={(row) => row.rule}
            rows={told.incidents}
            columns={[
              { name: words.rule, of: (row) => RULE_NAMES[lang][row.rule] ?? row.rule },
              { name: words.times, number: true, of: (row) => f.whole(row.times) },
              { name: words.people, number: true, of: (row) => f.whole(row.people) },
              { name: words.acted, number: true, of: (row) => f.whole(row.acted) },
            ]}
          />
        )}
      </section>
      <section className="lc-panel" data-feed="settings">
        <h2>{words.settings}</h2>
        {told.settings.length === 0 ? <Empty>{words.nothing}</Empty> : (
          <ScrollList className="lc-feed">
            {told.settings.map((one) => (
              <li key={one.n}>
                <time dateTime={one.changed_at}>{f.stamp(one.changed_at)}</time>
                <div>
                  <span className="lc-what">{one.key}</span>{" "}
                  {one.session_id && (
                    <a href={links.policyOf(one.session_id)}>
                      {t.office.audit.room(shortId(one.session_id))}
                    </a>
                  )}
                  <span className="lc-sub">
                    {[one.requested_by && nameFor(one.requested_by), one.reason].filter(Boolean).join(" · ")}
                  </span>
                </div>
              </li>
            ))}
          </ScrollList>
        )}
      </section>
    </div>
  );
}

function Team({ rows }: { rows: Measures[] }) {
  const links = useLinks();
  const { t, f } = useWords();
  const words = t.office.shift;
  const length = (seconds: number | null) => seconds === null ? "–" : f.length(Math.round(seconds));
  return (
    <FigureTable
      caption={words.team}
      keyOf={(row) => row.card.id}
      rows={rows}
      columns={[
        {
          name: words.who,
          of: ({ card }) => (
            <a href={`${links.audit}?by=${card.id}`}>
              <Name>{nameFor(card.id)}</Name>
            </a>
          ),
        },
        { name: words.took, number: true, of: (row) => f.whole(row.took) },
        { name: words.reversed, number: true, of: (row) => f.whole(row.reversed) },
        { name: words.takenBack, number: true, of: (row) => f.whole(row.taken_back) },
        { name: words.decided, number: true, of: (row) => f.whole(row.cases) },
        { name: words.response, number: true, of: (row) => length(row.response_seconds_p50) },
        { name: words.decision, number: true, of: (row) => length(row.decision_seconds_p50) },
      ]}
    />
  );
}

function Listens({ rows }: { rows: Listened[] }) {
  const links = useLinks();
  const { t, f } = useWords();
  const words = t.office.shift;
  return (
    <FigureTable
      caption={words.listens}
      keyOf={(row) => row.user_id}
      rows={rows}
      columns={[
        {
          name: words.who,
          of: (row) => (
            <a href={`${links.audit}?action=listen&by=${row.user_id}`}>
              <Name>{row.name ?? shortId(row.user_id)}</Name>
            </a>
          ),
        },
        { name: words.times, number: true, of: (row) => f.whole(row.times) },
        { name: words.rooms, number: true, of: (row) => f.whole(row.sessions) },
        { name: words.withCase, number: true, of: (row) => f.whole(row.with_case) },
        { name: words.latest, of: (row) => f.stamp(row.latest) },
      ]}
    />
  );
}
