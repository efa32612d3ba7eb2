// What the system is told that the app does while it is left.

export const BACKGROUND_USES = ["playback", "microphone"] as const;
export type BackgroundUse = (typeof BACKGROUND_USES)[number];

/**
 * Whether the microphone is held. Once opened it is for as long as it may be opened again: Android lets nobody begin to use one while
 * the app is left.
 */
export const holdsMicrophone = (before: boolean, may: boolean, onAir: boolean): boolean => may && (before || onAir);
