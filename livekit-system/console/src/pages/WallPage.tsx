/** Owns: the wall: a page of the live rooms side by side, with the levels of who is heard. */
import { useEffect, useState } from "react";
import { BlurSwitch } from "../components/BlurSwitch.tsx";
import { Pager } from "../components/Pager.tsx";
import { Empty, Freshness, Reading } from "../components/States.tsx";
import { WallTile, type WallTileProps } from "../components/WallTile.tsx";
import { useSupabase } from "../data/client.ts";
import { nameFor, profilesOf } from "../data/names.ts";
import { useLevels } from "../data/useLevels.ts";
import { useNow } from "../data/useLive.ts";
import { useHead } from "../data/useRoom.ts";
import { useWall, WALL_PAGE } from "../data/useWall.ts";
import { useWallPictures } from "../data/useWallPictures.ts";
import { weakOf } from "../model/levels.ts";
import { thresholdOf } from "../model/policy.ts";
import { type RoomRow, roomRow, SORTS } from "../model/rooms.ts";
import { oneOf, useParams } from "../params.ts";
import { useWords } from "../texts/useWords.ts";

const VIEW = { sort: "loudness", page: "0" };

export function WallPage() {
  const { t } = useWords();
  const [params, setParams] = useParams(VIEW);
  const page = Number(params.page) || 0;
  const sort = SORTS.find((one) => one === params.sort) ?? oneOf(SORTS, VIEW.sort);
  const rooms = useWall(sort, page);
  const now = useNow();
  const away = rooms.data?.livekit_away ?? false;
  const [shown, setShown] = useState(false);
  const stills = useWallPictures((rooms.data?.rooms ?? []).map((room) => room.session.id));
  const pictureOf = (id: string) => stills.data?.pictures.find((one) => one.session_id === id) ?? null;
  return (
    <>
      <div className="lc-title">
        <h1>{t.wall.title}</h1>
        {away ? <span className="lc-stale">{t.rooms.away}</span> : <Freshness of={rooms} />}
        <select
          aria-label={t.rooms.sort}
          value={sort}
          onChange={(event) => setParams({ sort: event.target.value, page: "0" })}
        >
          {SORTS.map((key) => <option key={key} value={key}>{t.rooms.column[key]}</option>)}
        </select>
        {(stills.data?.pictures.length ?? 0) > 0 && <BlurSwitch shown={shown} onShown={setShown} />}
      </div>
      {away && <p className="lc-note lc-note-bad" role="alert">{t.rooms.livekitAway}</p>}
      {rooms.data?.workers_away && <p className="lc-note lc-note-bad" role="alert">{t.rooms.workersAway}</p>}
      <Reading of={rooms}>
        {(reading) =>
          reading.rooms.length === 0 ? <Empty>{t.wall.none}</Empty> : (
            <>
              <ul className="lc-cards lc-wall">
                {reading.rooms.map((room) => (
                  <Tile
                    key={room.session.id}
                    row={roomRow(room, now)}
                    away={away}
                    picture={pictureOf(room.session.id)}
                    shown={shown}
                    now={now}
                  />
                ))}
              </ul>
              <Pager
                page={page}
                size={WALL_PAGE}
                total={reading.matched}
                onPage={(next) => setParams({ page: String(next) })}
              />
            </>
          )}
      </Reading>
      <p className="lc-sub">{t.wall.note}</p>
      <p className="lc-sub">{stills.data?.on ? t.wall.pictures : t.wall.noPictures}</p>
    </>
  );
}

type TileProps = { row: RoomRow } & Pick<WallTileProps, "away" | "picture" | "shown" | "now">;

function Tile({ row, away, picture, shown, now }: TileProps) {
  const client = useSupabase();
  const levels = useLevels(row.session.id, !away);
  const head = useHead(row.session.id, true);
  const named = [...levels.meters.keys(), ...weakOf(levels.picture), picture?.user_id ?? []].flat().sort()
    .join();
  useEffect(() => {
    // A name that cannot be read stays an id; the levels do not wait for it.
    if (named !== "") void profilesOf(client, named.split(",")).catch(() => undefined);
  }, [client, named]);
  return (
    <WallTile
      row={row}
      levels={levels}
      threshold={thresholdOf(head.data?.policy)}
      away={away}
      picture={picture}
      shown={shown}
      now={now}
      nameOf={nameFor}
    />
  );
}
