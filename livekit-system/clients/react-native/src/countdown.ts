// Seconds that count down on a screen.

import { secondsUntil } from "@ipelya/live";
import { useEffect, useState } from "react";
import type { SessionHandle } from "./session_hooks";

/** Whole seconds until `at` (ISO 8601), by the server's clock where the session has heard it; null without a moment. */
export function useCountdown(at: string | null | undefined, session?: SessionHandle): number | null {
  const [now, setNow] = useState(Date.now);
  const counts = at != null;
  useEffect(() => {
    if (!counts) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [counts]);
  return secondsUntil(at, now, session?.live?.stats()?.clockAheadMs);
}
