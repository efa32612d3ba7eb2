// The phone's own screen for calls (CallKit, Telecom), through react-native-callkeep. Install that package only where it is wanted:
// this file is imported by its own path, `@ipelya/live-react-native/dist/phone`.

import type { RingEnd, RingingCall } from "@ipelya/live";
import CallKeep from "react-native-callkeep";
import type { CallHandlers } from "./call_words";

export interface PhoneHandlers extends CallHandlers {
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

/**
 * Once, beside the first import: an answer on the lock screen may be what starts the app, and is told then. Android asks the person for
 * its account of calls. Returns how to stop.
 */
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
  const onAnswer = ({ callUUID }: { callUUID: string }) => {
    answeredThere.add(callUUID);
    handlers.onAnswer(callUUID);
  };
  const onEnd = ({ callUUID }: { callUUID: string }) => handlers.onEnd(callUUID);
  CallKeep.addEventListener("answerCall", onAnswer);
  CallKeep.addEventListener("endCall", onEnd);
  CallKeep.addEventListener("didPerformSetMutedCallAction", ({ callUUID, muted }) => handlers.onMute(callUUID, muted));
  CallKeep.addEventListener("showIncomingCallUi", ({ callUUID, name }) => handlers.onShow(callUUID, name));
  // What was tapped before this code ran.
  for (const { name, data } of await CallKeep.getInitialEvents()) {
    if (name === "RNCallKeepPerformAnswerCallAction") onAnswer(data as { callUUID: string });
    else if (name === "RNCallKeepPerformEndCallAction") onEnd(data as { callUUID: string });
  }
  CallKeep.clearInitialEvents();
  return () => {
    for (const event of EVENTS) CallKeep.removeEventListener(event);
  };
}

/** It rings: a call's id is a UUID, as CallKit wants one. */
export function showRinging(call: RingingCall): void {
  const name = call.from.name ?? "";
  CallKeep.displayIncomingCall(call.id, name, name, "generic", call.type === "video");
}

/** On the phone's own screen, which says so and is not told. */
const answeredThere = new Set<string>();

/** Answered in the app: the phone's own screen stops ringing, and shows a call that goes on. */
export function showAnswered(callId: string): void {
  if (!answeredThere.has(callId)) CallKeep.answerIncomingCall(callId);
  CallKeep.setCurrentCallActive(callId);
}

/** CallKit's reasons: 2 remote ended, 3 unanswered, 4 answered elsewhere, 5 declined elsewhere. */
const ENDS: Readonly<Record<RingEnd, number>> = { elsewhere: 4, declined: 5, missed: 3, cancelled: 2, ended: 2, gone: 2 };

/** It rings no more, or the call is over. */
export function hideRinging(callId: string, how: RingEnd): void {
  answeredThere.delete(callId);
  CallKeep.reportEndCallWithUUID(callId, ENDS[how]);
}
