/** Owns: the chat of one session as its moderators see it: what waits for them, the newest lines, how it is set. */
import { type ChatLine, type ChatSettings, inOrder } from "../model/chat.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const BEAT_MS = 5_000;
const LINES = 60;
const HELD = 50;
const COLUMNS = "id, user_id, body, created_at, deleted_at, held_at, sender_name";

export interface ChatReading {
  settings: ChatSettings | null;
  /** What waits first, the longest wait first; then the newest. */
  lines: ChatLine[];
}

export function useChat(sessionId: string): Live<ChatReading> {
  const client = useSupabase();

  async function read(): Promise<ChatReading> {
    const said = () =>
      client.from("live_messages").select(COLUMNS).eq("session_id", sessionId).eq("type", "text");
    const [settings, held, latest] = await Promise.all([
      dataOf(
        client.from("live_sessions").select("slow_mode_seconds, chat_mode, pinned_message_id").eq(
          "id",
          sessionId,
        ),
      ),
      dataOf(said().not("held_at", "is", null).is("deleted_at", null).order("created_at").limit(HELD)),
      dataOf(said().order("created_at", { ascending: false }).limit(LINES)),
    ]);
    const lines = inOrder(held as ChatLine[], latest as ChatLine[]);
    await profilesOf(client, lines.flatMap((line) => line.user_id ?? []));
    return { settings: (settings as ChatSettings[])[0] ?? null, lines };
  }
  return useLive(`chat ${sessionId}`, read, BEAT_MS);
}
