// Asking tables and functions by name, whatever `Database` a client is typed with: every failure is a LiveError, no answer is
// waited for longer than the lamp allows.

import { type AskSupabase, LiveError, rest } from "./ask.ts";
import { lampOf } from "./lamp.ts";
import { type Runtime, systemRuntime } from "./runtime.ts";
import type { TopicSupabase } from "./topic.ts";

/** Any typed supabase-js client. */
export interface LiveSupabase extends AskSupabase, TopicSupabase {
  rpc(fn: never, args: never): unknown;
}

type Outcome = { data: unknown; error: { message: string } | null; status?: number };

export interface Selected extends PromiseLike<Outcome> {
  eq(column: string, value: string | boolean): Selected;
  is(column: string, value: null): Selected;
  or(filter: string): Selected;
  order(column: string, options: { ascending: boolean }): Selected;
  limit(count: number): Selected;
}

interface ByName {
  from(table: string): { select(columns: string): Selected; insert(row: object): PromiseLike<Outcome> };
  rpc(fn: string, args: object): PromiseLike<Outcome>;
}

/** @throws LiveError */
export async function call<Reply>(
  supabase: { rpc(fn: never, args: never): unknown; from(table: never): unknown },
  fn: string,
  args: object,
  runtime: Runtime = systemRuntime,
): Promise<Reply> {
  const query = (supabase as unknown as ByName).rpc(fn, args);
  return (await rest(query, lampOf(supabase, runtime))) as Reply;
}

/** The rows of a query. @throws LiveError */
export async function rows<Row>(
  supabase: { from(table: never): unknown },
  table: string,
  columns: string,
  narrow: (query: Selected) => Selected,
  runtime: Runtime = systemRuntime,
): Promise<readonly Row[]> {
  const query = narrow((supabase as unknown as ByName).from(table).select(columns));
  return (await rest(query, lampOf(supabase, runtime))) as unknown as readonly Row[];
}

/** Writes a row whose id the caller has chosen; writing it again changes nothing. @throws LiveError */
export async function insert(
  supabase: { from(table: never): unknown },
  table: string,
  row: { readonly id: string },
  runtime: Runtime = systemRuntime,
): Promise<void> {
  const query = (supabase as unknown as ByName).from(table).insert(row);
  try {
    await rest(query, lampOf(supabase, runtime));
  } catch (error) {
    if (!(error instanceof LiveError && error.sqlstate === "23505")) throw error;
  }
}
