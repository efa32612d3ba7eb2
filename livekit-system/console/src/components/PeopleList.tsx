/** Owns: the people of a room: role, what they may send and do send, how long they are there, how loud they are. */
import {
  limitOnMeter,
  type Meters,
  type Picture,
  soundsOf,
  switchesOf,
  weaknessOf,
} from "../model/levels.ts";
import { cameraState, chatMuted, devicesOf, micState } from "../model/people.ts";
import type { Seat, SessionType } from "../model/rows.ts";
import { visible } from "../model/names.ts";
import { clock, secondsBetween, secondsLeft } from "../model/time.ts";
import { useWords } from "../texts/useWords.ts";
import { Avatar } from "./Avatar.tsx";
import { CameraIcon, ChatIcon, HandIcon, MicIcon } from "./Icons.tsx";
import { Meter } from "./Meter.tsx";
import { SelectBox, type Selection } from "./Selecting.tsx";
import { Name } from "./Title.tsx";

export interface PeopleListProps {
  people: Seat[];
  type: SessionType;
  now: number;
  meters: Meters;
  picture: Picture | null;
  threshold: number;
  nameOf: (userId: string) => string;
  /** Null where nobody's page may be opened. */
  hrefOf: ((userId: string) => string) | null;
  /** Null for who cannot be acted on. */
  onAct: (person: Seat) => (() => void) | null;
  /** Null where nobody can be selected. */
  selection: Selection | null;
}

export function PeopleList(props: PeopleListProps) {
  return (
    <ul className="lc-people">
      {props.people.map((person) => <Row key={person.user_id} person={person} {...props} />)}
    </ul>
  );
}

function sign(dbfs: number): string {
  return String(dbfs).replace("-", "−");
}

function Row(props: PeopleListProps & { person: Seat }) {
  const { person, type, now, meters, threshold, nameOf, hrefOf } = props;
  const { t, f } = useWords();
  const name = nameOf(person.user_id);
  const mic = micState(person, type);
  const level = meters.get(person.user_id) ?? null;
  const here = secondsBetween(person.last_joined_at, now);
  const act = props.onAct(person);
  const devices = devicesOf(person, type, switchesOf(props.picture, person.user_id));
  const sounds = soundsOf(props.picture, person.user_id);
  const weak = person.is_online ? weaknessOf(props.picture, person.user_id) : null;
  const { lufs } = person;
  return (
    <li
      className={person.is_online ? "lc-person" : "lc-person lc-away"}
      data-person={visible(person.card.name)}
      data-trouble={person.trouble}
    >
      <div className="lc-who">
        <Avatar card={person.card} />
        {hrefOf
          ? (
            <a href={hrefOf(person.user_id)} data-row>
              <Name>{name}</Name>
            </a>
          )
          : (
            <span className="lc-name">
              <Name>{name}</Name>
            </span>
          )}
        <span className="lc-sub">
          {t.role[person.role]}
          {" · "}
          {person.is_online && here !== null ? t.room.here(clock(here)) : t.room.away}
          {person.invited_role && ` · ${t.room.invited(t.role[person.invited_role])}`}
        </span>
        {devices.length > 0 && (
          <span className="lc-sub lc-devices">
            {devices.map(([device, state]) => t.room.device[device](t.room.switch[state])).join(" · ")}
          </span>
        )}
        {weak && <span className="lc-tag lc-tag-warn" data-connection={weak}>{t.connection[weak]}</span>}
        {sounds.length > 0 && (
          <span className="lc-sub lc-sounds">
            {sounds.map((sound) => t.room.sound[sound.source](t.room.level(sign(sound.level_dbfs)))).join(
              " · ",
            )}
          </span>
        )}
      </div>
      <div className="lc-rights">
        <MicIcon
          state={mic}
          label={mic === "muted" && person.mic_muted_until !== null
            ? t.room.micUntil(f.time(person.mic_muted_until), clock(secondsLeft(person.mic_muted_until, now)))
            : t.room.mic[mic]}
        />
        {type === "video_live" && (
          <CameraIcon state={cameraState(person, type)} label={t.room.camera[cameraState(person, type)]} />
        )}
        {chatMuted(person, now) && (
          <ChatIcon
            label={person.chat_muted_until === "infinity" || person.chat_muted_until === null
              ? t.room.chatMuted
              : t.room.chatUntil(
                f.time(person.chat_muted_until),
                clock(secondsLeft(person.chat_muted_until, now)),
              )}
          />
        )}
        {person.hand_raised_at !== null && <HandIcon label={t.room.hands} />}
      </div>
      <div className="lc-level">
        {(level !== null || (mic === "allowed" && person.is_online)) && (
          <Meter name={name} level={level} threshold={limitOnMeter(threshold)} />
        )}
        {lufs !== null && <span className="lc-sub lc-lufs">{t.room.loudness(f.level(lufs))}</span>}
      </div>
      <div className="lc-do">
        {act && props.selection && <SelectBox id={person.user_id} name={name} selection={props.selection} />}
        {act && (
          <button
            type="button"
            className="lc-button"
            onClick={act}
            data-act={person.user_id}
            aria-label={t.room.act(name)}
          >
            {t.room.actShort}
          </button>
        )}
      </div>
    </li>
  );
}
