// The environment of the functions, read once. Says every fault at once, by name, and never a value.
import { Fault } from "./refusal.ts";

export interface Settings {
  readonly supabaseUrl: string;
  /** At least one; the one to try first in front. */
  readonly supabaseSecretKeys: readonly string[];
  /** Where the functions reach LiveKit's server API. */
  readonly livekitUrl: string;
  /** What clients are told; the same server, perhaps by another name. */
  readonly publicLivekitUrl: string;
  readonly livekitApiKey: string;
  readonly livekitApiSecret: string;
}

type Environment = { get(name: string): string | undefined };

/** @throws Fault naming every variable that is missing or is not the address it should be. */
export function readSettings(environment: Environment): Settings {
  const faults: string[] = [];
  const text = (name: string): string => environment.get(name)?.trim() ?? "";
  const required = (name: string, value = text(name)): string => {
    if (value === "") faults.push(`${name} is missing`);
    return value;
  };
  const address = (name: string, schemes: RegExp, value: string): string => {
    if (value !== "" && !schemes.test(value)) faults.push(`${name} is not a URL with the right scheme`);
    return value.replace(/\/+$/, "");
  };
  const livekitUrl = address("LIVEKIT_URL", /^(wss?|https?):\/\/./, required("LIVEKIT_URL"));
  const publicUrl = text("LIVE_PUBLIC_LIVEKIT_URL") || livekitUrl;
  const keys = secretKeys(text);
  if (keys.length === 0) required("SUPABASE_SERVICE_ROLE_KEY");
  const settings: Settings = {
    supabaseUrl: address("SUPABASE_URL", /^https?:\/\/./, required("SUPABASE_URL")),
    supabaseSecretKeys: keys,
    livekitUrl,
    publicLivekitUrl: address("LIVE_PUBLIC_LIVEKIT_URL", /^(wss?|https?):\/\/./, publicUrl),
    livekitApiKey: required("LIVEKIT_API_KEY"),
    livekitApiSecret: required("LIVEKIT_API_SECRET"),
  };
  if (faults.length > 0) throw new Fault(`settings: ${faults.join("; ")}`);
  return settings;
}

/**
 * Every secret key that Supabase gave us, the one to try first in front. `default` before the others, since most
 * projects have that alone; a rotation leaves one of another name. The legacy key stops working once legacy keys are
 * switched off, so it comes last.
 */
function secretKeys(text: (name: string) => string): string[] {
  const legacy = text("SUPABASE_SERVICE_ROLE_KEY");
  const named = Object.entries(dictionary(text("SUPABASE_SECRET_KEYS")))
    .filter((entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== "")
    .sort(([a], [b]) => Number(b === "default") - Number(a === "default") || a.localeCompare(b))
    .map(([, key]) => key);
  return [...named, ...(legacy === "" ? [] : [legacy])];
}

function dictionary(json: string): object {
  try {
    const parsed: unknown = JSON.parse(json || "{}");
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
