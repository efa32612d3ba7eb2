// Pages of the browser tests: one that publishes what its announcement denies, and one that watches as an app does, with the
// package or without it. Anyone who opened the page drives it through `globalThis.evasion`.

import { Room, RoomEvent, Track } from "livekit-client";
import { CONNECT_OPTIONS, takeHonestTracks } from "../src/mod.ts";

interface Entry {
  readonly url: string;
  readonly token: string;
}

interface Publication extends Entry {
  readonly media: "audio" | "video";
  /** What it is announced as, of the wire's `TrackType`: audio or video. */
  readonly announced: "audio" | "video";
  readonly source: Track.Source;
}

const connections: RTCPeerConnection[] = [];
const Original = globalThis.RTCPeerConnection;
globalThis.RTCPeerConnection = class extends Original {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.push(this);
  }
};

function sound(): MediaStreamTrack {
  const context = new AudioContext();
  const destination = new MediaStreamAudioDestinationNode(context);
  const tone = new OscillatorNode(context, { frequency: 440 });
  tone.connect(destination);
  tone.start();
  void context.resume();
  return destination.stream.getAudioTracks()[0]!;
}

function picture(): MediaStreamTrack {
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d")!;
  let step = 0;
  setInterval(() => {
    pen.fillStyle = `hsl(${step++ * 10} 80% 50%)`;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }, 40);
  return canvas.captureStream(25).getVideoTracks()[0]!;
}

/** Comes with the first right to publish: a token has none, the agent gives it. */
function allowed(room: Room): Promise<void> {
  return new Promise((resolve) => {
    const look = () => room.localParticipant.permissions?.canPublish && resolve();
    room.on(RoomEvent.ParticipantPermissionsChanged, look);
    look();
  });
}

/** Ends with the publication, or with what refused it. */
async function publish({ url, token, media, announced, source }: Publication): Promise<string> {
  const room = new Room();
  await room.connect(url, token, CONNECT_OPTIONS);
  await allowed(room);
  const { client } = room.engine as unknown as {
    client: { sendAddTrack: (request: { type: number; simulcastCodecs: unknown[] }) => unknown };
  };
  const send = client.sendAddTrack.bind(client);
  client.sendAddTrack = (request) => {
    request.type = announced === "audio" ? 0 : 1;
    request.simulcastCodecs = [];
    return send(request);
  };
  const track = media === "audio" ? sound() : picture();
  try {
    await room.localParticipant.publishTrack(track, { source, simulcast: false, red: false, dtx: false });
    return "published";
  } catch (error) {
    return String(error);
  }
}

/** Everything that the room has for a viewer; `honest`: as the package takes it. */
async function watch({ url, token, honest }: Entry & { readonly honest: boolean }): Promise<void> {
  const room = new Room();
  if (honest) takeHonestTracks(room);
  await room.connect(url, token, honest ? CONNECT_OPTIONS : {});
}

/** Packets of each kind that any connection of this page has received. */
async function received(): Promise<{ audio: number; video: number }> {
  const sums = { audio: 0, video: 0 };
  for (const connection of connections) {
    for (const stat of (await connection.getStats()).values()) {
      if (stat.type === "inbound-rtp") sums[stat.kind as "audio" | "video"] += stat.packetsReceived;
    }
  }
  return sums;
}

Object.assign(globalThis, { evasion: { publish, watch, received } });
