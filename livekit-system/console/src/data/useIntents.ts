/** Owns: the intents of this tab, for the components below. */
import type { SupabaseClient } from "@supabase/supabase-js";
import { createContext, useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import type { Intent } from "../model/intents.ts";
import { Intents } from "./intents.ts";
import { typedBelongsTo } from "./typed.ts";
import type { Account } from "./useAccount.ts";

export const IntentsContext = createContext<Intents | null>(null);

/** The intents of the account that is signed in; what another left behind is dropped. */
export function useIntentsOf(client: SupabaseClient, account: Account): Intents {
  const intents = useMemo(() => new Intents(client, sessionStorage), [client]);
  const who = "id" in account ? account.id : account.kind === "signed_out" ? null : undefined;
  // While it is not known who is there, what is under way goes on.
  useEffect(() => {
    if (who === undefined) return;
    intents.belongTo(who);
    if (who !== null) typedBelongsTo(who);
  }, [intents, who]);
  return intents;
}

export function useIntents(): { intents: Intents; all: Intent[] } {
  const intents = useContext(IntentsContext);
  if (intents === null) throw new Error("IntentsContext is not provided");
  return { intents, all: useSyncExternalStore(intents.subscribe, intents.all) };
}

/** What was asked here moves: then what it may have changed is read at once. */
export function useRefreshedByActs(readings: { refresh: () => void }[]) {
  const { all } = useIntents();
  const moved = all.map((intent) => `${intent.id} ${intent.phase} ${intent.row?.status ?? ""}`).join();
  useEffect(() => readings.forEach((reading) => reading.refresh()), [moved]);
}
