// The structural types accept the real libraries. Checked by `deno check`; nothing of them runs.

import type { Room } from "livekit-client";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { RelayRoom, RelaySupabase } from "../src/mod.ts";

type Accepts<Wanted, Given extends Wanted> = Given;

export type LiveKitRoomWillDo = Accepts<RelayRoom, Room>;
export type SupabaseClientWillDo = Accepts<RelaySupabase, SupabaseClient>;
