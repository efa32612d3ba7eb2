/** Owns: the connection to Supabase, for the components below. */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { createContext, useContext } from "react";
import type { Config } from "../config.ts";

const TIMEOUT_MS = 8_000;

export function connect(config: Config): SupabaseClient {
  return createClient(config.supabaseUrl, config.supabaseKey, {
    auth: { detectSessionInUrl: false, storageKey: "ipelya-live-console" },
    // What is shown is read again and again anyhow: a reading that failed says so at once.
    db: { retry: false },
    global: { fetch: withTimeout },
  });
}

function withTimeout(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  return fetch(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout });
}

/** The project's address: pictures of people are shown from there alone. */
export const ProjectContext = createContext<string | null>(null);

export const SupabaseContext = createContext<SupabaseClient | null>(null);

export function useSupabase(): SupabaseClient {
  const client = useContext(SupabaseContext);
  if (client === null) throw new Error("SupabaseContext is not provided");
  return client;
}
