// What differs between a phone and a browser; here the phone. Beside it: platform.web.tsx, which has the same exports.

import { AndroidAudioTypePresets, AudioSession, registerGlobals, VideoTrack } from "@livekit/react-native";

/** `media`: one only hears, at the volume of videos, other apps' calls go first. `communication`: one also speaks, with echo cancelled. */
export type AudioUse = "media" | "communication";

/** Once, before anything else of the app: WebRTC's globals, and what Hermes lacks of the web. */
export function prepare(): void {
  registerGlobals();
}

/** Before the first sound, and again when somebody who listened comes to speak. */
export async function startAudio(use: AudioUse): Promise<void> {
  await AudioSession.configureAudio({
    android: { audioTypeOptions: AndroidAudioTypePresets[use] },
    ios: { defaultOutput: "speaker" },
  });
  await AudioSession.setAppleAudioConfiguration(
    use === "media"
      ? { audioCategory: "playback", audioCategoryOptions: ["mixWithOthers"], audioMode: "spokenAudio" }
      : {
        audioCategory: "playAndRecord",
        audioCategoryOptions: ["allowBluetooth", "allowBluetoothA2DP", "defaultToSpeaker"],
        audioMode: "videoChat",
      },
  );
  await AudioSession.startAudioSession();
}

export async function stopAudio(): Promise<void> {
  await AudioSession.stopAudioSession();
}

export { VideoTrack as VideoView };
