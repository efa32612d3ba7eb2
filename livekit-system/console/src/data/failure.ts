/** Owns: what a failed request means for the person in front of it. */

import type { SupabaseClient } from "@supabase/supabase-js";
import { type Failure, isUnanswered } from "../model/failure.ts";

export { type Failure, isUnanswered };

/** An error in the shape that PostgREST answers. */
interface Answered {
  code?: string;
  message?: string;
  hint?: string | null;
}

/** Reads a supabase-js result's `error` and HTTP `status`; status 0 means that nobody answered. */
export function failureOf(error: Answered, status: number): Failure {
  const message = error.message || "unknown error";
  if (status === 0) return { kind: "offline", code: null, message };
  if (status >= 502 && status <= 504) return { kind: "away", code: null, message };
  if (status >= 500) return { kind: "server", code: error.code || String(status), message };
  const kind = status === 401 || error.code === "42501" ? "forbidden" : "refused";
  return { kind, code: error.hint || error.code || null, message };
}

/** What supabase-js makes of a request that is to be sent. */
export type Requested<T> = PromiseLike<{ data: T | null; error: Answered | null; status: number }>;

export class RequestError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** What browsers and libraries throw where there is no way to a server; a bare TypeError is a fault of ours. */
const NO_WAY = ["AbortError", "TimeoutError", "NetworkError", "ConnectionError", "FunctionsFetchError"];
const NO_WAY_SAID = /fetch|network|load failed|importing a module/i;

/** Of whatever was thrown. What is neither an answer nor a lost connection is a fault of this page, and goes to its console. */
export function failureFrom(error: unknown): Failure {
  if (error instanceof RequestError) return error.failure;
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  if (NO_WAY.includes(name) || (error instanceof TypeError && NO_WAY_SAID.test(message))) {
    return { kind: "offline", code: null, message };
  }
  console.error(error);
  return { kind: "broken", code: null, message };
}

/** What an edge function answers; throws RequestError with its code. */
export async function invoke<T>(
  client: SupabaseClient,
  name: string,
  body: Record<string, unknown>,
): Promise<T> {
  const { data, error } = await client.functions.invoke(name, { body });
  if (!error) return data as T;
  const answer = (error as { context?: unknown }).context;
  if (!(answer instanceof Response)) throw new RequestError(failureOf({ message: String(error) }, 0));
  const told = await answer.json().catch(() => null) as
    | { error?: { code?: string; message?: string } }
    | null;
  throw new RequestError(
    failureOf({ hint: told?.error?.code ?? null, message: told?.error?.message ?? "" }, answer.status),
  );
}

/** The data of a supabase-js result; throws RequestError. */
export async function dataOf<T>(request: Requested<T>): Promise<T> {
  const { data, error, status } = await request;
  if (error) throw new RequestError(failureOf(error, status));
  return data as T;
}

/** Sends a change, and has what it touches read anew whether or not it went well: null, or why it did not. */
export async function changed(request: Requested<unknown>, refresh: () => void): Promise<Failure | null> {
  try {
    await dataOf(request);
    return null;
  } catch (error) {
    return failureFrom(error);
  } finally {
    refresh();
  }
}
