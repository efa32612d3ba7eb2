// The one Expo config plugin: what sessions and calls need of iOS and Android. It includes LiveKit's and WebRTC's own plugins, so that
// an app names this one alone.
//
// Options: { cameraPermission, microphonePermission, calls = true, background = true, pictureInPicture = true, linkHosts = [] }

const { AndroidConfig, withAndroidManifest, withInfoPlist, withPlugins } = require("expo/config-plugins");

const SERVICE_PERMISSIONS = [
  "android.permission.FOREGROUND_SERVICE",
  "android.permission.FOREGROUND_SERVICE_MICROPHONE",
  "android.permission.POST_NOTIFICATIONS",
  "android.permission.WAKE_LOCK",
];
const BACKGROUND_PERMISSIONS = [...SERVICE_PERMISSIONS, "android.permission.FOREGROUND_SERVICE_MEDIA_PLAYBACK"];
const CALL_PERMISSIONS = [
  ...SERVICE_PERMISSIONS,
  "android.permission.FOREGROUND_SERVICE_CAMERA",
  "android.permission.FOREGROUND_SERVICE_PHONE_CALL",
  "android.permission.MANAGE_OWN_CALLS",
  "android.permission.READ_PHONE_NUMBERS",
  "android.permission.USE_FULL_SCREEN_INTENT",
  "android.permission.VIBRATE",
];
// Of react-native-callkeep and react-native-notify-kit, whose code the phone finds by these names.
const CALL_SERVICE = {
  $: {
    "android:name": "io.wazo.callkeep.VoiceConnectionService",
    "android:exported": "true",
    "android:foregroundServiceType": "camera|microphone|phoneCall",
    "android:permission": "android.permission.BIND_TELECOM_CONNECTION_SERVICE",
  },
  "intent-filter": [{ action: [{ $: { "android:name": "android.telecom.ConnectionService" } }] }],
};
const ROOM_SERVICE = {
  $: {
    "android:name": "app.notifee.core.ForegroundService",
    "android:exported": "false",
    "android:foregroundServiceType": "mediaPlayback|microphone",
    // An app that is swiped away leaves the room.
    "android:stopWithTask": "true",
  },
};

function withModes(config, { calls, background, pictureInPicture }) {
  return withInfoPlist(config, (inner) => {
    // `audio`: a room goes on when the app is left, and so does its small window.
    const modes = [...(background || calls || pictureInPicture ? ["audio"] : []), ...(calls ? ["voip", "remote-notification"] : [])];
    const before = inner.modResults.UIBackgroundModes ?? [];
    inner.modResults.UIBackgroundModes = [...new Set([...before, ...modes])];
    return inner;
  });
}

function withServices(config, { calls, background, pictureInPicture }) {
  return withAndroidManifest(config, (inner) => {
    const application = AndroidConfig.Manifest.getMainApplicationOrThrow(inner.modResults);
    const activity = AndroidConfig.Manifest.getMainActivityOrThrow(inner.modResults);
    if (pictureInPicture) {
      activity.$["android:supportsPictureInPicture"] = "true";
      const changes = new Set((activity.$["android:configChanges"] ?? "").split("|").filter(Boolean));
      for (const change of ["screenSize", "smallestScreenSize", "screenLayout", "orientation"]) changes.add(change);
      activity.$["android:configChanges"] = [...changes].join("|");
    }
    const ours = new Set([CALL_SERVICE, ROOM_SERVICE].map(({ $ }) => $["android:name"]));
    const others = (application.service ?? []).filter(({ $ }) => !ours.has($["android:name"]));
    application.service = [...others, ...(calls ? [CALL_SERVICE] : []), ...(background ? [ROOM_SERVICE] : [])];
    return inner;
  });
}

// https://<host>/live/<id> and /call/<id> open the app. Each host has to name it in /.well-known, as Apple and Google describe.
function withLinks(config, hosts) {
  if (hosts.length === 0) return config;
  const before = config.ios?.associatedDomains ?? [];
  const domains = [...new Set([...before, ...hosts.map((host) => `applinks:${host}`)])];
  const filter = {
    action: "VIEW",
    autoVerify: true,
    category: ["BROWSABLE", "DEFAULT"],
    data: hosts.flatMap((host) => ["/live/", "/call/"].map((pathPrefix) => ({ scheme: "https", host, pathPrefix }))),
  };
  return {
    ...config,
    ios: { ...config.ios, associatedDomains: domains },
    android: { ...config.android, intentFilters: [...(config.android?.intentFilters ?? []), filter] },
  };
}

module.exports = function withLive(config, options = {}) {
  const { cameraPermission, microphonePermission, calls = true, background = true, pictureInPicture = true, linkHosts = [] } = options;
  const wanted = { calls, background, pictureInPicture };
  const inner = withPlugins(withLinks(config, linkHosts), [
    // `communication`: a listener may come to speak; what only listens is set to `media` when it connects.
    ["@livekit/react-native-expo-plugin", { android: { audioType: "communication" } }],
    ["@config-plugins/react-native-webrtc", { cameraPermission, microphonePermission }],
  ]);
  const permissions = new Set([...(background ? BACKGROUND_PERMISSIONS : []), ...(calls ? CALL_PERMISSIONS : [])]);
  const permitted = AndroidConfig.Permissions.withPermissions(inner, [...permissions]);
  return withServices(withModes(permitted, wanted), wanted);
};
