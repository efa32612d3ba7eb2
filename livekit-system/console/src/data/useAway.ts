/** Owns: whether the workers see LiveKit, beside one room: what is shown of it may be old, however fresh its reading is. */
import type { RoomsReading } from "../model/rooms.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { useLive } from "./useLive.ts";

const EVERY_MS = 5_000;

/** False until it is known. */
export function useAway(sessionId: string): boolean {
  const client = useSupabase();
  const read = () => dataOf<RoomsReading>(client.rpc("console_rooms", { search: sessionId, limit: 1 }));
  const reading = useLive(`away ${sessionId}`, read, EVERY_MS);
  return reading.data?.livekit_away === true;
}
