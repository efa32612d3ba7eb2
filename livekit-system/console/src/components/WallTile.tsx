/** Owns: one room of the wall: what it is, what is wrong, and the levels of who is heard. */
import type { WallPicture } from "../data/useWallPictures.ts";
import type { Levels } from "../data/useLevels.ts";
import { limitOnMeter, type Meters, weakOf } from "../model/levels.ts";
import { stateSince } from "../model/watching.ts";
import type { RoomRow } from "../model/rooms.ts";
import { useLinks } from "../route.ts";
import { useWords } from "../texts/useWords.ts";
import { Meter } from "./Meter.tsx";
import { PictureTag } from "./PictureTag.tsx";
import { Name, Title } from "./Title.tsx";

/** How many people a tile has room for. */
const SHOWN = 4;

export interface WallTileProps {
  row: RoomRow;
  levels: Levels;
  /** LUFS. */
  threshold: number;
  /** Workers do not see LiveKit: levels would be old. */
  away: boolean;
  /** The latest still; null where there is none. */
  picture: WallPicture | null;
  /** Pictures are blurred until it is wanted. */
  shown: boolean;
  now: number;
  nameOf: (userId: string) => string;
}

export function WallTile({ row, levels, threshold, away, picture, shown, now, nameOf }: WallTileProps) {
  const links = useLinks();
  const { t, f } = useWords();
  const state = away ? "away" : row.agent.kind === "absent" ? "no_agent" : levels.state;
  const weak = weakOf(levels.picture);
  return (
    <li
      className={row.trouble.length > 0 ? "lc-card lc-tile lc-trouble" : "lc-card lc-tile"}
      data-room={row.session.id}
      data-state={state}
    >
      <h2>
        <a href={links.room(row.session.id)}>
          <Title session={row.session} />
        </a>
      </h2>
      {picture && !away && (
        <figure className="lc-picture lc-still" data-picture={picture.state}>
          {picture.jpeg && (
            <img
              src={`data:image/jpeg;base64,${picture.jpeg}`}
              alt={t.listen.pictureOf(nameOf(picture.user_id))}
              className={shown ? undefined : "lc-blurred"}
            />
          )}
          <figcaption className="lc-sub">
            <Name>{nameOf(picture.user_id)}</Name>
            {picture.taken_at && ` · ${f.time(picture.taken_at)}`}{" "}
            <PictureTag state={stateSince(picture.state, picture.since, now)} />
          </figcaption>
        </figure>
      )}
      <p className="lc-sub">
        <Name>{row.creator}</Name> · {t.type[row.session.type]} · {t.room.online(row.session.viewer_count)}
      </p>
      {row.trouble.length > 0 && (
        <p className="lc-tags">
          {row.trouble.includes("host_gone") && (
            <span className="lc-tag lc-tag-warn">{t.rooms.hostGone}</span>
          )}
          {row.incidents > 0 && (
            <span className="lc-tag lc-tag-warn">{t.rooms.incidents(row.incidents)}</span>
          )}
        </p>
      )}
      {state === "away" && <p className="lc-bad">{t.rooms.away}</p>}
      {state === "no_agent" && <p className="lc-bad">{t.rooms.noAgent}</p>}
      {state === "lost" && <p className="lc-warn">{t.room.levelsLost}</p>}
      {state === "joined" && weak.length > 0 && (
        <p className="lc-warn" data-weak={weak.length}>{t.wall.weak(weak.map(nameOf).join(", "))}</p>
      )}
      {state === "joined" && <Heard meters={levels.meters} threshold={threshold} nameOf={nameOf} />}
    </li>
  );
}

function Heard(
  { meters, threshold, nameOf }: Pick<WallTileProps, "threshold" | "nameOf"> & { meters: Meters },
) {
  const { t } = useWords();
  const heard = [...meters].sort(([, a], [, b]) => b.peak - a.peak).slice(0, SHOWN);
  if (heard.length === 0) return <p className="lc-sub">{t.wall.quiet}</p>;
  return (
    <ol className="lc-plain-list">
      {heard.map(([who, level]) => (
        <li key={who}>
          <span className="lc-sub">
            <Name>{nameOf(who)}</Name>
          </span>
          <Meter name={nameOf(who)} level={level} threshold={limitOnMeter(threshold)} />
        </li>
      ))}
    </ol>
  );
}
