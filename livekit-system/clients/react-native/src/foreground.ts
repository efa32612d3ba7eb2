// Android's foreground service, through react-native-notify-kit: rooms and calls go on while the app is left. Install that package
// where it is wanted: this file is imported by its own path, `@ipelya/live-react-native/dist/foreground`.

import { Platform } from "react-native";
import notify, { AndroidForegroundServiceType, AndroidImportance } from "react-native-notify-kit";
import { BACKGROUND_USES, type BackgroundUse } from "./background";
import { holding, type Service } from "./holding";
import type { Background } from "./use_background";

export interface ServiceTexts {
  /** The name of the kind of notification, in the phone's settings. */
  readonly channel: string;
  readonly title: string;
  readonly text: string;
}

const CHANNEL = "ipelya-live";
const TYPES: Readonly<Record<BackgroundUse, AndroidForegroundServiceType>> = {
  playback: AndroidForegroundServiceType.FOREGROUND_SERVICE_TYPE_MEDIA_PLAYBACK,
  microphone: AndroidForegroundServiceType.FOREGROUND_SERVICE_TYPE_MICROPHONE,
};

/**
 * Once, beside the first import: the service is the app's. Pass it to `LiveProvider`. On an iPhone it does nothing: the background mode
 * `audio` is enough there.
 *
 * @param texts asked for each time the notification is shown, so that it follows the language
 * @param onRefused hears what Android said when it allowed no service; the room goes on, and ends when Android stops the app
 */
export function foregroundService(texts: () => ServiceTexts, onRefused: (cause: unknown) => void = () => {}): Background {
  if (Platform.OS !== "android") return holding(BACKGROUND_USES, { start: async () => {}, stop: async () => {} }, onRefused);
  // The service lasts until it is stopped.
  notify.registerForegroundService(() => new Promise(() => {}));
  return holding(BACKGROUND_USES, shown(texts), onRefused);
}

function shown(texts: () => ServiceTexts): Service<BackgroundUse> {
  return {
    async start(uses) {
      const { channel, title, text } = texts();
      await notify.createChannel({ id: CHANNEL, name: channel, importance: AndroidImportance.LOW });
      await notify.displayNotification({
        id: CHANNEL,
        title,
        body: text,
        android: {
          channelId: CHANNEL,
          asForegroundService: true,
          foregroundServiceTypes: uses.map((use) => TYPES[use]),
          pressAction: { id: "default" },
        },
      });
    },
    stop: () => notify.stopForegroundService(),
  };
}
