// Android's small window (picture in picture), through expo-pip. Install that package where it is wanted: this file is imported by its
// own path, `@ipelya/live-react-native/dist/window`. An iPhone's is the `pictureInPicture` of `Stage`.

import ExpoPip from "expo-pip";
import { useEffect, useState } from "react";
import { Platform } from "react-native";

const PORTRAIT = { width: 9, height: 16 } as const;

/**
 * While `on`, an app that is left goes on in a small window, from Android 12 on.
 *
 * @returns whether it is shown in one now: draw the `Stage` and nothing else then
 */
export function useSmallWindow(on: boolean): boolean {
  const [small, setSmall] = useState(false);
  useEffect(() => {
    if (Platform.OS !== "android") return;
    const heard = ExpoPip.addEventListener("onPipModeChange", ({ isInPipMode }) => setSmall(isInPipMode));
    return () => heard.remove();
  }, []);
  useEffect(() => {
    if (Platform.OS !== "android" || !on) return;
    ExpoPip.setPictureInPictureParams({ ...PORTRAIT, autoEnterEnabled: true });
    return () => ExpoPip.setPictureInPictureParams({ autoEnterEnabled: false });
  }, [on]);
  return small;
}
