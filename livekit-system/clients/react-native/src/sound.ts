// The phone's audio session, one for all rooms and calls: a room's screen that goes ends it for no call that has begun meanwhile.

import { useEffect } from "react";
import { holding } from "./holding";
import { type AudioUse, startAudio, stopAudio } from "./platform";

const sound = holding<AudioUse>(
  ["media", "communication"],
  { start: (uses) => startAudio(uses.includes("communication") ? "communication" : "media"), stop: stopAudio },
  () => {}, // another app has the sound: it is asked for again with the next room, and by `refresh`
);

/** While the screen is there. */
export function useSound(use: AudioUse): void {
  useEffect(() => {
    const holder = {};
    sound.hold(holder, [use]);
    return () => sound.release(holder);
  }, [use]);
}

/** The app is in front again. */
export const refreshSound = (): void => sound.refresh();
