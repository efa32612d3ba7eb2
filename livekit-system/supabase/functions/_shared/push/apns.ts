// Apple's push service, with a signing key: alerts and silent pushes to the app, calls by PushKit.
// https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
import { ask, at, dataOf, failure, type Push, type Result, type Sender, tagOf, together } from "./port.ts";
import { signed } from "./signing.ts";

const AT_ONCE = 20;
/** Apple refuses a token older than an hour, and one that is made anew within twenty minutes. */
const TOKEN_SECONDS = 2_400;
const DEAD: ReadonlySet<string> = new Set([
  "Unregistered",
  "BadDeviceToken",
  "DeviceTokenNotForTopic",
  "ExpiredToken",
]);

export interface ApnsSettings {
  readonly url: string;
  readonly key: string;
  readonly keyId: string;
  readonly teamId: string;
  /** The app's bundle id. */
  readonly topic: string;
}

export class Apns implements Sender {
  readonly #settings: ApnsSettings;
  readonly #now: () => number;
  #token: { readonly value: string; readonly until: number } | undefined;

  constructor(settings: ApnsSettings, now: () => number = Date.now) {
    this.#settings = settings;
    this.#now = now;
  }

  async send(pushes: readonly Push[]): Promise<Result[]> {
    const token = await this.#providerToken();
    return await together(pushes, AT_ONCE, (push) => this.#sendOne(push, token));
  }

  async #sendOne(push: Push, token: string): Promise<Result> {
    const answer = await ask(`${this.#settings.url}/3/device/${encodeURIComponent(push.token)}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `bearer ${token}`,
        ...this.#headers(push),
      },
      body: JSON.stringify(payload(push)),
    });
    if (answer.status === 200) return { id: push.id, outcome: "sent" };
    const error = String(at(answer.body, "reason") ?? `HTTP ${answer.status}`);
    if (DEAD.has(error)) return { id: push.id, outcome: "dead", error };
    if (error !== "ExpiredProviderToken") return failure(push.id, answer, error);
    this.#token = undefined;
    return { id: push.id, outcome: "retry", error };
  }

  #headers(push: Push): Record<string, string> {
    const { topic } = this.#settings;
    const voip = push.provider === "pushkit";
    return {
      "apns-topic": voip ? `${topic}.voip` : topic,
      "apns-push-type": voip ? "voip" : push.silent ? "background" : "alert",
      // Apple refuses 10 for what shows nothing.
      "apns-priority": push.urgent && !push.silent ? "10" : "5",
      "apns-expiration": String(Math.floor(Date.parse(push.expires_at) / 1000)),
      "apns-collapse-id": tagOf(push).slice(0, 64),
    };
  }

  async #providerToken(): Promise<string> {
    const seconds = Math.floor(this.#now() / 1000);
    if (this.#token === undefined || this.#token.until <= seconds) {
      const { key, keyId, teamId } = this.#settings;
      const value = await signed("ES256", key, { kid: keyId }, { iss: teamId, iat: seconds });
      this.#token = { value, until: seconds + TOKEN_SECONDS };
    }
    return this.#token.value;
  }
}

function payload(push: Push): Record<string, unknown> {
  const shown = push.provider === "pushkit" || push.silent
    ? { "content-available": 1 }
    : { alert: { title: push.title, body: push.body }, sound: "default", "thread-id": push.kind };
  return { aps: shown, ...dataOf(push) };
}
