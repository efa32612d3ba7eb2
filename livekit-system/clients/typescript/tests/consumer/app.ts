// An app that uses the package as it is installed: every part, with each kind of typed client. Nothing of it runs.

import {
  ask,
  createSession,
  type Database,
  hearMe,
  liveNow,
  moderate,
  openCall,
  openChat,
  openRelay,
  openSession,
  refusalText,
  type RelayJoin,
  sendGift,
} from "@ipelya/live";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { Room } from "livekit-client";

/** As `supabase gen types` words the app's own database, which knows nothing of ours. */
type Own = {
  public: {
    Tables: {
      profiles: { Row: { id: string }; Insert: { id: string }; Update: { id?: string }; Relationships: [] };
    };
    Views: Record<never, never>;
    Functions: { greet: { Args: { name: string }; Returns: string } };
    Enums: Record<never, never>;
    CompositeTypes: Record<never, never>;
  };
};
type Both = {
  public: {
    Tables: Own["public"]["Tables"] & Database["public"]["Tables"];
    Views: Database["public"]["Views"];
    Functions: Own["public"]["Functions"] & Database["public"]["Functions"];
    Enums: Record<never, never>;
    CompositeTypes: Record<never, never>;
  };
};

function everything(supabase: SupabaseClient | SupabaseClient<Own> | SupabaseClient<Both>, join: RelayJoin) {
  const room = new Room();
  void ask<{ join: RelayJoin }>(supabase, "session-token", { session_id: "s" });
  openRelay({ room, supabase, subject: { kind: "session", id: "s" }, join, onEvent: () => {} }).dispose();
  openChat({ supabase, sessionId: "s", onLines: () => {} }).dispose();
  hearMe(supabase, "me", { onRinging: () => {}, onRingEnd: () => {} }).dispose();
  void openSession({ supabase, room, sessionId: "s", userId: "me" }).leave();
  void openCall({ supabase, room, callId: "c", userId: "me" }).hangUp();
  void liveNow(supabase).then(([first]) => first?.creator_name?.toUpperCase());
  void createSession(supabase, { type: "audio_room", access_type: "public", title: "Talk" });
  void sendGift(supabase, "s", { code: "rose", name_en: "Rose", name_tr: "Gül", coins: 5 }, 1, "key-0001");
  void moderate(supabase, { action: "mute", sessionId: "s", target: "ann", params: { seconds: 60 } });
}

/** What is ours is known by name: columns, rights, arguments. */
async function typed(supabase: SupabaseClient<Both>) {
  const { data } = await supabase.from("live_now").select("id,title,viewer_count");
  const count: number | null | undefined = data?.[0]?.viewer_count;
  await supabase.rpc("raise_hand", { session_id: "s" });
  await supabase.from("live_messages").insert({ session_id: "s", body: "hello" });
  // @ts-expect-error nobody writes coins
  await supabase.from("coin_wallets").insert({ user_id: "me", balance: 1 });
  // @ts-expect-error there is no such column
  await supabase.from("live_messages").insert({ session_id: "s", body: "hello", colour: "red" });
  // @ts-expect-error a role is no action
  void moderate(supabase, { action: "speaker", sessionId: "s" });
  return count;
}

everything(createClient("", ""), { last_seq: 0, relay_keys: [] });
everything(createClient<Own>("", ""), { last_seq: 0, relay_keys: [] });
everything(createClient<Both>("", ""), { last_seq: 0, relay_keys: [] });
void typed(createClient<Both>("", ""));
export const said: string = refusalText("banned").tr;
