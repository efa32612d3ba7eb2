// One request to an edge function or a database function, and what may go wrong as one kind of error: by its code, anyone who
// answered: our functions, Supabase's own gateway and runtime, or a proxy's page of HTML.

import { GivenUp, type Lamp } from "./lamp.ts";

/** `code` is ours (see `refusal_texts.ts`), or `offline`, `unavailable`, `internal` where only the transport has spoken. */
export class LiveError extends Error {
  override readonly name = "LiveError";

  constructor(
    readonly code: string,
    message: string,
    /** HTTP's; 0 when no answer came. */
    readonly status: number,
    /** Whether the same request may go well later. */
    readonly retryable: boolean,
    /** Postgres' own, where it has spoken; `23505` means that a row with this id is there already. */
    readonly sqlstate: string | null = null,
  ) {
    super(message);
  }
}

/** What is needed of supabase-js for it. Any typed client will do. */
export interface AskSupabase {
  readonly functions: {
    invoke(name: string, options: { body: Record<string, unknown>; timeout?: number }): PromiseLike<{
      data: unknown;
      error: unknown;
    }>;
  };
}

export const ASK_TIMEOUT_MS = 15_000;

/**
 * @param lamp gives up what hangs when the light returns
 * @throws LiveError for everything but a success
 */
export async function ask<Reply>(
  supabase: AskSupabase,
  name: string,
  body: object,
  lamp?: Lamp,
): Promise<Reply> {
  let answer: { data: unknown; error: unknown };
  if (lamp?.dark === true) throw offline(new GivenUp("no network"));
  try {
    const asked = supabase.functions.invoke(name, { body: { ...body }, timeout: ASK_TIMEOUT_MS });
    answer = await (lamp?.wait(asked) ?? asked);
  } catch (cause) {
    throw offline(cause);
  }
  if (answer.error === null || answer.error === undefined) return answer.data as Reply;
  throw await errorOf(answer.error);
}

/** What PostgREST answers through supabase-js. */
export interface RestAnswer<Data> {
  readonly data: Data;
  readonly error:
    | { readonly message: string; readonly code?: string; readonly hint?: string | null }
    | null;
  readonly status?: number;
}

/**
 * The data of an answer of PostgREST's.
 * @param lamp bounds the wait, and gives up what hangs when the light returns
 * @throws LiveError
 */
export async function rest<Data>(
  query: PromiseLike<RestAnswer<Data>>,
  lamp?: Lamp,
): Promise<NonNullable<Data>> {
  let answer: RestAnswer<Data>;
  try {
    answer = await (lamp?.wait(query) ?? query);
  } catch (cause) {
    throw offline(cause);
  }
  const { data, error, status = 0 } = answer;
  if (error === null) return data as NonNullable<Data>;
  const code = /^PT4\d\d$/.test(error.code ?? "") && isCode(error.hint) ? error.hint : codeOf(status);
  throw new LiveError(code, error.message, status, isRetryable(status), error.code ?? null);
}

async function errorOf(error: unknown): Promise<LiveError> {
  const response = (error as { context?: unknown }).context;
  if (!isResponse(response)) return offline(error);
  const { status } = response;
  const told = parsed(await response.text().catch(() => ""));
  const ours = field(told, "error");
  const code = field(ours, "code");
  const message = field(ours, "message") ?? field(told, "message") ?? field(told, "msg");
  return new LiveError(
    isCode(code) ? code : codeOf(status),
    typeof message === "string" && message !== "" ? message : `HTTP ${status}`,
    status,
    isRetryable(status),
  );
}

function offline(cause: unknown): LiveError {
  const error = new LiveError("offline", "No answer from the server.", 0, true);
  error.cause = cause;
  return error;
}

/** Where nobody of ours has answered. 546 is Supabase's word for a function that ran out of its limits. */
function codeOf(status: number): string {
  if (status === 0) return "offline";
  if (status === 401) return "not_authenticated";
  if (status === 429) return "rate_limited";
  return status >= 500 || status === 408 ? "unavailable" : "internal";
}

function isRetryable(status: number): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

function isResponse(value: unknown): value is { status: number; text(): Promise<string> } {
  return typeof value === "object" && value !== null &&
    typeof (value as { status?: unknown }).status === "number" &&
    typeof (value as { text?: unknown }).text === "function";
}

function isCode(value: unknown): value is string {
  return typeof value === "string" && /^[a-z][a-z0-9_]*$/.test(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
