// Who keeps the app alive while it is left, and for what: pure, over a port, so that it is tested without a phone.

/** What the system is told that the app does while it is left. */
export type BackgroundUse = "playback" | "microphone";

/** The system's half: on Android a foreground service. */
export interface BackgroundService {
  /** Begins it, or goes on with other uses. Rejects where the system refuses. */
  start(uses: readonly BackgroundUse[]): Promise<void>;
  stop(): Promise<void>;
}

export interface Background {
  /** For as long as this holder has not released it; once more replaces its uses. */
  hold(holder: object, uses: readonly BackgroundUse[]): void;
  release(holder: object): void;
  /** The app is in front again: what the system refused meanwhile is asked for once more. */
  refresh(): void;
}

const USES: readonly BackgroundUse[] = ["playback", "microphone"];

/**
 * One service for all rooms and calls, with what any of them needs. One change is made after the other; what changed meanwhile is one
 * change.
 *
 * @param onRefused hears what the system said. The room goes on, and ends when the system stops the app.
 */
export function keepAlive(service: BackgroundService, onRefused: (cause: unknown) => void): Background {
  const holders = new Map<object, readonly BackgroundUse[]>();
  let running: readonly BackgroundUse[] = [];
  let working = false;
  const wanted = () => USES.filter((use) => [...holders.values()].some((uses) => uses.includes(use)));
  const same = (one: readonly BackgroundUse[], other: readonly BackgroundUse[]) => one.join() === other.join();
  const settle = async () => {
    if (working) return;
    working = true;
    // A screen that is replaced by another releases before that one holds.
    await Promise.resolve();
    for (let next = wanted(); !same(next, running); next = wanted()) {
      try {
        await (next.length === 0 ? service.stop() : service.start(next));
        running = next;
      } catch (cause) {
        onRefused(cause);
        if (same(next, wanted())) break;
      }
    }
    working = false;
  };
  return {
    hold(holder, uses) {
      holders.set(holder, uses);
      void settle();
    },
    release(holder) {
      holders.delete(holder);
      void settle();
    },
    refresh: () => void settle(),
  };
}

/**
 * Whether the microphone is held. Once opened it is for as long as it may be opened again: Android lets nobody begin to use one while
 * the app is left.
 */
export const holdsMicrophone = (before: boolean, may: boolean, onAir: boolean): boolean => may && (before || onAir);
