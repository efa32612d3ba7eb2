// What keeps a room's sound on Android while the app is left; one for the app's whole life.

import { foregroundService } from "@ipelya/live-react-native/dist/foreground";
import { deviceLanguage, WORDS } from "./texts";

export const background = foregroundService(() => {
  const { live, inRoom, inRoomText } = WORDS[deviceLanguage()];
  return { channel: live, title: inRoom, text: inRoomText };
});
