/** Owns: the stills of the rooms on the wall, asked for while the page is looked at: without that none is taken. */
import type { Time } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 5_000;

export interface WallPicture {
  session_id: string;
  /** Whose camera. */
  user_id: string;
  taken_at: Time;
  /** Base64. */
  jpeg: string;
}

export interface WallPictures {
  /** Whether pictures are switched on at all. */
  on: boolean;
  pictures: WallPicture[];
}

export function useWallPictures(sessionIds: string[]): Live<WallPictures> {
  const client = useSupabase();
  const asked = [...sessionIds].sort();
  const read = () => dataOf<WallPictures>(client.rpc("wall_pictures", { session_ids: asked }));
  return useLive(`wall pictures ${asked.join()}`, read, EVERY_MS);
}
