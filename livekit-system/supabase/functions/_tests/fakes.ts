// The world of the functions, in memory: a database that answers as told and LiveKit with its real tokens.
import { LiveKit } from "../_shared/livekit.ts";
import { type RecordingBucket, storesOf } from "../_shared/recording_files.ts";
import { Pushes } from "../_shared/push/drain.ts";
import { Refusal } from "../_shared/refusal.ts";
import type { Database, Services } from "../_shared/services.ts";
import type { Settings } from "../_shared/settings.ts";
import type { Json, JsonObject } from "../_shared/supabase.ts";

export const ALICE = "11111111-1111-4111-8111-111111111111";
export const BOB = "22222222-2222-4222-8222-222222222222";
export const SESSION = "33333333-3333-4333-8333-333333333333";
export const CALL = "44444444-4444-4444-8444-444444444444";

export const SETTINGS: Settings = {
  supabaseUrl: "http://127.0.0.1:9",
  supabaseSecretKeys: ["sb_secret_of_the_tests"],
  livekitUrl: "http://127.0.0.1:9",
  publicLivekitUrl: "wss://live.example.com",
  livekitApiKey: "APItest",
  livekitApiSecret: "a-secret-of-the-tests-that-is-long-enough",
};

/** Of another S3 provider. */
export const BUCKET: RecordingBucket = {
  address: "https://s3.example.com/shows",
  region: "eu-central-1",
  accessKey: "key-of-the-bucket",
  secret: "secret-of-the-bucket",
};

const RELAY_KEY = {
  kid: "k1",
  public_key: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  not_before: "2027-01-01T00:00:00Z",
  not_after: "2027-02-01T00:00:00Z",
};

export function permit(identity: string, role: string, sources: string[] = []): JsonObject {
  return {
    room: "room-of-the-test",
    identity,
    role,
    name: "Gökçe",
    avatar: "https://cdn.example.com/g.png",
    can_publish_sources: sources,
    can_subscribe: true,
    now: "2027-01-15T12:00:00.000Z",
    last_seq: 7,
    relay_keys: [RELAY_KEY],
  };
}

export type Answer = JsonObject | Error;

export class World {
  /** Access tokens that Auth knows. */
  readonly users = new Map([["token-of-alice", ALICE], ["token-of-bob", BOB]]);
  readonly answers = new Map<string, Answer>();
  readonly asked: { name: string; parameters: Readonly<Record<string, Json>> }[] = [];
  /** Text files of Storage, by bucket and path. */
  readonly files = new Map<string, string>();
  readonly deletedRooms: string[] = [];
  readonly ingresses: string[][] = [];
  readonly closedIngresses: string[] = [];
  readonly marked: string[][] = [];
  /** How often the pushes of a request were to be sent after it. */
  rung = 0;
  deletionFails = false;

  readonly services: Services;

  constructor() {
    const livekit = new LiveKit(SETTINGS);
    const database: Database = {
      userOf: (token) => {
        const user = this.users.get(token);
        return user ? Promise.resolve(user) : Promise.reject(Refusal.own("not_authenticated"));
      },
      rpc: (name, parameters) => {
        this.asked.push({ name, parameters });
        const answer = this.answers.get(name) ?? new Error(`no answer prepared for ${name}`);
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      signedUrl: (bucket, path, seconds) =>
        Promise.resolve(`https://project.example.com/${bucket}/${path}?seconds=${seconds}`),
      fileText: (bucket, path) => Promise.resolve(this.files.get(`${bucket}/${path}`) ?? null),
      functionUrl: (name) => `https://project.example.com/functions/v1/${name}`,
    };
    this.services = {
      database,
      recorded: storesOf(database, BUCKET),
      rings: { soon: () => void this.rung++ },
      asCaller: () => database,
      pushes: () =>
        new Pushes({ expo: { url: "http://127.0.0.1:9", accessToken: "" }, fcm: undefined, apns: undefined }),
      media: {
        publicUrl: livekit.publicUrl,
        mint: (grant) => livekit.mint(grant),
        mintHidden: (grant) => livekit.mintHidden(grant),
        verifyWebhook: (body, authorization) => livekit.verifyWebhook(body, authorization),
        ingress: (room, person, name) => {
          this.ingresses.push([room, person, name]);
          return Promise.resolve({ url: "rtmps://example.rtmp.livekit.cloud/x", streamKey: "Ps4sxHSj3vdZ" });
        },
        deleteIngresses: (room) => {
          this.closedIngresses.push(room);
          return this.deletionFails ? Promise.reject(new Error("LiveKit is away")) : Promise.resolve();
        },
        markIngress: (room, identity) => {
          this.marked.push([room, identity]);
          return Promise.resolve();
        },
        deleteRoom: (room) => {
          this.deletedRooms.push(room);
          return this.deletionFails ? Promise.reject(new Error("LiveKit is away")) : Promise.resolve();
        },
      },
    };
  }
}

export function post(body: unknown, headers: Record<string, string> = {}): Request {
  return new Request("http://functions.test/any", {
    method: "POST",
    headers: { authorization: "Bearer token-of-alice", "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** The claims of a token, read without checking it. */
export function claims(
  token: string,
): {
  sub: string;
  name?: string;
  attributes?: Record<string, string>;
  exp: number;
  nbf: number;
  video: Record<string, unknown>;
} {
  const payload = token.split(".")[1] ?? "";
  const bytes = Uint8Array.from(
    atob(payload.replaceAll("-", "+").replaceAll("_", "/")),
    (character) => character.charCodeAt(0),
  );
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Runs `work` and returns what it wrote to the log, which the test would otherwise print. */
export async function logged(work: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const { error, warn } = console;
  console.error = console.warn = (line: string) => void lines.push(line);
  try {
    await work();
  } finally {
    Object.assign(console, { error, warn });
  }
  return lines;
}
