/** Owns: the live rooms as a table. A quiet row is quiet; what is wrong is said in words and colour. */
import type { RoomRow, SortKey } from "../model/rooms.ts";
import { clock } from "../model/time.ts";
import { useWords } from "../texts/useWords.ts";
import { Title } from "./Title.tsx";

export interface RoomTableProps {
  rows: RoomRow[];
  sort: SortKey;
  onSort: (sort: SortKey) => void;
  hrefOf: (sessionId: string) => string;
}

const SORTED: SortKey[] = ["people", "peak", "seconds", "gifts"];

export function RoomTable({ rows, sort, onSort, hrefOf }: RoomTableProps) {
  const { t } = useWords();
  const heading = (key: SortKey, extra = "") => (
    <th scope="col" className={`lc-number ${extra}`} aria-sort={sort === key ? "descending" : undefined}>
      <button
        type="button"
        className="lc-sort"
        onClick={() =>
          onSort(key)}
      >
        {t.rooms.column[key]}
        <span aria-hidden="true">{sort === key ? " ↓" : ""}</span>
      </button>
    </th>
  );
  const [people, peak, seconds, gifts] = SORTED as [SortKey, SortKey, SortKey, SortKey];
  return (
    <table className="lc-table lc-rooms">
      <thead>
        <tr>
          <th scope="col">{t.rooms.column.room}</th>
          {heading(people)}
          {heading(peak, "lc-wide")}
          {heading(seconds)}
          <th scope="col" className="lc-wide">{t.rooms.column.agent}</th>
          <th scope="col" className="lc-wide">{t.rooms.column.loudest}</th>
          <th scope="col" className="lc-number lc-wide">{t.rooms.column.incidents}</th>
          {heading(gifts, "lc-wide")}
        </tr>
      </thead>
      <tbody>{rows.map((row) => <Row key={row.session.id} row={row} href={hrefOf(row.session.id)} />)}</tbody>
    </table>
  );
}

function Row({ row, href }: { row: RoomRow; href: string }) {
  const { t, f } = useWords();
  const { session } = row;
  return (
    <tr className={row.trouble.length > 0 ? "lc-trouble" : undefined}>
      <th scope="row">
        <a href={href} data-row>
          <Title session={session} />
        </a>
        <span className="lc-sub">
          <bdi className="lc-said">{row.creator}</bdi> · {t.type[session.type]} ·{" "}
          {t.access[session.access_type]}
        </span>
        <Narrow row={row} />
        {row.trouble.length > 0 && <Troubles row={row} />}
      </th>
      <td className="lc-number">{f.whole(session.viewer_count)}</td>
      <td className="lc-number lc-wide">{f.whole(session.peak_viewers)}</td>
      <td className="lc-number">{clock(row.seconds)}</td>
      <td className="lc-wide">
        <Agent row={row} />
      </td>
      <td className="lc-wide">
        {row.loudest
          ? (
            <>
              <bdi className="lc-said">{row.loudest.name}</bdi>{" "}
              <span className="lc-muted">{t.room.loudness(f.level(row.loudest.lufs))}</span>
            </>
          )
          : <None />}
      </td>
      <td className="lc-number lc-wide">{row.incidents > 0 ? f.whole(row.incidents) : <None />}</td>
      <td className="lc-number lc-wide">
        {session.total_gift_coins > 0 ? f.whole(session.total_gift_coins) : <None />}
      </td>
    </tr>
  );
}

/** What a phone has no columns for. That there is no agent is among the troubles once it is one. */
function Narrow({ row }: { row: RoomRow }) {
  const { t, f } = useWords();
  const { agent, loudest, session } = row;
  const parts = [
    agent.kind === "present" && `${t.rooms.column.agent} ${t.rooms.agentSince(clock(agent.seconds))}`,
    agent.kind === "absent" && !row.trouble.includes("no_agent") && t.rooms.noAgent,
    // A figure is not torn from its unit.
    loudest && `${loudest.name} ${t.room.loudness(f.level(loudest.lufs)).replace(" ", "\u00a0")}`,
    session.total_gift_coins > 0 && `${t.rooms.column.gifts} ${f.whole(session.total_gift_coins)}`,
  ].filter(Boolean);
  return parts.length > 0 && <span className="lc-sub lc-narrow">{parts.join(" · ")}</span>;
}

function Troubles({ row }: { row: RoomRow }) {
  const { t } = useWords();
  return (
    <span className="lc-tags">
      {row.trouble.includes("no_agent") && <span className="lc-tag lc-tag-bad">{t.rooms.noAgent}</span>}
      {row.trouble.includes("host_gone") && <span className="lc-tag lc-tag-warn">{t.rooms.hostGone}</span>}
      {row.trouble.includes("incidents") && (
        <span className={row.worst === "critical" ? "lc-tag lc-tag-bad" : "lc-tag lc-tag-warn"}>
          {t.rooms.incidents(row.incidents)}
        </span>
      )}
    </span>
  );
}

function Agent({ row }: { row: RoomRow }) {
  const { t } = useWords();
  if (row.agent.kind === "unknown") return <None />;
  if (row.agent.kind === "absent") return <span className="lc-bad">{t.rooms.noAgent}</span>;
  return <span title={row.agent.worker}>{t.rooms.agentSince(clock(row.agent.seconds))}</span>;
}

export function None() {
  return <span className="lc-muted" aria-hidden="true">–</span>;
}
