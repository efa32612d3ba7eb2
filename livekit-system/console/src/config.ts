/** Owns: where the console finds its Supabase project (`config.json` beside the page), and refusing secrets. */

export interface Config {
  /** Address of the Supabase project. */
  supabaseUrl: string;
  /** The publishable key, or the legacy anon key. Never a secret. */
  supabaseKey: string;
}

export class ConfigError extends Error {}

/** The configuration in a parsed `config.json`. Throws ConfigError when it is unusable or holds a secret. */
export function parseConfig(value: unknown): Config {
  const { supabaseUrl, supabaseKey } = (value ?? {}) as Record<string, unknown>;
  if (typeof supabaseUrl !== "string" || !URL.canParse(supabaseUrl)) {
    throw new ConfigError("config.json: supabaseUrl must be the address of the Supabase project");
  }
  if (typeof supabaseKey !== "string" || supabaseKey === "") {
    throw new ConfigError("config.json: supabaseKey must be the publishable key");
  }
  if (isSecret(supabaseKey)) {
    throw new ConfigError(
      "config.json: supabaseKey is a SECRET key. Remove it, and rotate it: it has been served",
    );
  }
  return { supabaseUrl, supabaseKey };
}

/** Whether a key passes by row-level security: a new secret key, or a legacy JWT of another role than anon. */
export function isSecret(key: string): boolean {
  if (key.startsWith("sb_secret_")) return true;
  const payload = key.split(".")[1];
  if (!key.startsWith("eyJ") || payload === undefined) return false;
  try {
    return JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))).role !== "anon";
  } catch {
    return true;
  }
}

export async function readConfig(): Promise<Config> {
  const answer = await fetch("config.json", { cache: "no-store", signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new ConfigError(`config.json: the server answered ${answer.status}`);
  return parseConfig(await answer.json());
}
