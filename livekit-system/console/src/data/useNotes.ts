/** Owns: the team's private notes on a person, read and added. */
import { useCallback } from "react";
import type { Note } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { changed, dataOf, type Failure } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 10_000;
const ROWS = 100;

export interface Notes {
  notes: Live<Note[]>;
  add: (id: string, body: string) => Promise<Failure | null>;
}

export function useNotes(person: string): Notes {
  const client = useSupabase();

  async function read(): Promise<Note[]> {
    const notes: Note[] = await dataOf(
      client.from("person_notes").select("id, author_id, body, created_at").eq("user_id", person)
        .order("created_at", { ascending: false }).limit(ROWS),
    );
    await profilesOf(client, notes.flatMap((note) => note.author_id ?? []));
    return notes;
  }
  const notes = useLive(`notes ${person}`, read, EVERY_MS);
  const { refresh } = notes;

  const add = useCallback(async (id: string, body: string) => {
    return await changed(client.rpc("add_person_note", { id, user_id: person, body }), refresh);
  }, [client, person, refresh]);
  return { notes, add };
}
