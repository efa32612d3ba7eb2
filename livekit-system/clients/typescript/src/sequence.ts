// Owns the order of a session's events: each seq once, ascending, whether it came as a packet or from the
// database. Pure and bounded; what cannot be kept is fetched again.

import type { PacketEvent } from "./packet.ts";
import { RecentIds } from "./recent_ids.ts";
import type { RelayEvent, Source } from "./types.ts";

export const MAX_PENDING = 1024;
const MAX_RECENT_IDS = 2048;

export type Offer = "accepted" | "announced" | "repeat" | "queue_full";

export class EventSequence {
  #position: number;
  #latest: number;
  /** Up to here the database has spoken: what it did not return does not exist. */
  #settled: number;
  #missing = 0;
  readonly #pending = new Map<number, RelayEvent>();
  readonly #ids = new RecentIds(MAX_RECENT_IDS);

  constructor(afterSeq: number) {
    this.#position = this.#latest = this.#settled = afterSeq;
  }

  /** The highest seq given out by `next`. */
  get position(): number {
    return this.#position;
  }

  /** Whether an event is known to exist that has not been given out. */
  get behind(): boolean {
    return this.#latest > this.#position;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** How many seqs the database turned out not to have, since the last call. */
  takeMissing(): number {
    const missing = this.#missing;
    this.#missing = 0;
    return missing;
  }

  /** The session has events up to `seq`, wherever they are. */
  noteLatest(seq: number): void {
    this.#latest = Math.max(this.#latest, seq);
  }

  /** Takes an event from a verified packet. One too large to travel is only announced: its row is to be read. */
  offer(event: PacketEvent): Offer {
    const seq = event.seq ?? 0;
    if (seq <= this.#position || this.#pending.has(seq) || this.#ids.has(event.id)) return "repeat";
    this.noteLatest(seq);
    if (event.payload.oversize === true) return "announced";
    if (this.#pending.size >= MAX_PENDING && seq !== this.#position + 1) return "queue_full";
    this.#keep(event, "live");
    return "accepted";
  }

  /** Takes a page of the database's rows after `position`. A copy that came as a packet keeps its place. */
  fill(rows: readonly PacketEvent[]): void {
    for (const row of rows) {
      const seq = row.seq ?? 0;
      if (seq > this.#position && !this.#pending.has(seq) && !this.#ids.has(row.id)) {
        this.#keep(row, "caught_up");
      }
      this.#settled = Math.max(this.#settled, seq);
      this.noteLatest(seq);
    }
  }

  /** The next event in order, or undefined while an earlier one is still to come. */
  next(): RelayEvent | undefined {
    while (this.#position < this.#settled || this.#pending.has(this.#position + 1)) {
      this.#position += 1;
      const event = this.#pending.get(this.#position);
      this.#pending.delete(this.#position);
      if (event !== undefined) return event;
      this.#missing += 1;
    }
    return undefined;
  }

  #keep(event: PacketEvent, source: Source): void {
    const { id, type, at, payload } = event;
    const seq = event.seq ?? 0;
    this.#ids.add(id);
    this.#pending.set(seq, { seq, id, type, at, payload, source });
  }
}
