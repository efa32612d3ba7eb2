// Asks Supabase with a deadline, and says of a failure whether asking again can help.

import { GivenUp, type Lamp } from "./lamp.ts";
import type { Query } from "./types.ts";

export type Answer =
  | { readonly ok: true; readonly rows: readonly unknown[] }
  | { readonly ok: false; readonly retryable: boolean; readonly message: string; readonly cause: unknown };

/** Never rejects. Given up after the lamp's time, and when the light returns; a late answer is dropped. */
export async function ask(query: () => Query, lamp: Lamp): Promise<Answer> {
  try {
    const { data, error, status } = await lamp.wait(query());
    if (error !== null) return failure(error.message, error, isRetryable(status ?? 0));
    return Array.isArray(data) ? { ok: true, rows: data } : failure("not a list of rows", data, false);
  } catch (cause) {
    return cause instanceof GivenUp
      ? failure("no answer in time", undefined, true)
      : failure("request failed", cause, true);
  }
}

/** The network (0), a token that supabase-js is about to renew (401), a limit, or a fault on their side. */
function isRetryable(status: number): boolean {
  return status === 0 || status === 401 || status === 408 || status === 429 || status >= 500;
}

function failure(message: string, cause: unknown, retryable: boolean): Answer {
  return { ok: false, retryable, message, cause };
}
