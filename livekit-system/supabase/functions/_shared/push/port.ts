// The port to the services that deliver pushes: what is sent, and what became of it. One sender for each service; none of
// them throws: an error of the service or of the network is an outcome.

export interface Push {
  readonly id: number;
  readonly provider: "expo" | "fcm" | "apns" | "pushkit";
  readonly token: string;
  readonly platform: "ios" | "android" | "web";
  readonly kind: string;
  readonly subject_id: string;
  readonly urgent: boolean;
  /** For the app alone: the phone shows nothing by itself. */
  readonly silent: boolean;
  readonly title: string;
  readonly body: string;
  readonly expires_at: string;
  /** For how long it makes sense. */
  readonly seconds: number;
}

/** `dead`: the service knows no such device any more. `refused`: sending it again would be refused again. */
export type Outcome = "sent" | "delivered" | "retry" | "dead" | "refused";

export interface Result {
  readonly id: number;
  readonly outcome: Outcome;
  readonly error?: string;
  readonly receipt?: string;
  /** Seconds that the service asks to wait. */
  readonly retry_after?: number;
}

export interface Sender {
  send(pushes: readonly Push[]): Promise<Result[]>;
}

/** Names the event on the phone: a push that comes twice replaces itself there. */
export function tagOf(push: Push): string {
  return `${push.kind}:${push.subject_id}`;
}

/** What the app reads. Ids and a kind: names and texts are asked for, under row-level security. */
export function dataOf(push: Push): Record<string, string> {
  return { kind: push.kind, id: push.subject_id, tag: tagOf(push), expires_at: push.expires_at };
}

export const SEND_TIMEOUT_MS = 5_000;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter: number | undefined;
}

/** One request with a deadline; status 0 when no answer came. */
export async function ask(url: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(SEND_TIMEOUT_MS) });
    const text = await response.text();
    const wait = Number(response.headers.get("retry-after") ?? "");
    return { status: response.status, body: parsed(text), retryAfter: wait > 0 ? wait : undefined };
  } catch {
    return { status: 0, body: undefined, retryAfter: undefined };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What an answer without a word about the push itself means for it. */
export function failure(id: number, answer: Answer, error = `HTTP ${answer.status}`): Result {
  const passing = answer.status === 0 || answer.status === 408 || answer.status === 429 ||
    answer.status >= 500;
  const wait = answer.retryAfter === undefined ? {} : { retry_after: answer.retryAfter };
  return {
    id,
    outcome: passing ? "retry" : "refused",
    error: answer.status === 0 ? "no answer" : error,
    ...wait,
  };
}

/** Runs `work` on every item, so many at a time. */
export async function together<Item, Made>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Made>,
): Promise<Made[]> {
  const made: Made[] = [];
  for (let at = 0; at < items.length; at += most) {
    made.push(...await Promise.all(items.slice(at, at + most).map(work)));
  }
  return made;
}

export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (found, key) =>
      typeof found === "object" && found !== null
        ? (found as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}
