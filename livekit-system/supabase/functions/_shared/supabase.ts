// Supabase over HTTP: who a token belongs to (Auth) and the database's functions (PostgREST). Two POST-like
// calls need no client library, and supabase-js would add 60 ms to every cold start.
// Nothing here is retried: a call whose answer is lost may have been done, and only the caller can know.
import { Fault, Refusal } from "./refusal.ts";
import type { Settings } from "./settings.ts";

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

const SUPABASE_TIMEOUT_MS = 5_000;

const REFUSED_BY_SQL = /^PT(4\d\d)$/;
const CODE = /^[a-z][a-z0-9_]*$/;
// PGRST000-003: PostgREST has no database. 08, 53, 57: connection, resources, shutdown, cancelled. 40, 55P03:
// rolled back because of someone else's lock.
const DATABASE_AWAY = /^(PGRST00[0-3]|08...|40...|53...|57...|55P03)$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class Supabase {
  readonly #url: string;
  /** The keys that were not refused yet, the one in use in front. */
  #keys: readonly string[];
  readonly #timeoutMs: number;

  constructor(
    settings: Pick<Settings, "supabaseUrl" | "supabaseSecretKeys">,
    timeoutMs = SUPABASE_TIMEOUT_MS,
  ) {
    this.#url = settings.supabaseUrl;
    this.#keys = settings.supabaseSecretKeys;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * The id of the user an access token belongs to, asked of Supabase Auth, which also knows sessions that were
   * signed out before their token expired.
   * @throws Refusal not_authenticated, unavailable
   */
  async userOf(accessToken: string): Promise<string> {
    const { response, reply } = await this.#ask("/auth/v1/user", (key) => ({
      headers: { apikey: key, authorization: `Bearer ${accessToken}` },
    }));
    if (!response.ok) throw authError(response.status, reply);
    const id = field(reply, "id");
    if (id === undefined || !UUID.test(id)) throw new Fault("auth.user_without_id");
    return id;
  }

  /**
   * Calls a database function that returns a JSON object, as the service role.
   * @throws Refusal with the database's own code and message (SQLSTATE PT4xx and a hint), or unavailable
   * @throws Fault for every other error, holding its SQLSTATE only
   */
  async rpc(name: string, parameters: Readonly<Record<string, Json>>): Promise<JsonObject> {
    const { response, reply } = await this.#ask(`/rest/v1/rpc/${name}`, (key) => ({
      method: "POST",
      headers: { apikey: key, authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(parameters),
    }));
    if (!response.ok) throw databaseError(name, response.status, reply);
    if (!isObject(reply)) throw new Fault("database.unexpected_result", { rpc: name });
    return reply;
  }

  /**
   * A link to a private file of Storage, which is good for so many seconds and for anyone who has it.
   * @throws Refusal unavailable
   * @throws Fault when Storage does not make one: the file is gone, or our key is refused
   */
  async signedUrl(bucket: string, path: string, seconds: number): Promise<string> {
    const { response, reply } = await this.#ask(
      `/storage/v1/object/sign/${placeOf(bucket, path)}`,
      (key) => ({
        method: "POST",
        headers: { apikey: key, authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ expiresIn: seconds }),
      }),
    );
    if (response.status >= 500 || response.status === 429) {
      throw Refusal.unavailable({ part: "storage", status: response.status });
    }
    const signed = field(reply, "signedURL");
    if (!response.ok || signed === undefined) throw new Fault("storage.no_link", { status: response.status });
    return `${this.#url}/storage/v1${signed}`;
  }

  /**
   * What a private text file of Storage holds; null where there is none.
   * @throws Refusal unavailable
   */
  async fileText(bucket: string, path: string): Promise<string | null> {
    const key = this.#keys[0] ?? "";
    const response = await this.#fetch(`/storage/v1/object/authenticated/${placeOf(bucket, path)}`, {
      headers: { apikey: key, authorization: `Bearer ${key}` },
    });
    const text = await response.text();
    if (response.ok) return text;
    if (response.status === 400 || response.status === 404) return null;
    throw Refusal.unavailable({ part: "storage", status: response.status });
  }

  functionUrl(name: string): string {
    return `${this.#url}/functions/v1/${name}`;
  }

  /**
   * Asks with the key in use. One that the gateway refuses was deleted while this function ran: nothing was done with
   * it, so the next one is tried, and used from then on.
   */
  async #ask(path: string, init: (key: string) => RequestInit): Promise<Answer> {
    for (;;) {
      const [key = "", ...others] = this.#keys;
      const response = await this.#fetch(path, init(key));
      const reply = await bodyOf(response);
      if (!refusesOurKey(response.status, reply) || others.length === 0) return { response, reply };
      if (this.#keys[0] === key) this.#keys = others;
    }
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.#url + path, { ...init, signal: AbortSignal.timeout(this.#timeoutMs) });
    } catch (error) {
      throw Refusal.unavailable({ part: path, reason: reasonOf(error) });
    }
  }
}

function placeOf(bucket: string, path: string): string {
  return [bucket, ...path.split("/")].map(encodeURIComponent).join("/");
}

interface Answer {
  readonly response: Response;
  readonly reply: Json | undefined;
}

/** @throws Fault when the database function did not return what it is documented to return */
export function objectAt(reply: JsonObject, name: string): JsonObject {
  const found = reply[name];
  if (!isObject(found)) throw new Fault("database.unexpected_result", { field: name });
  return found;
}

function authError(status: number, reply: Json | undefined): Error {
  if (status >= 500 || status === 429) return Refusal.unavailable({ part: "auth", status });
  return isCoded(reply) ? Refusal.own("not_authenticated") : new Fault("auth.refused_our_key", { status });
}

/** The services say with a code what is wrong; the gateway before them, which knows only keys, has none. */
function refusesOurKey(status: number, reply: Json | undefined): boolean {
  return status === 401 && !isCoded(reply);
}

function isCoded(reply: Json | undefined): boolean {
  return isObject(reply) && ("error_code" in reply || "code" in reply);
}

function databaseError(rpc: string, status: number, reply: Json | undefined): Error {
  const code = field(reply, "code") ?? "";
  const hint = field(reply, "hint") ?? "";
  const refused = REFUSED_BY_SQL.exec(code);
  if (refused && CODE.test(hint)) {
    return new Refusal(hint, Number(refused[1]), field(reply, "message") ?? hint);
  }
  if (DATABASE_AWAY.test(code) || [502, 503, 504].includes(status)) {
    return Refusal.unavailable({ part: rpc, status, sqlstate: code });
  }
  return new Fault("database.failed", { rpc, status, sqlstate: code });
}

/** The body as JSON, or undefined when it is none (a proxy's error page). */
async function bodyOf(response: Response): Promise<Json | undefined> {
  try {
    return await response.json();
  } catch (error) {
    if (response.ok) throw Refusal.unavailable({ part: "reply", reason: reasonOf(error) });
    return undefined;
  }
}

/** TimeoutError, TypeError: a kind, since the message may hold an address. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

function field(value: Json | undefined, name: string): string | undefined {
  const found = isObject(value) ? value[name] : undefined;
  return typeof found === "string" ? found : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
