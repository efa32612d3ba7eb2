// The room lets one in a moment before the database knows that one is there. What is asked in that moment is not refused but waited for.

import { LiveError } from "./ask.ts";
import type { Runtime } from "./runtime.ts";

const KNOWN_WITHIN_MS = 5_000;
const LOOK_MS = 150;

/** What `act` answers, asked again while the answer is `not_in_session`, for five seconds. @throws LiveError the last refusal */
export async function onceThere<T>(act: () => Promise<T>, runtime: Runtime): Promise<T> {
  const until = runtime.monotonic() + KNOWN_WITHIN_MS;
  for (;;) {
    try {
      return await act();
    } catch (refused) {
      const tooEarly = refused instanceof LiveError && refused.code === "not_in_session";
      if (!tooEarly || runtime.monotonic() > until) throw refused;
    }
    await new Promise<void>((resolve) => void runtime.setTimeout(resolve, LOOK_MS));
  }
}
