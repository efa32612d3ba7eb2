/** Owns: the rooms of the wall: one page of the list, loudest first. */
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { learnCards } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";
import type { RoomsReading, SortKey } from "../model/rooms.ts";

const EVERY_MS = 5_000;
/** As many as one connection to Realtime can hold topics for, and an eye can hold at once. */
export const WALL_PAGE = 12;

export function useWall(sort: SortKey, page: number): Live<RoomsReading> {
  const client = useSupabase();
  const asked = { sort, limit: WALL_PAGE, skip: page * WALL_PAGE };

  async function read(): Promise<RoomsReading> {
    const reading = await dataOf<RoomsReading>(client.rpc("console_rooms", asked));
    learnCards(reading.rooms.flatMap((room) => [room.creator, room.loudest]));
    return reading;
  }
  return useLive(`wall ${JSON.stringify(asked)}`, read, EVERY_MS);
}
