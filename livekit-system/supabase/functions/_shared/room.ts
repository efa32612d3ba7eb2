// Closing a room that the database has ended. Ending is the database's word; the room only follows.
import type { JsonObject } from "./supabase.ts";
import type { Media } from "./services.ts";

/**
 * Disconnects anyone who is still in the room of an ended session or call. A failure is logged and no more: the
 * agent deletes the room again, now and each time an old token brings it back.
 */
export async function closeRoom(media: Media, ended: JsonObject): Promise<void> {
  try {
    await media.deleteRoom(String(ended.livekit_room));
  } catch (error) {
    const reason = error instanceof Error ? error.name : typeof error;
    console.warn(JSON.stringify({ level: "warn", action: "room.delete_failed", id: ended.id, reason }));
  }
}
