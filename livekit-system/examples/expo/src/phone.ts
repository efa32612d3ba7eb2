// The phone's own screen for calls (CallKit, Telecom), which shows what rings while the app is left. In a browser: phone.web.ts.

import { callWords, type Phone } from "@ipelya/live-react-native";
import { hideRinging, openPhoneScreen, showAnswered, showRinging } from "@ipelya/live-react-native/dist/phone";
import { ringingNotification } from "@ipelya/live-react-native/dist/ringing";
import { deviceLanguage, WORDS } from "./texts";

const said = callWords();
const words = () => WORDS[deviceLanguage()];

// Telecom shows nothing by itself.
const android = ringingNotification(
  () => ({ channel: words().calls, calling: words().callsYou, answer: words().answer, decline: words().decline }),
  { onAnswer: said.onAnswer, onDecline: said.onEnd },
);

void openPhoneScreen({
  appName: words().appName,
  permissionTitle: words().calls,
  permissionText: words().callsPermission,
  cancel: words().notNow,
  allow: words().allow,
}, {
  ...said,
  onMute: () => {},
  onShow: (callId, name) => void android.show(callId, name).catch(console.warn),
}).catch(console.warn);

export const phone: Phone = {
  hear: said.hear,
  ring: showRinging,
  answered: (callId) => {
    showAnswered(callId);
    void android.hide(callId);
  },
  hide: (callId, how) => {
    hideRinging(callId, how);
    void android.hide(callId);
  },
};
