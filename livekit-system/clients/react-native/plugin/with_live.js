// The one Expo config plugin: what sessions and calls need of iOS and Android. It includes LiveKit's and WebRTC's own plugins, so that
// an app names this one alone.
//
// Options: { cameraPermission, microphonePermission, calls = true, pictureInPicture = true }

const { AndroidConfig, withAndroidManifest, withInfoPlist, withPlugins } = require("expo/config-plugins");

const ANDROID_PERMISSIONS = [
  "android.permission.FOREGROUND_SERVICE",
  "android.permission.FOREGROUND_SERVICE_CAMERA",
  "android.permission.FOREGROUND_SERVICE_MEDIA_PLAYBACK",
  "android.permission.FOREGROUND_SERVICE_MICROPHONE",
  "android.permission.POST_NOTIFICATIONS",
  "android.permission.WAKE_LOCK",
];
const CALL_PERMISSIONS = [
  "android.permission.FOREGROUND_SERVICE_PHONE_CALL",
  "android.permission.MANAGE_OWN_CALLS",
  "android.permission.READ_PHONE_NUMBERS",
  "android.permission.USE_FULL_SCREEN_INTENT",
  "android.permission.VIBRATE",
];
const CALL_SERVICE = "io.wazo.callkeep.VoiceConnectionService";

function withBackground(config, { calls }) {
  return withInfoPlist(config, (inner) => {
    // `audio`: a room goes on when the app is left, and so does its small window (picture in picture).
    const modes = ["audio", ...(calls ? ["voip", "remote-notification"] : [])];
    const before = inner.modResults.UIBackgroundModes ?? [];
    inner.modResults.UIBackgroundModes = [...new Set([...before, ...modes])];
    return inner;
  });
}

function withService(config, { calls, pictureInPicture }) {
  return withAndroidManifest(config, (inner) => {
    const application = AndroidConfig.Manifest.getMainApplicationOrThrow(inner.modResults);
    const activity = AndroidConfig.Manifest.getMainActivityOrThrow(inner.modResults);
    if (pictureInPicture) {
      activity.$["android:supportsPictureInPicture"] = "true";
      const changes = new Set((activity.$["android:configChanges"] ?? "").split("|").filter(Boolean));
      for (const change of ["screenSize", "smallestScreenSize", "screenLayout", "orientation"]) changes.add(change);
      activity.$["android:configChanges"] = [...changes].join("|");
    }
    const services = (application.service ?? []).filter(({ $ }) => $["android:name"] !== CALL_SERVICE);
    if (calls) {
      services.push({
        $: {
          "android:name": CALL_SERVICE,
          "android:exported": "true",
          "android:foregroundServiceType": "camera|microphone|phoneCall",
          "android:permission": "android.permission.BIND_TELECOM_CONNECTION_SERVICE",
        },
        "intent-filter": [{ action: [{ $: { "android:name": "android.telecom.ConnectionService" } }] }],
      });
    }
    application.service = services;
    return inner;
  });
}

module.exports = function withLive(config, options = {}) {
  const { cameraPermission, microphonePermission, calls = true, pictureInPicture = true } = options;
  const wanted = { calls, pictureInPicture };
  const inner = withPlugins(config, [
    // `communication`: a listener may come to speak; what only listens is set to `media` when it connects.
    ["@livekit/react-native-expo-plugin", { android: { audioType: "communication" } }],
    ["@config-plugins/react-native-webrtc", { cameraPermission, microphonePermission }],
  ]);
  const permitted = AndroidConfig.Permissions.withPermissions(inner, [...ANDROID_PERMISSIONS, ...(calls ? CALL_PERMISSIONS : [])]);
  return withService(withBackground(permitted, wanted), wanted);
};
