// What the functions need from the world: two ports, and their production versions.
import { type Grant, LiveKit, type MintedToken, type SignedWebhook } from "./livekit.ts";
import { readSettings, type Settings } from "./settings.ts";
import { type Json, type JsonObject, Supabase } from "./supabase.ts";

export interface Database {
  userOf(accessToken: string): Promise<string>;
  rpc(name: string, parameters: Readonly<Record<string, Json>>): Promise<JsonObject>;
}

export interface Media {
  /** The address that clients connect to. */
  readonly publicUrl: string;
  mint(grant: Grant): Promise<MintedToken>;
  deleteRoom(room: string): Promise<void>;
  verifyWebhook(body: string, authorization: string): Promise<SignedWebhook>;
}

export interface Services {
  readonly database: Database;
  readonly media: Media;
}

let built: Services | undefined;

/** Built at the first request, so that a fault of the environment is answered and logged, not a dead boot. */
export function production(): Services {
  built ??= build(readSettings(Deno.env));
  return built;
}

function build(settings: Settings): Services {
  return { database: new Supabase(settings), media: new LiveKit(settings) };
}
