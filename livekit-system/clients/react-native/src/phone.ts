// The phone's own screen for calls (CallKit, Telecom), through react-native-callkeep. Install that package only where it is wanted:
// this file is imported by its own path, `@ipelya/live-react-native/dist/phone`.

import type { RingEnd, RingingCall } from "@ipelya/live";
import CallKeep from "react-native-callkeep";

export interface PhoneHandlers {
  readonly onAnswer: (callId: string) => void;
  /** Declined while it rang, or hung up. */
  readonly onEnd: (callId: string) => void;
  readonly onMute: (callId: string, muted: boolean) => void;
  /** Android alone: Telecom has taken the call and shows nothing; show it, as `ringingNotification` of `dist/ringing` does. */
  readonly onShow: (callId: string, name: string) => void;
}

export interface PhoneTexts {
  readonly appName: string;
  readonly permissionTitle: string;
  readonly permissionText: string;
  readonly cancel: string;
  readonly allow: string;
}

const EVENTS = ["answerCall", "endCall", "didPerformSetMutedCallAction", "showIncomingCallUi"] as const;

/** Once, after signing in. Returns how to stop. */
export async function openPhoneScreen(texts: PhoneTexts, handlers: PhoneHandlers): Promise<() => void> {
  await CallKeep.setup({
    ios: { appName: texts.appName, supportsVideo: true, includesCallsInRecents: false },
    android: {
      alertTitle: texts.permissionTitle,
      alertDescription: texts.permissionText,
      cancelButton: texts.cancel,
      okButton: texts.allow,
      additionalPermissions: [],
      selfManaged: true,
    },
  });
  CallKeep.setAvailable(true);
  CallKeep.addEventListener("answerCall", ({ callUUID }) => handlers.onAnswer(callUUID));
  CallKeep.addEventListener("endCall", ({ callUUID }) => handlers.onEnd(callUUID));
  CallKeep.addEventListener("didPerformSetMutedCallAction", ({ callUUID, muted }) => handlers.onMute(callUUID, muted));
  CallKeep.addEventListener("showIncomingCallUi", ({ callUUID, name }) => handlers.onShow(callUUID, name));
  return () => {
    for (const event of EVENTS) CallKeep.removeEventListener(event);
  };
}

/** It rings: a call's id is a UUID, as CallKit wants one. */
export function showRinging(call: RingingCall): void {
  const name = call.from.name ?? "";
  CallKeep.displayIncomingCall(call.id, name, name, "generic", call.type === "video");
}

/** CallKit's reasons: 2 remote ended, 3 unanswered, 4 answered elsewhere, 5 declined elsewhere. */
const ENDS: Readonly<Record<RingEnd, number>> = { elsewhere: 4, declined: 5, missed: 3, cancelled: 2, ended: 2, gone: 2 };

export function hideRinging(callId: string, how: RingEnd): void {
  CallKeep.reportEndCallWithUUID(callId, ENDS[how]);
}
