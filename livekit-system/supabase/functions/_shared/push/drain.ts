// Takes what is due from the outbox, hands it to the services, and writes back what became of it, until nothing is due or
// the time is up. Two at once are harmless: each takes rows that the other has not.
import * as v from "npm:valibot@1.5.0";
import { Fault } from "../refusal.ts";
import type { Database } from "../services.ts";
import type { Json } from "../supabase.ts";
import { Apns } from "./apns.ts";
import { Expo } from "./expo.ts";
import { Fcm } from "./fcm.ts";
import type { Push, Result, Sender } from "./port.ts";
import type { PushSettings } from "./settings.ts";

const AT_A_TIME = 200;
const MOST_MS = 20_000;

const Claimed = v.looseObject({
  pushes: v.array(v.looseObject({
    id: v.number(),
    provider: v.picklist(["expo", "fcm", "apns", "pushkit"]),
    token: v.string(),
    platform: v.picklist(["ios", "android", "web"]),
    kind: v.string(),
    subject_id: v.string(),
    urgent: v.boolean(),
    silent: v.boolean(),
    title: v.string(),
    body: v.string(),
    expires_at: v.string(),
    seconds: v.number(),
  })),
  receipts: v.array(v.object({ id: v.number(), receipt: v.string() })),
});

export interface Drained {
  /** Taken by a service. */
  readonly sent: number;
  /** Everything else that was tried. */
  readonly failed: number;
  readonly [name: string]: number;
}

type Senders = Readonly<Record<Push["provider"], Sender>>;

export class Pushes {
  readonly #senders: Senders;
  readonly #expo: Expo;

  constructor(settings: PushSettings) {
    this.#expo = new Expo(settings.expo);
    const apns = settings.apns === undefined ? NOT_SET_UP : new Apns(settings.apns);
    const fcm = settings.fcm === undefined ? NOT_SET_UP : new Fcm(settings.fcm);
    this.#senders = { expo: this.#expo, fcm, apns, pushkit: apns };
  }

  /** @throws Refusal, Fault of the database; a service's failure is written into the outbox instead */
  async drain(database: Database): Promise<Drained> {
    const until = Date.now() + MOST_MS;
    let sent = 0, failed = 0;
    for (let due = true; due && Date.now() < until;) {
      const results = await this.#round(database);
      if (results.length === 0) break;
      const finished = await database.rpc("push_finish", { p_results: results as unknown as Json });
      due = finished.due === true;
      const good = results.filter(({ outcome }) => outcome === "sent" || outcome === "delivered").length;
      sent += good;
      failed += results.length - good;
    }
    return { sent, failed };
  }

  async #round(database: Database): Promise<Result[]> {
    const claimed = v.safeParse(Claimed, await database.rpc("push_claim", { p_most: AT_A_TIME }));
    if (!claimed.success) throw new Fault("database.unexpected_result", { rpc: "push_claim" });
    const { pushes, receipts } = claimed.output;
    const groups = Object.entries(this.#senders).map(([provider, sender]) => {
      const theirs = pushes.filter((push) => push.provider === provider);
      return theirs.length === 0 ? [] : sender.send(theirs).catch((error) => cannotSend(theirs, error));
    });
    const told = receipts.length === 0 ? [] : this.#expo.receipts(receipts);
    return (await Promise.all([...groups, told])).flat();
  }
}

/** A signing key that is none, say: a fault of the environment, which a later try may find mended. */
function cannotSend(pushes: readonly Push[], error: unknown): Result[] {
  const name = error instanceof Error ? error.name : typeof error;
  console.error(
    JSON.stringify({ level: "error", action: "push.sender_failed", provider: pushes[0]?.provider, name }),
  );
  return pushes.map(({ id }) => ({ id, outcome: "retry", error: name }));
}

const NOT_SET_UP: Sender = {
  send: (pushes) =>
    Promise.resolve(pushes.map(({ id }) => ({ id, outcome: "refused", error: "not set up" }))),
};
