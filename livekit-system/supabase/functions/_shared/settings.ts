// The environment of the functions, read once. Says every fault at once, by name, and never a value.
import { Fault } from "./refusal.ts";

export interface Settings {
  readonly supabaseUrl: string;
  readonly supabaseSecretKey: string;
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
  const settings: Settings = {
    supabaseUrl: address("SUPABASE_URL", /^https?:\/\/./, required("SUPABASE_URL")),
    supabaseSecretKey: required("SUPABASE_SERVICE_ROLE_KEY", secretKey(text)),
    livekitUrl,
    publicLivekitUrl: address("LIVE_PUBLIC_LIVEKIT_URL", /^(wss?|https?):\/\/./, publicUrl),
    livekitApiKey: required("LIVEKIT_API_KEY"),
    livekitApiSecret: required("LIVEKIT_API_SECRET"),
  };
  if (faults.length > 0) throw new Fault(`settings: ${faults.join("; ")}`);
  return settings;
}

/**
 * Hosted Supabase injects both names; the legacy key stops working once legacy keys are switched off, so the
 * dictionary of named secret keys goes first.
 */
function secretKey(text: (name: string) => string): string {
  const legacy = text("SUPABASE_SERVICE_ROLE_KEY");
  try {
    const keys: unknown = JSON.parse(text("SUPABASE_SECRET_KEYS") || "{}");
    return named(keys as Record<string, unknown> | null) ?? legacy;
  } catch {
    return legacy;
  }
}

/** `default`, or whichever there is: a rotation leaves a key of another name, and each of them is valid. */
function named(keys: Record<string, unknown> | null): string | undefined {
  const found = Object.entries(keys ?? {})
    .filter((entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== "")
    .sort(([a], [b]) => Number(b === "default") - Number(a === "default") || a.localeCompare(b));
  return found[0]?.[1];
}
