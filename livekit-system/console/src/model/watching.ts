/** Whether a picture moves and shows something, from its frames as they come. Pure. */

export type PictureState = { kind: "shown" } | { kind: "frozen"; seconds: number } | { kind: "black" };

/** A still camera sends frames all the same: without any for so long it is frozen, ms. */
export const FROZEN_MS = 3_000;
/** Of 255. A lens cap in a dark room has noise of a few. */
export const BLACK_LUMA = 12;
export const BLACK_MS = 3_000;

export interface Frames {
  /** When the last new frame was shown, ms. */
  lastAt: number;
  /** Since when every frame was dark; null when the last was not. */
  darkSince: number | null;
}

/** After a look: whether a frame came since the last one, and how bright the newest is, 0 to 255. */
export function looked(before: Frames, isNew: boolean, brightest: number, now: number): Frames {
  const dark = brightest < BLACK_LUMA;
  return { lastAt: isNew ? now : before.lastAt, darkSince: dark ? before.darkSince ?? now : null };
}

export function pictureState(frames: Frames, now: number): PictureState {
  if (now - frames.lastAt >= FROZEN_MS) {
    return { kind: "frozen", seconds: Math.floor((now - frames.lastAt) / 1000) };
  }
  if (frames.darkSince !== null && now - frames.darkSince >= BLACK_MS) return { kind: "black" };
  return { kind: "shown" };
}

/** Of a camera that something else looks at now and then, and has found so since a time. */
export function stateSince(kind: PictureState["kind"], since: string, now: number): PictureState {
  if (kind !== "frozen") return { kind };
  return { kind, seconds: Math.max(0, Math.floor((now - Date.parse(since)) / 1000)) };
}

/** The brightest of some pixels, RGBA. */
export function brightestOf(pixels: Uint8ClampedArray): number {
  let brightest = 0;
  for (let at = 0; at + 2 < pixels.length; at += 4) {
    brightest = Math.max(brightest, pixels[at]!, pixels[at + 1]!, pixels[at + 2]!);
  }
  return brightest;
}
