/** Owns: the page of live rooms. */
import { useState } from "react";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { RoomTable } from "../components/RoomTable.tsx";
import type { Account } from "../data/useAccount.ts";
import { useNow } from "../data/useLive.ts";
import { useRooms } from "../data/useRooms.ts";
import { arranged, type RoomFilter, roomRows, type SortKey } from "../model/rooms.ts";
import { links } from "../route.ts";
import { useWords } from "../texts/useWords.ts";

const SORTS: SortKey[] = ["trouble", "people", "peak", "seconds", "gifts", "title"];

export function RoomsPage({ account }: { account: Account & { kind: "ops" | "staff" } }) {
  const { t } = useWords();
  const rooms = useRooms(account);
  const now = useNow();
  const [sort, setSort] = useState<SortKey>("trouble");
  const [filter, setFilter] = useState<RoomFilter>({ text: "", type: "all", troubleOnly: false });

  return (
    <>
      <div className="lc-title">
        <h1>{t.rooms.title}</h1>
        <Freshness of={rooms} />
      </div>
      <Reading of={rooms}>
        {(reading) => {
          const all = roomRows(reading, now);
          const rows = arranged(all, sort, filter);
          const troubled = all.filter((row) => row.trouble.length > 0).length;
          return (
            <>
              <div className="lc-tools">
                <input
                  type="search"
                  aria-label={t.rooms.search}
                  placeholder={t.rooms.search}
                  value={filter.text}
                  onChange={(event) => setFilter({ ...filter, text: event.target.value })}
                />
                <select
                  aria-label={t.rooms.type}
                  value={filter.type}
                  onChange={(event) =>
                    setFilter({ ...filter, type: event.target.value as RoomFilter["type"] })}
                >
                  <option value="all">{t.rooms.allTypes}</option>
                  <option value="video_live">{t.type.video_live}</option>
                  <option value="audio_room">{t.type.audio_room}</option>
                </select>
                <select
                  aria-label={t.rooms.sort}
                  value={sort}
                  onChange={(event) => setSort(event.target.value as SortKey)}
                >
                  {SORTS.map((key) => <option key={key} value={key}>{t.rooms.column[key]}</option>)}
                </select>
                <label className="lc-check">
                  <input
                    type="checkbox"
                    checked={filter.troubleOnly}
                    onChange={(event) => setFilter({ ...filter, troubleOnly: event.target.checked })}
                  />
                  {t.rooms.troubleOnly}
                </label>
                <span className="lc-summary" role="status">
                  {t.rooms.count(all.length)}
                  {troubled > 0 && <strong className="lc-bad">{t.rooms.inTrouble(troubled)}</strong>}
                </span>
              </div>
              {rows.length > 0
                ? <RoomTable rows={rows} sort={sort} onSort={setSort} hrefOf={links.room} />
                : <Empty>{all.length === 0 ? t.rooms.none : t.rooms.noMatch}</Empty>}
            </>
          );
        }}
      </Reading>
    </>
  );
}
