/** Owns: the page of live rooms. */
import { Pager } from "../components/Pager.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { RoomTable } from "../components/RoomTable.tsx";
import type { Account } from "../data/useAccount.ts";
import { useNow } from "../data/useLive.ts";
import { useRooms } from "../data/useRooms.ts";
import { PAGE, type RoomFilter, roomRow, type SortKey, SORTS } from "../model/rooms.ts";
import { oneOf, useParams } from "../params.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";

const FILTER = { q: "", type: "all", trouble: "", sort: "trouble", page: "0" };
const TYPES = ["all", "video_live", "audio_room"] as const;

export function RoomsPage({ account }: { account: Account & { kind: "ops" | "staff" } }) {
  const links = useLinks();
  const { t } = useWords();
  const [params, setParams] = useParams(FILTER);
  const filter: RoomFilter = {
    text: params.q,
    type: oneOf(TYPES, params.type),
    troubleOnly: params.trouble === "only",
    sort: oneOf(SORTS, params.sort),
    page: Number(params.page) || 0,
  };
  const rooms = useRooms(account, filter);
  const now = useNow();
  // Another view begins at its beginning.
  const view = (change: Partial<typeof FILTER>) => setParams({ page: "0", ...change });

  return (
    <>
      <div className="lc-title">
        <h1>{t.rooms.title}</h1>
        {rooms.data?.livekit_away
          ? <span className="lc-stale">{t.rooms.away}</span>
          : <Freshness of={rooms} />}
      </div>
      <div className="lc-tools">
        <input
          type="search"
          aria-label={t.rooms.search}
          placeholder={t.rooms.search}
          value={filter.text}
          onChange={(event) => view({ q: event.target.value })}
        />
        <select
          aria-label={t.rooms.type}
          value={filter.type}
          onChange={(event) => view({ type: event.target.value })}
        >
          <option value="all">{t.rooms.allTypes}</option>
          <option value="video_live">{t.type.video_live}</option>
          <option value="audio_room">{t.type.audio_room}</option>
        </select>
        <select
          aria-label={t.rooms.sort}
          value={filter.sort}
          onChange={(event) => view({ sort: event.target.value })}
        >
          {SORTS.map((key) => <option key={key} value={key}>{t.rooms.column[key]}</option>)}
        </select>
        <label className="lc-check">
          <input
            type="checkbox"
            checked={filter.troubleOnly}
            onChange={(event) => view({ trouble: event.target.checked ? "only" : "" })}
          />
          {t.rooms.troubleOnly}
        </label>
        {rooms.data && (
          <span className="lc-summary" role="status">
            {t.rooms.count(rooms.data.total)}
            {rooms.data.troubled > 0 && (
              <strong className="lc-bad">{t.rooms.inTrouble(rooms.data.troubled)}</strong>
            )}
          </span>
        )}
      </div>
      {rooms.data?.livekit_away && <p className="lc-note lc-note-bad" role="alert">{t.rooms.livekitAway}</p>}
      {rooms.data?.workers_away && <p className="lc-note lc-note-bad" role="alert">{t.rooms.workersAway}</p>}
      <Reading of={rooms}>
        {({ rooms: listed, total, matched }) => (
          <>
            {listed.length > 0
              ? (
                <RoomTable
                  rows={listed.map((room) => roomRow(room, now))}
                  sort={filter.sort}
                  onSort={(sort: SortKey) => view({ sort })}
                  hrefOf={links.room}
                />
              )
              : <Empty>{total === 0 && filter.text === "" ? t.rooms.none : t.rooms.noMatch}</Empty>}
            <Pager
              page={filter.page}
              size={PAGE}
              total={matched}
              onPage={(page) => setParams({ page: String(page) })}
            />
          </>
        )}
      </Reading>
    </>
  );
}
