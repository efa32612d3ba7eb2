// A page of people who speak: each publishes the samples that it is given, in one channel or two, as a browser with a
// proper microphone or a music interface does. Anyone who opened the page drives it through `globalThis.speakers`.

import { Room, Track } from "livekit-client";

const RATE = 48_000;

interface Speech {
  readonly url: string;
  readonly token: string;
  /** Base64 of little-endian int16, the channels interleaved; played again and again. */
  readonly samples: string;
  readonly channels: 1 | 2;
  /** Of the codec, bits a second. */
  readonly bitrate: number;
}

const context = new AudioContext({ sampleRate: RATE });
const speaking: { readonly room: Room; readonly source: AudioBufferSourceNode }[] = [];

function decoded({ samples, channels }: Speech): AudioBuffer {
  const bytes = Uint8Array.from(atob(samples), (letter) => letter.charCodeAt(0));
  const interleaved = new Int16Array(bytes.buffer);
  const buffer = context.createBuffer(channels, interleaved.length / channels, RATE);
  for (let channel = 0; channel < channels; channel++) {
    const out = buffer.getChannelData(channel);
    for (let i = 0; i < out.length; i++) out[i] = interleaved[i * channels + channel]! / 32768;
  }
  return buffer;
}

async function speak(speech: Speech): Promise<void> {
  await context.resume();
  const room = new Room();
  await room.connect(speech.url, speech.token);
  const destination = new MediaStreamAudioDestinationNode(context, { channelCount: speech.channels });
  const source = new AudioBufferSourceNode(context, { buffer: decoded(speech), loop: true });
  source.connect(destination);
  source.start();
  await room.localParticipant.publishTrack(destination.stream.getAudioTracks()[0]!, {
    source: Track.Source.Microphone,
    audioPreset: { maxBitrate: speech.bitrate },
    forceStereo: speech.channels === 2,
    dtx: false,
    red: false,
  });
  speaking.push({ room, source });
}

async function hush(): Promise<void> {
  for (const { room, source } of speaking.splice(0)) {
    source.stop();
    await room.disconnect();
  }
}

Object.assign(globalThis, { speakers: { speak, hush } });
