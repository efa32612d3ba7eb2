/** Owns: looking at a video element once a second: frozen, black, or as it should be. */
import { type RefObject, useEffect, useState } from "react";
import { brightestOf, type Frames, looked, type PictureState, pictureState } from "../model/watching.ts";

const EVERY_MS = 1_000;
/** A look costs nothing at this size. */
const [WIDTH, HEIGHT] = [32, 18];

export function useWatching(video: RefObject<HTMLVideoElement | null>): PictureState {
  const [state, setState] = useState<PictureState>({ kind: "shown" });
  useEffect(() => {
    const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
    const brush = canvas.getContext("2d", { willReadFrequently: true });
    let frames: Frames = { lastAt: performance.now(), darkSince: null };
    let shown = 0;
    const timer = setInterval(() => {
      const element = video.current;
      // What nobody sees is sent no frames: nothing follows from that.
      if (element === null || brush === null || !isSeen(element)) {
        frames = { lastAt: performance.now(), darkSince: null };
        return;
      }
      const total = element.getVideoPlaybackQuality().totalVideoFrames;
      brush.drawImage(element, 0, 0, WIDTH, HEIGHT);
      const brightest = element.videoWidth === 0
        ? 255
        : brightestOf(brush.getImageData(0, 0, WIDTH, HEIGHT).data);
      const now = performance.now();
      frames = looked(frames, total !== shown, brightest, now);
      shown = total;
      setState((before) => {
        const next = pictureState(frames, now);
        return JSON.stringify(before) === JSON.stringify(next) ? before : next;
      });
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [video]);
  return state;
}

function isSeen(element: HTMLElement): boolean {
  const { top, bottom, left, right } = element.getBoundingClientRect();
  return document.visibilityState === "visible" && bottom > 0 && right > 0 && top < innerHeight &&
    left < innerWidth;
}
