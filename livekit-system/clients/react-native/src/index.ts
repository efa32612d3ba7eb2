// The package's public face. Apart are what needs a package of its own: `phone` react-native-callkeep, `foreground` and `ringing`
// react-native-notify-kit, `window` expo-pip, `verify` react-native-quick-crypto.

export { prepare, startAudio, stopAudio, VideoView } from "./platform";
export type { AudioUse } from "./platform";
export type { Background } from "./use_background";
export { LiveProvider, useLive } from "./provider";
export type { Live, LiveProviderProps, Phone } from "./provider";
export { useAudioRoom, useHands, useLevels, useLiveSession, useModeration, useRecording, useRights, useRun } from "./session_hooks";
export type { Hands, Moderation, RecordingHandle, SessionHandle } from "./session_hooks";
export { useCall, useCalls, useChat, useGifts, usePhone } from "./hooks";
export { callWords } from "./call_words";
export type { CallHandlers, CallWords } from "./call_words";
export type { CallHandle, Calls, ChatHandle, Gifts, ShownGift } from "./hooks";
export { ChatList, Refused, Sounds, Stage, useVideos } from "./components";
export type { StageProps } from "./components";
export { useCountdown } from "./countdown";
export { placeOfLink, placeOfPush } from "./links";
export type { Place } from "./links";
