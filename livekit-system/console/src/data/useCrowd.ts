/** Owns: the people of a room as the database sorts, searches and pages them. */
import type { Crowd } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { learnCards } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const BEAT_MS = 4_000;
export const PEOPLE_SORTS = ["trouble", "loudness", "hands", "role"] as const;
export type PeopleSort = typeof PEOPLE_SORTS[number];
export const PEOPLE_PAGE = 60;

export interface CrowdView {
  text: string;
  sort: PeopleSort;
  page: number;
}

/** `heard`: who is loud just now, so that none of them is missing on the first page. */
export function useCrowd(id: string, view: CrowdView, heard: () => string[]): Live<Crowd> {
  const client = useSupabase();
  const asked = {
    search: view.text.trim(),
    sort: view.sort,
    limit: PEOPLE_PAGE,
    skip: view.page * PEOPLE_PAGE,
  };

  async function read(): Promise<Crowd> {
    const crowd = await dataOf<Crowd>(
      client.rpc("console_people", { session_id: id, ...asked, heard: heard() }),
    );
    learnCards([...crowd.people, ...crowd.hands].map((seat) => seat.card));
    return crowd;
  }
  return useLive(`crowd ${id} ${JSON.stringify(asked)}`, read, BEAT_MS);
}
