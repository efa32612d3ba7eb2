/** Owns: reading the list of live rooms: one page, one request, whatever the number of rooms. */
import { PAGE, type RoomFilter, type RoomsReading } from "../model/rooms.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { learnCards } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";
import type { Account } from "./useAccount.ts";

const EVERY_MS = 3_000;

/** Every live room for ops; for staff those that they are staff of. */
export function useRooms(
  account: Account & { kind: "ops" | "staff" },
  filter: RoomFilter,
): Live<RoomsReading> {
  const client = useSupabase();
  const asked = {
    search: filter.text.trim(),
    type: filter.type === "all" ? null : filter.type,
    trouble_only: filter.troubleOnly,
    sort: filter.sort,
    limit: PAGE,
    skip: filter.page * PAGE,
  };

  async function read(): Promise<RoomsReading> {
    const reading = await dataOf<RoomsReading>(client.rpc("console_rooms", asked));
    learnCards(reading.rooms.flatMap((room) => [room.creator, room.loudest]));
    return reading;
  }
  return useLive(`rooms ${account.id} ${JSON.stringify(asked)}`, read, EVERY_MS);
}
