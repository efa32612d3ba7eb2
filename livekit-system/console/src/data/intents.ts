/**
 * Owns: every intent of this tab from its form until its outcome is known. Kept in the tab's session storage, so that a
 * reload, a lost answer or a session that expires loses neither a typed reason nor an outcome.
 */
import type { SupabaseClient } from "@supabase/supabase-js";
import { type Draft, lookAgainAfter } from "../model/actions.ts";
import {
  type Aim,
  type Intent,
  intentOf,
  isMoving,
  MAY_ARRIVE_MS,
  others,
  requestOf,
  restored,
  wantsNote,
  worthKeeping,
} from "../model/intents.ts";
import type { AuditRow } from "../model/rows.ts";
import { AUDIT_COLUMNS } from "./columns.ts";
import { dataOf, failureFrom, isUnanswered } from "./failure.ts";

const KEY = "ipelya-live-console.intents";
const DUPLICATE = "23505";
/** What `cancel_action` says of an id that it does not know, and of a row that is beyond calling back. */
const [UNKNOWN, TOO_LATE] = ["unknown_action", "too_late"];

export class Intents {
  #all: Intent[] = [];
  #by: string | null = null;
  readonly #listeners = new Set<() => void>();
  /** Intents that something is looking after: never two at the same. */
  readonly #tended = new Map<string, AbortController>();

  constructor(private readonly client: SupabaseClient, private readonly storage: Storage | null) {}

  /** Newest first. The same array until something changes. */
  readonly all = (): Intent[] => this.#all;

  readonly subscribe = (listener: () => void): () => void => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Whose intents are shown; what they had under way is taken up again. Null: nobody is signed in, and all is kept. */
  belongTo(by: string | null) {
    if (by === this.#by) return;
    this.#by = by;
    this.#tended.forEach((tending) => tending.abort());
    this.#tended.clear();
    this.#all = by === null ? [] : restored(this.#read(), by, Date.now());
    this.#tell();
    this.#all.filter(isMoving).forEach((intent) => this.#tend(intent.id));
  }

  /** Somebody leaves on purpose: nothing of theirs stays in this browser. */
  forget() {
    this.belongTo(null);
    this.storage?.removeItem(KEY);
  }

  open(aim: Aim, draft: Draft): string {
    const intent = intentOf(crypto.randomUUID(), this.#by ?? "", aim, draft);
    this.#set([intent, ...this.#all.map((one) => ({ ...one, open: false }))]);
    return intent.id;
  }

  /** Up to which act on the person the form's reader has seen everything. */
  seen(id: string, n: number) {
    if (this.#find(id)?.seenN !== n) this.#change(id, () => ({ seenN: n }));
  }

  /** What the form holds now. Only what was not sent can change: the id stands for one request. */
  change(id: string, draft: Draft) {
    this.#change(id, (one) => one.phase === "draft" ? { draft, failure: null } : {});
  }

  send(id: string) {
    const intent = this.#find(id);
    if (intent === undefined || intent.phase !== "draft") return;
    const now = Date.now();
    const more = others(intent, () => crypto.randomUUID(), now);
    const { also: _, ...aim } = intent.aim;
    const batch = more.length > 0 ? id : intent.batch;
    this.#change(id, () => ({ aim, batch, phase: "sending", failure: null, sentAt: now }));
    if (more.length > 0) this.#set([...more, ...this.#all]);
    [id, ...more.map((one) => one.id)].forEach((one) => this.#tend(one));
  }

  /** The form is closed: what was not sent is dropped, and what is under way is called back. */
  close(id: string) {
    const intent = this.#find(id);
    if (intent?.phase === "draft") return this.#set(this.#all.filter((one) => one.id !== id));
    this.#change(id, () => ({ open: false }));
    this.#all.filter((one) => one.id === id || (one.batch !== null && one.batch === intent?.batch))
      .forEach((one) => this.#withdraw(one));
  }

  #withdraw({ id, phase }: Intent) {
    if (phase !== "sending" && phase !== "checking") return;
    this.#change(id, () => ({ phase: "withdrawing" }));
    this.#tended.get(id)?.abort();
    this.#tended.delete(id);
    this.#tend(id);
  }

  dismiss(id: string) {
    this.#set(this.#all.filter((one) => one.id !== id));
  }

  /** Asks at once, without a form: what takes nothing from anybody. */
  ask(aim: Aim, draft: Draft) {
    const intent = intentOf(crypto.randomUUID(), this.#by ?? "", aim, draft);
    this.#set([{ ...intent, open: false, phase: "sending", sentAt: Date.now() }, ...this.#all]);
    this.#tend(intent.id);
  }

  /** Puts things back as they were, as a request of its own. */
  undo(id: string, draft: Draft) {
    const intent = this.#find(id);
    if (intent === undefined) return;
    this.#change(id, () => ({ undone: true }));
    this.ask({ ...intent.aim, dryRun: false }, draft);
  }

  // ── looking after one ────────────────────────────────────────────────────────────────────────────────────────
  #tend(id: string) {
    if (this.#tended.has(id)) return;
    const tending = new AbortController();
    this.#tended.set(id, tending);
    void this.#resolve(id, tending.signal).finally(() => {
      if (this.#tended.get(id) === tending) this.#tended.delete(id);
    });
  }

  async #resolve(id: string, over: AbortSignal) {
    for (let tries = 0; !over.aborted; tries++) {
      const intent = this.#find(id);
      if (intent === undefined || !isMoving(intent)) return;
      const step = {
        draft: null,
        sending: this.#insert,
        checking: this.#ask,
        withdrawing: this.#callBack,
        done: this.#look,
      }[
        intent.phase as string
      ];
      if (!step) return;
      const change = await step.call(this, intent, over);
      if (over.aborted) return;
      const moved = change !== null && change.phase !== undefined && change.phase !== intent.phase;
      if (change !== null) this.#change(id, () => change);
      if (moved) tries = -1;
      else await rest(lookAgainAfter(tries), over);
    }
  }

  /** Sends it once. No answer is no outcome: then it is asked for. */
  async #insert(intent: Intent, over: AbortSignal): Promise<Partial<Intent>> {
    try {
      await dataOf(this.client.from("moderation_actions").insert(requestOf(intent)).abortSignal(over));
      return done();
    } catch (error) {
      return this.#answered(intent, error);
    }
  }

  #answered(intent: Intent, error: unknown): Partial<Intent> {
    const failure = failureFrom(error);
    if (failure.code === DUPLICATE) return done();
    if (isUnanswered(failure)) return { phase: "checking", failure };
    // The form stays with what was typed in it; without a form it is told where requests are listed.
    return { phase: this.#find(intent.id)?.open ? "draft" : "refused", failure };
  }

  /** Asks for the id; where nobody has it, the same request is sent again. */
  async #ask(intent: Intent, over: AbortSignal): Promise<Partial<Intent> | null> {
    try {
      const row = await this.#row(intent.id);
      return row === null ? await this.#insert(intent, over) : done(row);
    } catch (error) {
      return { failure: failureFrom(error) };
    }
  }

  async #callBack(intent: Intent): Promise<Partial<Intent> | null> {
    try {
      await dataOf(this.client.rpc("cancel_action", { id: intent.id }));
      return { phase: "withdrawn", failure: null };
    } catch (error) {
      const failure = failureFrom(error);
      if (failure.code === TOO_LATE) return { ...done(), tooLate: true };
      if (failure.code !== UNKNOWN) return { failure };
      return Date.now() - (intent.sentAt ?? 0) > MAY_ARRIVE_MS ? { phase: "withdrawn", failure: null } : null;
    }
  }

