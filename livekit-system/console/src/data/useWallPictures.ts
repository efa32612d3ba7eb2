/** Owns: the stills of video rooms and how their cameras look, asked for while a page shows them: else none is taken. */
import type { PictureState } from "../model/watching.ts";
import type { Time } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 5_000;

export interface WallPicture {
  session_id: string;
  /** Whose camera. */
  user_id: string;
  /** `frozen`: the camera is on and no frame came, twice in a row. */
  state: PictureState["kind"];
  since: Time;
  taken_at: Time | null;
  /** Base64; null where the last one is older than a minute. */
  jpeg: string | null;
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
