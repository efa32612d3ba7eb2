// Only what is what it calls itself is subscribed to, whenever it comes.

import { deepStrictEqual, strictEqual } from "node:assert";
import { CONNECT_OPTIONS, takeHonestTracks, type TracksRoom } from "../src/mod.ts";
import { FakeLiveRoom, FakeTrack } from "./live_room.ts";

const HONEST = [
  ["audio", "microphone", "audio/opus"],
  ["audio", "microphone", "audio/red"],
  ["audio", "microphone", ""],
  ["audio", "screen_share_audio", undefined],
  ["video", "camera", "video/VP8"],
  ["video", "screen_share", "video/h264"],
] as const;
const DISGUISED = [
  ["video", "microphone", "video/vp8"],
  ["video", "screen_share_audio", undefined],
  ["audio", "camera", "audio/opus"],
  ["audio", "screen_share", undefined],
  ["audio", "unknown", "audio/opus"],
  ["video", "unknown", undefined],
  // Announced as one and sent as the other.
  ["audio", "microphone", "video/VP8"],
  ["video", "camera", "audio/opus"],
  ["audio", "toString", undefined],
] as const;

function tracksOf(list: readonly (readonly [string, string, string | undefined])[]): FakeTrack[] {
  return list.map(([kind, source, mimeType]) => new FakeTrack(kind, source, mimeType));
}

function enter(room: FakeLiveRoom, tracks: readonly FakeTrack[]): void {
  const trackPublications = new Map(tracks.map((track, n) => [`TR_${n}`, track]));
  room.remoteParticipants.set(`person ${room.remoteParticipants.size}`, { trackPublications });
}

for (const when of ["before", "connected", "reconnected", "later"] as const) {
  Deno.test(`honest tracks are taken and disguised ones are not: ${when}`, () => {
    const room = new FakeLiveRoom();
    const honest = tracksOf(HONEST), disguised = tracksOf(DISGUISED);
    if (when === "before") enter(room, [...honest, ...disguised]);
    const stop = takeHonestTracks(room as unknown as TracksRoom);
    if (when === "later") {
      for (const track of [...honest, ...disguised]) room.emit("trackPublished", track);
    } else if (when !== "before") {
      enter(room, [...honest, ...disguised]);
      room.emit(when);
    }
    deepStrictEqual(honest.map(({ subscribed }) => subscribed), honest.map(() => true));
    deepStrictEqual(disguised.map(({ subscribed }) => subscribed), disguised.map(() => false));
    stop();
    strictEqual(room.listenerCount, 0);
  });
}

Deno.test("without the rule nothing is subscribed to by itself", () => {
  strictEqual(CONNECT_OPTIONS.autoSubscribe, false);
});
