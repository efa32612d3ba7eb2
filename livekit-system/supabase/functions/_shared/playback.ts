// Watching a recording. POST opens it for a person and answers where its playlist is; GET with the key of that play answers the
// playlist, and for each segment a redirect to a link of a minute, after the database was asked anew whether they may.
import * as v from "npm:valibot@1.5.0";
import { endpoint, type Operation } from "./endpoint.ts";
import { answer, type Handler } from "./http.ts";
import { playable, playlistOf, type Segment } from "./hls.ts";
import { Fault, Refusal } from "./refusal.ts";
import type { Stores } from "./recording_files.ts";
import { RecordingWatch } from "./requests.ts";
import type { Database, Services } from "./services.ts";
import type { JsonObject } from "./supabase.ts";

const SEGMENT = /^segment_\d{5,}\.ts$/;

const Seen = v.looseObject({
  seconds: v.number(),
  parts: v.array(
    v.looseObject({ number: v.number(), prefix: v.string(), store: v.string(), began: v.string() }),
  ),
  cuts: v.array(v.looseObject({ from_at: v.string(), to_at: v.string() })),
});
type Seen = v.InferOutput<typeof Seen>;
type Part = Seen["parts"][number];

const Files = v.looseObject({
  seconds: v.number(),
  files: v.array(v.looseObject({ number: v.number(), path: v.string(), store: v.string() })),
});

const open: Operation<v.InferOutput<typeof RecordingWatch>> = async (services, user, body) => {
  if (body.download === true) return await download(services, user, body.recording_id);
  const { database } = services;
  const key = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const opened: JsonObject = await database.rpc("vod_open", {
    p_user: user,
    p_recording: body.recording_id,
    p_key_hash: await hashOf(key),
  });
  const { expires_at, ...recording } = opened;
  return { playlist: `${database.functionUrl("recording-playback")}?play=${key}`, expires_at, recording };
};

/** Links of a minute to the file of each part, for its creator and ops. */
async function download(
  { database, recorded }: Services,
  user: string,
  recording: string,
): Promise<JsonObject> {
  const asked = await database.rpc("recording_files", { p_user: user, p_recording: recording });
  const found = v.safeParse(Files, asked);
  if (!found.success) throw new Fault("database.unexpected_result", { rpc: "recording_files" });
  const { seconds, files } = found.output;
  return {
    files: await Promise.all(files.map(async ({ number, path, store }) => ({
      number,
      url: await recorded(store).link(path, seconds),
    }))),
  };
}

const opening = endpoint(RecordingWatch, open);

/** POST for an app that is signed in, GET for a player, which sends no header of its own. */
export function playback(services: () => Services): Handler {
  const post = opening(services);
  return (request) =>
    request.method === "GET" ? answer(request, () => watch(services(), request), "GET") : post(request);
}

async function watch({ database, recorded }: Services, request: Request): Promise<Response> {
  const asked = new URL(request.url).searchParams;
  const key = asked.get("play") ?? "";
  const seen = await seenBy(database, key);
  const file = asked.get("file");
  if (file === null) return playlist(await playlistOf(await segmentsOf(recorded, seen), key));
  const part = seen.parts.find(({ number }) => String(number) === asked.get("part"));
  if (part === undefined || !SEGMENT.test(file) || await isCut(recorded, seen, part, file)) {
    throw new Refusal("unknown_recording", 404, "There is no such recording.");
  }
  return redirect(await recorded(part.store).link(`${part.prefix}/${file}`, seen.seconds));
}

async function seenBy(database: Database, key: string): Promise<Seen> {
  const found = v.safeParse(Seen, await database.rpc("vod_parts", { p_key_hash: await hashOf(key) }));
  if (!found.success) throw new Fault("database.unexpected_result", { rpc: "vod_parts" });
  return found.output;
}

async function segmentsOf(recorded: Stores, seen: Seen): Promise<Segment[]> {
  const parts = await Promise.all(seen.parts.map((part) => segmentsIn(recorded, seen, part)));
  return parts.flat();
}

async function segmentsIn(recorded: Stores, seen: Seen, part: Part): Promise<Segment[]> {
  const text = await recorded(part.store).text(`${part.prefix}/index.m3u8`);
  return playable(text ?? "", part, seen.cuts).filter(({ file }) => SEGMENT.test(file));
}

/** Whether a segment is one that nobody is shown. Asked only where something is cut: it costs a look at the playlist. */
async function isCut(recorded: Stores, seen: Seen, part: Part, file: string): Promise<boolean> {
  if (seen.cuts.length === 0) return false;
  return !(await segmentsIn(recorded, seen, part)).some((segment) => segment.file === file);
}

const HEADERS = { "access-control-allow-origin": "*", "cache-control": "no-store" };

function playlist(text: string): Response {
  return new Response(text, { headers: { ...HEADERS, "content-type": "application/vnd.apple.mpegurl" } });
}

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { ...HEADERS, location } });
}

async function hashOf(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
