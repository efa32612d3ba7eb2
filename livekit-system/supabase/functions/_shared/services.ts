// What the functions need from the world: its ports, and their production versions.
import {
  type Grant,
  type HiddenGrant,
  type Ingress,
  LiveKit,
  type MintedToken,
  type SignedWebhook,
} from "./livekit.ts";
import { Pushes } from "./push/drain.ts";
import { readPushSettings } from "./push/settings.ts";
import { SoonPushed } from "./push/soon.ts";
import { readBucket, type Stores, storesOf } from "./recording_files.ts";
import { readSettings, type Settings } from "./settings.ts";
import { type Json, type JsonObject, Supabase } from "./supabase.ts";

export interface Database {
  userOf(accessToken: string): Promise<string>;
  rpc(name: string, parameters: Readonly<Record<string, Json>>): Promise<JsonObject>;
  /** A link to a private file of Storage that is good for so many seconds. */
  signedUrl(bucket: string, path: string, seconds: number): Promise<string>;
  /** What a private text file of Storage holds; null where there is none. */
  fileText(bucket: string, path: string): Promise<string | null>;
  /** The address at which clients reach one of these functions. */
  functionUrl(name: string): string;
}

export interface Media {
  /** The address that clients connect to. */
  readonly publicUrl: string;
  mint(grant: Grant): Promise<MintedToken>;
  mintHidden(grant: HiddenGrant): Promise<MintedToken>;
  deleteRoom(room: string): Promise<void>;
  ingress(room: string, person: string, name: string): Promise<Ingress>;
  deleteIngresses(room: string): Promise<void>;
  markIngress(room: string, identity: string): Promise<void>;
  verifyWebhook(body: string, authorization: string): Promise<SignedWebhook>;
}

export interface Services {
  readonly database: Database;
  readonly media: Media;
  /** Recorded files, by the store that the row of a part names. */
  readonly recorded: Stores;
  /** Has the pushes that a request caused sent after its answer. */
  readonly rings: { soon(): void };
  /** The database as anyone who has this secret key may use it. */
  readonly asCaller: (key: string) => Database;
  /** The services that deliver pushes; built when first needed, so that a fault of theirs stops nothing else. */
  readonly pushes: () => Pushes;
}

let built: Services | undefined;

/** Built at the first request, so that a fault of the environment is answered and logged, not a dead boot. */
export function production(): Services {
  built ??= build(readSettings(Deno.env));
  return built;
}

function build(settings: Settings): Services {
  const database = new Supabase(settings);
  let senders: Pushes | undefined;
  const pushes = () => senders ??= new Pushes(readPushSettings(Deno.env));
  return {
    database,
    media: new LiveKit(settings),
    recorded: storesOf(database, readBucket(Deno.env)),
    rings: new SoonPushed(pushes, database),
    asCaller: (key) => new Supabase({ supabaseUrl: settings.supabaseUrl, supabaseSecretKeys: [key] }),
    pushes,
  };
}
