/** Owns: a reading that is kept fresh: by beats, by hints, and at once when the page comes back or the network changes. */
import { useCallback, useEffect, useRef, useState } from "react";
import { type Failure, failureFrom } from "./failure.ts";

export interface Live<T> {
  /** The last good reading, however old. */
  data: T | null;
  /** What went wrong since. */
  failure: Failure | null;
  /** When `data` was read, ms since 1970. */
  readAt: number | null;
  everyMs: number;
  refresh: () => void;
}

/** A burst of hints is one reading at most so often. */
const GAP_MS = 300;

/**
 * Reads, and reads again every `everyMs` while the page is visible. Never two readings at a time: a wish during one is
 * one more reading after it. `key` names what is read: another key starts from nothing.
 */
export function useLive<T>(key: string, read: () => Promise<T>, everyMs: number): Live<T> {
  const [reading, setReading] = useState<Omit<Live<T>, "refresh"> & { key: string }>(blank(key, everyMs));
  const latest = useRef(read);
  const wish = useRef(() => {});
  useEffect(() => {
    latest.current = read;
  });

  useEffect(() => {
    let over = false;
    let busy = false;
    let again = false;
    let begun = -Infinity;
    let timer: ReturnType<typeof setTimeout> | undefined;
    setReading(blank(key, everyMs));

    async function once() {
      if (busy) return void (again = true);
      busy = true;
      begun = performance.now();
      clearTimeout(timer);
      try {
        const data = await latest.current();
        if (!over) setReading({ key, data, failure: null, readAt: Date.now(), everyMs });
      } catch (error) {
        if (!over) setReading((before) => ({ ...before, failure: failureFrom(error) }));
      }
      busy = false;
      if (over) return;
      if (again) {
        again = false;
        soon();
      } else {
        timer = setTimeout(beat, everyMs);
      }
    }
    function beat() {
      if (document.visibilityState === "visible") void once();
    }

    function soon() {
      clearTimeout(timer);
      timer = setTimeout(once, Math.max(0, begun + GAP_MS - performance.now()));
    }

    wish.current = () => busy ? void (again = true) : soon();
    void once();
    document.addEventListener("visibilitychange", beat);
    addEventListener("online", beat);
    addEventListener("offline", beat); // it fails at once, and what is shown says how old it is
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", beat);
      removeEventListener("online", beat);
      removeEventListener("offline", beat);
    };
  }, [key, everyMs]);

  const refresh = useCallback(() => wish.current(), []);
  return { ...(reading.key === key ? reading : blank<T>(key, everyMs)), refresh };
}

function blank<T>(key: string, everyMs: number): Omit<Live<T>, "refresh"> & { key: string } {
  return { key, data: null, failure: null, readAt: null, everyMs };
}

/** The present moment, ms since 1970, anew every `everyMs`. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
