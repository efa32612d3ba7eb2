/** Owns: the inbox of cases and one file, read again when the bell of ops rings, and what is done with a case. */
import { useCallback } from "react";
import type { Case, CaseFile } from "../model/cases.ts";
import { useRung } from "./bell.ts";
import { useSupabase } from "./client.ts";
import { changed, dataOf, type Failure } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 10_000;
const ROWS = 100;

export type InboxState = "open" | "resolved";

export function useInbox(state: InboxState): Live<Case[]> {
  const client = useSupabase();

  async function read(): Promise<Case[]> {
    const cases = await dataOf<Case[]>(client.rpc("case_inbox", { state, limit: ROWS }));
    await profilesOf(client, cases.flatMap((one) => [one.user_id ?? [], one.claimed_by ?? []].flat()));
    return cases;
  }
  const inbox = useLive(`cases ${state}`, read, EVERY_MS);
  useRung(inbox);
  return inbox;
}

export interface CaseWork {
  file: Live<CaseFile>;
  /** Calls one of the functions on cases; null when it was done. */
  work: (name: CaseAct, more?: Record<string, unknown>) => Promise<Failure | null>;
}

export type CaseAct = "claim_case" | "release_case" | "resolve_case" | "add_case_note";

export function useCase(id: string, onChanged: () => void): CaseWork {
  const client = useSupabase();

  async function read(): Promise<CaseFile> {
    const file = await dataOf<CaseFile>(client.rpc("case_file", { id }));
    const { notes } = file;
    const named = [
      file.case.user_id,
      file.case.claimed_by,
      file.case.resolved_by,
      ...notes.map((note) => note.author_id),
      ...file.actions.map((row) => row.requested_by),
      ...file.clips.flatMap((clip) => clip.access.map((access) => access.user_id)),
      ...file.appeals.map((appeal) => appeal.decided_by),
    ];
    await profilesOf(client, named.filter((one) => one !== null));
    return file;
  }
  const file = useLive(`case ${id}`, read, EVERY_MS);
  useRung(file);
  const { refresh } = file;

  const work = useCallback(async (name: CaseAct, more: Record<string, unknown> = {}) => {
    return await changed(
      client.rpc(name, name === "add_case_note" ? { case_id: id, ...more } : { id, ...more }),
      () => {
        refresh();
        onChanged();
      },
    );
  }, [client, id, refresh, onChanged]);
  return { file, work };
}
