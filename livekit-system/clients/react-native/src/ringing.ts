// How a call rings on Android while the app is in the background: Telecom lets a calling app know, and shows nothing by itself. A
// notification over the lock screen, through react-native-notify-kit; imported by its own path, `@ipelya/live-react-native/dist/ringing`.

import { Platform } from "react-native";
import notify, { AndroidCategory, AndroidImportance, AndroidVisibility, type Event, EventType } from "react-native-notify-kit";

export interface RingingTexts {
  /** The name of the kind of notification, in the phone's settings. */
  readonly channel: string;
  readonly calling: string;
  readonly answer: string;
  readonly decline: string;
}

export interface RingingHandlers {
  readonly onAnswer: (callId: string) => void;
  readonly onDecline: (callId: string) => void;
}

export interface RingingNotification {
  /** Rejects where Android refuses, as without the permission to notify. */
  readonly show: (callId: string, name: string) => Promise<void>;
  readonly hide: (callId: string) => Promise<void>;
}

const CHANNEL = "ipelya-calls";
const ANSWER = "answer", DECLINE = "decline";

/**
 * Once, beside the first import: an answer may be what starts the app. On an iPhone, where CallKit shows the call, it does nothing.
 *
 * @param texts asked for each time a call rings, so that it follows the language
 */
export function ringingNotification(texts: () => RingingTexts, handlers: RingingHandlers): RingingNotification {
  if (Platform.OS !== "android") return { show: async () => {}, hide: async () => {} };
  const hear = ({ type, detail: { notification, pressAction } }: Event) => {
    const callId = notification?.android?.channelId === CHANNEL ? notification.id : undefined;
    if (callId === undefined || type !== EventType.ACTION_PRESS) return;
    void notify.cancelNotification(callId);
    if (pressAction?.id === ANSWER) handlers.onAnswer(callId);
    else if (pressAction?.id === DECLINE) handlers.onDecline(callId);
  };
  notify.onForegroundEvent(hear);
  notify.onBackgroundEvent(async (event) => hear(event));
  return { show: (callId, name) => show(callId, name, texts()), hide: (callId) => notify.cancelNotification(callId) };
}

async function show(callId: string, name: string, { channel, calling, answer, decline }: RingingTexts): Promise<void> {
  await notify.createChannel({
    id: CHANNEL,
    name: channel,
    importance: AndroidImportance.HIGH,
    visibility: AndroidVisibility.PUBLIC,
    sound: "default",
    vibration: true,
  });
  await notify.displayNotification({
    id: callId,
    title: name,
    body: calling,
    android: {
      channelId: CHANNEL,
      category: AndroidCategory.CALL,
      visibility: AndroidVisibility.PUBLIC,
      ongoing: true,
      loopSound: true,
      pressAction: { id: "default" },
      fullScreenAction: { id: "default" },
      actions: [
        { title: decline, pressAction: { id: DECLINE } },
        { title: answer, pressAction: { id: ANSWER, launchActivity: "default" } },
      ],
    },
  });
}
