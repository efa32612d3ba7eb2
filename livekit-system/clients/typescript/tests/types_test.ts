// The structural types accept the real libraries. Checked by `deno check`; nothing of them runs.

import type { Room } from "livekit-client";
import type { SupabaseClient } from "@supabase/supabase-js";
import type {
  AskSupabase,
  CallOptions,
  ChatSupabase,
  LiveRoom,
  LiveSupabase,
  MeSupabase,
  RelayRoom,
  RelaySupabase,
} from "../src/mod.ts";

type Accepts<Wanted, Given extends Wanted> = Given;

export type LiveKitRoomWillDo = Accepts<RelayRoom, Room>;
export type LiveKitRoomOfASessionWillDo = Accepts<LiveRoom, Room>;
export type LiveKitRoomOfACallWillDo = Accepts<CallOptions["room"], Room>;
export type LiveClientWillDo = Accepts<LiveSupabase, SupabaseClient>;
export type SupabaseClientWillDo = Accepts<RelaySupabase, SupabaseClient>;
export type AskedClientWillDo = Accepts<AskSupabase, SupabaseClient>;
export type ChatClientWillDo = Accepts<ChatSupabase, SupabaseClient>;
export type MeClientWillDo = Accepts<MeSupabase, SupabaseClient>;

/** A client that is typed with its database, as `supabase gen types` words it, knows other names than ours. */
type Database = {
  public: {
    Tables: {
      profiles: { Row: { id: string }; Insert: { id: string }; Update: { id?: string }; Relationships: [] };
      relay_keys: {
        Row: { kid: string };
        Insert: { kid: string };
        Update: { kid?: string };
        Relationships: [];
      };
    };
    Views: Record<never, never>;
    Functions: { raise_hand: { Args: { session_id: string }; Returns: unknown } };
    Enums: Record<never, never>;
    CompositeTypes: Record<never, never>;
  };
};
export type TypedClientWillDo = Accepts<
  RelaySupabase & AskSupabase & ChatSupabase & MeSupabase & LiveSupabase,
  SupabaseClient<Database>
>;
