// A room or a call on a screen holds the app while it is left, until it is over or the screen goes.

import type { ConnectionState, Rights } from "@ipelya/live";
import { useEffect, useRef } from "react";
import { type BackgroundUse, holdsMicrophone } from "./background";
import type { Holding } from "./holding";
import { useLive } from "./provider";

/** What keeps the app alive while it is left. */
export type Background = Holding<BackgroundUse>;

interface Held {
  readonly connection: ConnectionState;
  readonly may: Rights;
  readonly onAir: Rights;
}

export function useBackground({ connection, may, onAir }: Held): void {
  const { background } = useLive();
  const opened = useRef(false);
  const microphone = opened.current = holdsMicrophone(opened.current, may.microphone, onAir.microphone);
  const over = connection.gone !== null;
  useEffect(() => {
    if (background === null || over) return;
    const holder = {};
    background.hold(holder, microphone ? ["playback", "microphone"] : ["playback"]);
    return () => background.release(holder);
  }, [background, over, microphone]);
}
