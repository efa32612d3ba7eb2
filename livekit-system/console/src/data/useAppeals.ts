/** Owns: the open appeals, and deciding one. */
import { useCallback } from "react";
import type { Appeal } from "../model/appeals.ts";
import { useRung } from "./bell.ts";
import { useSupabase } from "./client.ts";
import { changed, dataOf, type Failure } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 15_000;
const ROWS = 50;

export interface Appeals {
  /** The oldest first. */
  open: Live<Appeal[]>;
  decide: (id: string, decision: "upheld" | "lifted", answer: string) => Promise<Failure | null>;
}

export function useAppeals(): Appeals {
  const client = useSupabase();

  async function read(): Promise<Appeal[]> {
    const appeals = await dataOf<Appeal[]>(client.rpc("appeal_inbox", { limit: ROWS }));
    const named = appeals.flatMap((one) => [one.user_id, one.decision_about.requested_by ?? []].flat());
    await profilesOf(client, named);
    return appeals;
  }
  const open = useLive("appeals", read, EVERY_MS);
  useRung(open);
  const { refresh } = open;

  const decide = useCallback(async (id: string, decision: "upheld" | "lifted", answer: string) => {
    return await changed(
      client.rpc("decide_appeal", { id, decision, answer: answer.trim() || null }),
      refresh,
    );
  }, [client, refresh]);
  return { open, decide };
}
