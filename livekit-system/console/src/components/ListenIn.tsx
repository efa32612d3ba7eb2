/** Owns: listening in as a panel: why, the sound that is off until pressed, pictures blurred until pressed, how long still. */
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { ListenIn, Picture } from "../data/useListenIn.ts";
import { useTyped } from "../data/typed.ts";
import { useWatching } from "../data/useWatching.ts";
import { clock } from "../model/time.ts";
import { useWords } from "../texts/useWords.ts";
import { BlurSwitch } from "./BlurSwitch.tsx";
import { isFocusLost } from "./focus.ts";
import { PictureTag } from "./PictureTag.tsx";
import { explain } from "./States.tsx";
import { Name } from "./Title.tsx";

export interface ListenPanelProps {
  /** The session. */
  about: string;
  listen: ListenIn;
  now: number;
  nameOf: (userId: string) => string;
}

export function ListenPanel({ about, listen, now, nameOf }: ListenPanelProps) {
  const { t } = useWords();
  const { state, sound } = listen;
  const [reason, setReason] = useTyped(`listen ${about}`);
  const panel = useRef<HTMLDivElement>(null);
  // The form that was pressed is gone. Not onto the switch of the sound: a key that was meant for the page would turn it.
  useEffect(() => {
    if (state.kind === "on" && isFocusLost()) panel.current?.focus({ preventScroll: true });
  }, [state.kind]);

  function begin(event: FormEvent) {
    event.preventDefault();
    if (reason.trim() !== "") listen.begin(reason.trim());
  }

  if (state.kind !== "on") {
    return (
      <form className="lc-listen" onSubmit={begin} data-listen={state.kind}>
        <label className="lc-field">
          <span>{t.listen.why}</span>
          <input
            type="text"
            name="listen-reason"
            maxLength={1000}
            required
            autoComplete="off"
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        <button type="submit" className="lc-button" disabled={state.kind === "joining"}>
          {state.kind === "joining" ? t.listen.joining : t.listen.begin}
        </button>
        <p className="lc-sub">{t.listen.note}</p>
        {state.kind === "over" && <p className="lc-note" role="status">{t.listen.over}</p>}
        {state.kind === "off" && state.failure && (
          <p className="lc-fault" role="alert">{explain(state.failure, t)}</p>
        )}
      </form>
    );
  }
  const left = Math.max(0, (Date.parse(state.endsAt) - now) / 1000);
  return (
    <div ref={panel} tabIndex={-1} className="lc-listen" data-listen="on">
      <div className="lc-buttons">
        <button
          type="button"
          className="lc-button"
          aria-pressed={sound}
          onClick={() => listen.setSound(!sound)}
        >
          {sound ? t.listen.soundOff : t.listen.soundOn}
        </button>
        <button type="button" className="lc-button lc-quiet" onClick={listen.end}>{t.listen.end}</button>
      </div>
      <p className="lc-sub" role="status">
        {state.sounds > 0 ? t.listen.sounds(state.sounds) : t.listen.silence} · {t.listen.left(clock(left))}
      </p>
      {state.lines.length > 0 && (
        <ul className="lc-plain-list" data-feed="lines">
          {state.lines.map(({ who, quality }) => (
            <li key={who} data-quality={quality}>
              <Name>{nameOf(who)}</Name>{" "}
              <span className={quality === "poor" || quality === "lost" ? "lc-warn" : "lc-sub"}>
                {t.connection[quality]}
              </span>
            </li>
          ))}
        </ul>
      )}
      {state.pictures.map((picture) => (
        <Blurred key={picture.sid} picture={picture} name={nameOf(picture.who)} />
      ))}
    </div>
  );
}

function Blurred({ picture, name }: { picture: Picture; name: string }) {
  const { t } = useWords();
  const video = useRef<HTMLVideoElement>(null);
  const [shown, setShown] = useState(false);
  const state = useWatching(video);
  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    picture.track.attach(element);
    return () => void picture.track.detach(element);
  }, [picture.track]);
  return (
    <figure className="lc-picture" data-picture={state.kind}>
      <video
        ref={video}
        className={shown ? undefined : "lc-blurred"}
        muted
        playsInline
        aria-label={t.listen.pictureOf(name)}
      />
      <figcaption>
        <Name>{name}</Name>
        <PictureTag state={state} />
        <BlurSwitch shown={shown} onShown={setShown} />
      </figcaption>
    </figure>
  );
}