  async #look(intent: Intent): Promise<Partial<Intent> | null> {
    if (wantsNote(intent)) return await this.#note(intent);
    try {
      const row = await this.#row(intent.id);
      return row === null || row.status === intent.row?.status ? null : { row };
    } catch {
      return null;
    }
  }

  /** The note has the act's id: however often it is sent, it is one note. */
  async #note({ id, draft }: Intent): Promise<Partial<Intent> | null> {
    try {
      const note = { id, user_id: draft.targetId, body: draft.note.trim() };
      await dataOf(this.client.rpc("add_person_note", note));
      return { noted: true };
    } catch (error) {
      const failure = failureFrom(error);
      return isUnanswered(failure) ? null : { noteFailure: failure };
    }
  }

  async #row(id: string): Promise<AuditRow | null> {
    const rows = await dataOf(this.client.from("moderation_audit").select(AUDIT_COLUMNS).eq("action_id", id));
    return (rows as unknown as AuditRow[])[0] ?? null;
  }

  // ── keeping ──────────────────────────────────────────────────────────────────────────────────────────────────
  #find(id: string): Intent | undefined {
    return this.#all.find((one) => one.id === id);
  }

  #change(id: string, change: (intent: Intent) => Partial<Intent>) {
    this.#set(this.#all.map((one) => one.id === id ? { ...one, ...change(one) } : one));
  }

  #set(intents: Intent[]) {
    this.#all = worthKeeping(intents, Date.now());
    this.#write();
    this.#tell();
  }

  #tell() {
    this.#listeners.forEach((listener) => listener());
  }

  #read(): unknown {
    try {
      return JSON.parse(this.storage?.getItem(KEY) ?? "[]");
    } catch {
      return [];
    }
  }

  #write() {
    try {
      this.storage?.setItem(KEY, JSON.stringify(this.#all));
    } catch {
      // A browser that keeps nothing still shows what this page knows.
    }
  }
}

function done(row: AuditRow | null = null): Partial<Intent> {
  return { phase: "done", open: false, failure: null, doneAt: Date.now(), ...(row ? { row } : {}) };
}

function rest(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    over.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
