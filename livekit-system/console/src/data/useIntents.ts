/** Owns: the intents of this tab, for the components below. */
import { createContext, useContext, useEffect, useSyncExternalStore } from "react";
import type { Intent } from "../model/intents.ts";
import type { Intents } from "./intents.ts";

export const IntentsContext = createContext<Intents | null>(null);

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
