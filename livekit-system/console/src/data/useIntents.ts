/** Owns: the intents of this tab, for the components below. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Intent } from "../model/intents.ts";
import type { Intents } from "./intents.ts";

export const IntentsContext = createContext<Intents | null>(null);

export function useIntents(): { intents: Intents; all: Intent[] } {
  const intents = useContext(IntentsContext);
  if (intents === null) throw new Error("IntentsContext is not provided");
  return { intents, all: useSyncExternalStore(intents.subscribe, intents.all) };
}
