// Asks Supabase with a deadline, and says of a failure whether asking again can help.

import type { Runtime } from "./runtime.ts";
import type { Query } from "./types.ts";

export const QUERY_TIMEOUT_MS = 8_000;

export type Answer =
  | { readonly ok: true; readonly rows: readonly unknown[] }
  | { readonly ok: false; readonly retryable: boolean; readonly message: string; readonly cause: unknown };

/** Never rejects. A late answer after the deadline is dropped. */
export function ask(query: () => Query, runtime: Runtime): Promise<Answer> {
  return new Promise((resolve) => {
    const timer = runtime.setTimeout(
      () => resolve(failure("no answer in time", undefined, true)),
      QUERY_TIMEOUT_MS,
    );
    const settle = (answer: Answer) => {
      runtime.clearTimeout(timer);
      resolve(answer);
    };
    Promise.resolve().then(query).then(
      ({ data, error, status }) => {
        if (error !== null) return settle(failure(error.message, error, isRetryable(status ?? 0)));
        settle(Array.isArray(data) ? { ok: true, rows: data } : failure("not a list of rows", data, false));
      },
      (cause: unknown) => settle(failure("request failed", cause, true)),
    );
  });
}

/** The network (0), a token that supabase-js is about to renew (401), a limit, or a fault on their side. */
function isRetryable(status: number): boolean {
  return status === 0 || status === 401 || status === 408 || status === 429 || status >= 500;
}

function failure(message: string, cause: unknown, retryable: boolean): Answer {
  return { ok: false, retryable, message, cause };
}
