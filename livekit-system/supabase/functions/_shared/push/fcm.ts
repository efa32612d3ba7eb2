// Firebase Cloud Messaging, HTTP v1: one message a request, with an access token that a service account signs for.
// https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
import { ask, at, dataOf, failure, type Push, type Result, type Sender, tagOf, together } from "./port.ts";
import { signed } from "./signing.ts";

const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const AT_ONCE = 20;

export interface ServiceAccount {
  readonly project_id: string;
  readonly client_email: string;
  readonly private_key: string;
  readonly token_uri: string;
}

export interface FcmSettings {
  readonly url: string;
  readonly account: ServiceAccount;
}

export class Fcm implements Sender {
  readonly #settings: FcmSettings;
  readonly #now: () => number;
  #token: { readonly value: string; readonly until: number } | undefined;

  constructor(settings: FcmSettings, now: () => number = Date.now) {
    this.#settings = settings;
    this.#now = now;
  }

  async send(pushes: readonly Push[]): Promise<Result[]> {
    const token = await this.#accessToken();
    if (token === undefined) {
      return pushes.map(({ id }) => ({ id, outcome: "retry", error: "no access token from Google" }));
    }
    return await together(pushes, AT_ONCE, (push) => this.#sendOne(push, token));
  }

  async #sendOne(push: Push, token: string): Promise<Result> {
    const { url, account } = this.#settings;
    const answer = await ask(`${url}/v1/projects/${account.project_id}/messages:send`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ message: message(push) }),
    });
    if (answer.status === 200) return { id: push.id, outcome: "sent" };
    if (answer.status === 401) {
      this.#token = undefined;
      return { id: push.id, outcome: "retry", error: "HTTP 401" };
    }
    const error = errorOf(answer.body) ?? `HTTP ${answer.status}`;
    const dead = error === "UNREGISTERED" || error === "SENDER_ID_MISMATCH";
    return dead ? { id: push.id, outcome: "dead", error } : failure(push.id, answer, error);
  }

  async #accessToken(): Promise<string | undefined> {
    const seconds = Math.floor(this.#now() / 1000);
    if (this.#token !== undefined && this.#token.until > seconds) return this.#token.value;
    const { account } = this.#settings;
    const assertion = await signed("RS256", account.private_key, {}, {
      iss: account.client_email,
      scope: SCOPE,
      aud: account.token_uri,
      iat: seconds,
      exp: seconds + 3600,
    });
    const answer = await ask(account.token_uri, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion }),
    });
    const value = at(answer.body, "access_token");
    if (typeof value !== "string") return undefined;
    // A minute early: a token that ends on its way is refused.
    this.#token = { value, until: seconds + Number(at(answer.body, "expires_in") ?? 3600) - 60 };
    return value;
  }
}

/** A call that rings is for the app alone: it shows its own screen. */
function message(push: Push): Record<string, unknown> {
  const shown = !push.silent && push.kind !== "call_ringing";
  return {
    token: push.token,
    data: { ...dataOf(push), title: push.title, body: push.body },
    ...(shown && { notification: { title: push.title, body: push.body } }),
    android: {
      priority: push.urgent ? "HIGH" : "NORMAL",
      ttl: `${push.seconds}s`,
      collapse_key: push.kind,
      ...(shown &&
        { notification: { tag: tagOf(push), channel_id: push.kind.startsWith("call_") ? "calls" : "live" } }),
    },
  };
}

function errorOf(body: unknown): string | undefined {
  const details = at(body, "error", "details");
  const codes = Array.isArray(details) ? details.map((detail) => at(detail, "errorCode")) : [];
  return codes.find((code) => typeof code === "string");
}
