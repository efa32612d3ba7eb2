// Closing a room that the database has ended. Ending is the database's word; the room only follows.
import type { JsonObject } from "./supabase.ts";
import type { Database, Media } from "./services.ts";

/**
 * Disconnects anyone who is still in the room of an ended session or call. A failure is logged and no more: the
 * agent deletes the room again, now and each time an old token brings it back.
 */
export async function closeRoom(media: Media, ended: JsonObject): Promise<void> {
  await attempt("room.delete_failed", { id: ended.id }, () => media.deleteRoom(String(ended.livekit_room)));
}

/**
 * Takes back the ways in that `session-ingress` made into the room of an ended session. After a failure the database still
 * names the room: at LiveKit's report that it has closed, and when its host asks for the next.
 */
export async function closeIngress(database: Database, media: Media, room: string): Promise<void> {
  await attempt("ingress.delete_failed", { room }, async () => {
    await media.deleteIngresses(room);
    await database.rpc("ingress_deleted", { p_room: room });
  });
}

export async function attempt(
  action: string,
  where: Readonly<Record<string, unknown>>,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const reason = error instanceof Error ? error.name : typeof error;
    console.warn(JSON.stringify({ level: "warn", action, ...where, reason }));
  }
}
