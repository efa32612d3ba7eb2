// Which push services the environment names. Each is optional: a push to one that is not set up is refused, and says so.
import { Fault } from "../refusal.ts";
import type { ApnsSettings } from "./apns.ts";
import type { ExpoSettings } from "./expo.ts";
import type { FcmSettings, ServiceAccount } from "./fcm.ts";

export interface PushSettings {
  readonly expo: ExpoSettings;
  readonly fcm: FcmSettings | undefined;
  readonly apns: ApnsSettings | undefined;
}

type Environment = { get(name: string): string | undefined };

/** @throws Fault naming every variable that is wrong, and never a value */
export function readPushSettings(environment: Environment): PushSettings {
  const text = (name: string): string => environment.get(name)?.trim() ?? "";
  const account = text("PUSH_FCM_SERVICE_ACCOUNT");
  return {
    expo: { url: text("PUSH_EXPO_URL") || "https://exp.host", accessToken: text("PUSH_EXPO_TOKEN") },
    fcm: account === ""
      ? undefined
      : { url: text("PUSH_FCM_URL") || "https://fcm.googleapis.com", account: serviceAccount(account) },
    apns: apns(text),
  };
}

function apns(text: (name: string) => string): ApnsSettings | undefined {
  const names = ["PUSH_APNS_KEY", "PUSH_APNS_KEY_ID", "PUSH_APNS_TEAM_ID", "PUSH_APNS_TOPIC"] as const;
  const missing = names.filter((name) => text(name) === "");
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) throw new Fault(`settings: ${missing.join("; ")} missing`);
  const [key, keyId, teamId, topic] = names.map(text) as [string, string, string, string];
  return { url: text("PUSH_APNS_URL") || "https://api.push.apple.com", key, keyId, teamId, topic };
}

function serviceAccount(json: string): ServiceAccount {
  try {
    const { project_id, client_email, private_key, token_uri } = JSON.parse(json) as Record<string, unknown>;
    const account = { project_id, client_email, private_key, token_uri };
    if (Object.values(account).every((value) => typeof value === "string" && value !== "")) {
      return account as unknown as ServiceAccount;
    }
  } catch {
    // Not JSON: said below, without the value.
  }
  throw new Fault("settings: PUSH_FCM_SERVICE_ACCOUNT is not the JSON of a service account");
}
