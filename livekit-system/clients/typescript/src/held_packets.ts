// Packets that wait for a key nobody here knows yet. Bounded by count, and so by bytes: a packet that came this
// far is at most 15 KiB.

import type { Packet } from "./packet.ts";

export const MAX_HELD = 64;

export interface HeldPacket {
  readonly packet: Packet;
  /** How many fetches of keys had begun when it came: one that begins later knows its key, or nobody does. */
  readonly fetchesBefore: number;
}

export class HeldPackets {
  #packets: HeldPacket[] = [];

  get size(): number {
    return this.#packets.length;
  }

  /** Whether there was room. The newest is refused, since the oldest may complete the stream. */
  add(packet: Packet, fetchesBefore: number): boolean {
    if (this.#packets.length >= MAX_HELD) return false;
    // A copy: LiveKit may reuse the buffer behind the view once its callback returns.
    this.#packets.push({ packet: { ...packet, payload: packet.payload.slice() }, fetchesBefore });
    return true;
  }

  takeAll(): HeldPacket[] {
    const packets = this.#packets;
    this.#packets = [];
    return packets;
  }
}
