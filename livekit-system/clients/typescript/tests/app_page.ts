// A person with the package in a real browser, for measurements and for the tunnel: what a screen would show, and when. Driven through
// `globalThis.app`. Times are milliseconds since the epoch, so that pages of one machine can be compared.

import { createClient } from "@supabase/supabase-js";
import { Room, RoomEvent, Track } from "livekit-client";
import {
  type ActionName,
  balance,
  type ChatLine,
  giftCatalog,
  type Join,
  type LiveSession,
  moderate,
  newId,
  openChat,
  openSession,
  sendGift,
} from "../src/mod.ts";

interface Visit {
  readonly url: string;
  readonly key: string;
  readonly accessToken: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly join?: Join;
}

const now = () => performance.timeOrigin + performance.now();
const TONE_HZ = 440;
const SILENT = 0.003;
const LOOK_MS = 4;

const gifts: { id: string; at: number }[] = [];
let visit: Visit;
let supabase: ReturnType<typeof client>;
let room: Room;
let session: LiveSession;
let lines: readonly ChatLine[] = [];
let chat: ReturnType<typeof openChat>;
let lastSound = 0;

function client({ url, key, accessToken }: Visit) {
  return createClient(url, key, { accessToken: () => Promise.resolve(accessToken) });
}

function open(how: Visit) {
  visit = how;
  supabase = client(how);
  room = new Room({ adaptiveStream: true, dynacast: true });
  session = openSession({
    supabase,
    room,
    sessionId: how.sessionId,
    userId: how.userId,
    join: how.join,
    onEvent: ({ type, payload }) => {
      if (type === "gift") gifts.push({ id: payload.gift_id as string, at: now() });
    },
  });
}

/** From the tap until the host's picture is on the screen, ms. */
async function firstFrame(how: Visit): Promise<number> {
  const tapped = now();
  open(how);
  const element = document.createElement("video");
  Object.assign(element, { muted: true, autoplay: true, width: 320, height: 240 });
  document.body.append(element);
  const shown = new Promise<number>((resolve) => {
    room.on(RoomEvent.TrackSubscribed, (track) => {
      if (track.kind !== Track.Kind.Video) return;
      track.attach(element);
      element.requestVideoFrameCallback(() => resolve(now() - tapped));
    });
  });
  const ms = await shown;
  await session.leave();
  element.remove();
  return ms;
}

/** A tone as a microphone, until its publication ends. */
async function publishTone(): Promise<void> {
  const context = new AudioContext();
  await context.resume();
  const source = new OscillatorNode(context, { frequency: TONE_HZ });
  const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
  source.connect(new GainNode(context, { gain: 0.3 })).connect(destination);
  source.start();
  const [track] = destination.stream.getAudioTracks();
  await room.localParticipant.publishTrack(track!, {
    source: Track.Source.Microphone,
    dtx: false,
    red: false,
  });
}

/** Listens to every sound from now on; `lastSound` is when the latest was heard. */
async function listen(): Promise<void> {
  const context = new AudioContext();
  await context.resume();
  const follow = (track: MediaStreamTrack) => {
    const stream = new MediaStream([track]);
    // Chromium decodes only what some element plays.
    Object.assign(new Audio(), { srcObject: stream, muted: true }).play();
    const analyser = new AnalyserNode(context, { fftSize: 256 });
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      if (samples.some((sample) => Math.abs(sample) > SILENT)) lastSound = now();
    }, LOOK_MS);
  };
  room.on(
    RoomEvent.TrackSubscribed,
    (track) => track.kind === Track.Kind.Audio && follow(track.mediaStreamTrack),
  );
  for (const person of room.remoteParticipants.values()) {
    for (const { track } of person.audioTrackPublications.values()) if (track) follow(track.mediaStreamTrack);
  }
}

/** When it was tapped. */
async function act(action: ActionName, target: string): Promise<number> {
  const tapped = now();
  await moderate(supabase, { action, sessionId: visit.sessionId, target });
  return tapped;
}

/** The gift's id, and when it was tapped. */
async function give(): Promise<{ id: string; at: number }> {
  const [rose] = (await giftCatalog(supabase)).filter(({ code }) => code === "rose");
  const at = now();
  const { gift_id: id } = await sendGift(supabase, visit.sessionId, rose!, 1, newId());
  return { id, at };
}

Object.assign(globalThis, {
  app: {
    enter: (how: Visit) => {
      open(how);
      chat = openChat({ supabase, sessionId: how.sessionId, onLines: (all) => lines = all, keep: 500 });
      session.watch();
    },
    firstFrame,
    publishTone,
    listen,
    act,
    give,
    camera: () => room.localParticipant.setCameraEnabled(true),
    say: (body: string) => chat.say(body, newId()),
    coins: () => balance(supabase),
    sound: () => ({ last: lastSound, now: now() }),
    gifts: () => gifts,
    lines: () => lines.map(({ id }) => id),
    view: () => {
      const { connection, role, may, people, levels } = session.view();
      const hands = people.filter(({ hand_position }) => hand_position !== null).map(({ user_id }) =>
        user_id
      );
      return { phase: connection.phase, role, may, hands, levels };
    },
  },
});
