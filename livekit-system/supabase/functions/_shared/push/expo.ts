// Expo's push service: a hundred messages a request, tickets at once, receipts a quarter of an hour later.
// https://docs.expo.dev/push-notifications/sending-notifications/
import { ask, at, dataOf, failure, type Push, type Result, type Sender, tagOf } from "./port.ts";

const BATCH = 100;
const RECEIPTS = 300;

export interface ExpoSettings {
  readonly url: string;
  /** Where the project demands one ("enhanced security"). */
  readonly accessToken: string;
}

export class Expo implements Sender {
  readonly #settings: ExpoSettings;

  constructor(settings: ExpoSettings) {
    this.#settings = settings;
  }

  async send(pushes: readonly Push[]): Promise<Result[]> {
    const results: Result[] = [];
    for (let start = 0; start < pushes.length; start += BATCH) {
      results.push(...await this.#sendBatch(pushes.slice(start, start + BATCH)));
    }
    return results;
  }

  /** What became of pushes that were sent; those that Expo cannot say yet are left out. */
  async receipts(asked: readonly { id: number; receipt: string }[]): Promise<Result[]> {
    const results: Result[] = [];
    for (let start = 0; start < asked.length; start += RECEIPTS) {
      const batch = asked.slice(start, start + RECEIPTS);
      const answer = await this.#post("/--/api/v2/push/getReceipts", {
        ids: batch.map(({ receipt }) => receipt),
      });
      for (const { id, receipt } of batch) {
        const told = at(answer.body, "data", receipt);
        if (told !== undefined) results.push(resultOf(id, told, "delivered"));
      }
    }
    return results;
  }

  async #sendBatch(pushes: readonly Push[]): Promise<Result[]> {
    const answer = await this.#post("/--/api/v2/push/send", pushes.map(message));
    const tickets = at(answer.body, "data");
    if (answer.status === 200 && Array.isArray(tickets) && tickets.length === pushes.length) {
      return pushes.map((push, index) => resultOf(push.id, tickets[index], "sent"));
    }
    return pushes.map((push) => failure(push.id, answer));
  }

  #post(path: string, body: unknown) {
    const { url, accessToken } = this.#settings;
    return ask(url + path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        ...(accessToken !== "" && { authorization: `Bearer ${accessToken}` }),
      },
      body: JSON.stringify(body),
    });
  }
}

function message(push: Push): Record<string, unknown> {
  const common = {
    to: push.token,
    data: dataOf(push),
    ttl: push.seconds,
    priority: push.urgent ? "high" : "default",
    collapseId: tagOf(push),
    tag: tagOf(push),
  };
  if (push.silent) return { ...common, contentAvailable: true };
  const channelId = push.kind.startsWith("call_") ? "calls" : "live";
  return { ...common, title: push.title, body: push.body, sound: "default", channelId };
}

function resultOf(id: number, told: unknown, outcome: "sent" | "delivered"): Result {
  if (at(told, "status") === "ok") {
    const receipt = at(told, "id");
    return { id, outcome, ...(typeof receipt === "string" && { receipt }) };
  }
  const error = String(at(told, "details", "error") ?? "unknown");
  if (error === "DeviceNotRegistered") return { id, outcome: "dead", error };
  const passing = error === "MessageRateExceeded" || error === "ExpoError" || error === "ProviderError";
  return { id, outcome: passing ? "retry" : "refused", error };
}
