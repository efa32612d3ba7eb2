// The shared vectors of order, and what bounds the memory of it.

import { deepStrictEqual, strictEqual } from "node:assert";
import type { PacketEvent } from "../src/packet.ts";
import { EventSequence, MAX_PENDING } from "../src/sequence.ts";

interface Step {
  readonly offer?: number;
  readonly oversize?: boolean;
  readonly id?: string;
  readonly answer?: string | null;
  readonly latest?: number;
  readonly fill?: number[];
  readonly emitted: [number, string][];
}

const file = new URL("../../vectors/sequences.json", import.meta.url);
const { cases } = JSON.parse(await Deno.readTextFile(file)) as {
  cases: { name: string; start_after: number; steps: Step[]; end: Record<string, unknown> }[];
};

function event(seq: number, id = `e${seq}`, payload = {}): PacketEvent {
  return { seq, id, type: "gift", at: "2026-11-23T12:00:00.000Z", payload };
}

function take(sequence: EventSequence): [number, string][] {
  const emitted: [number, string][] = [];
  for (let next = sequence.next(); next !== undefined; next = sequence.next()) {
    emitted.push([next.seq, next.source]);
  }
  return emitted;
}

function perform(sequence: EventSequence, step: Step): void {
  if (step.offer !== undefined) {
    const answer = sequence.offer(event(step.offer, step.id, step.oversize ? { oversize: true } : {}));
    strictEqual(answer === "accepted" || answer === "announced" ? null : answer, step.answer);
  } else if (step.latest !== undefined) sequence.noteLatest(step.latest);
  else sequence.fill(step.fill!.map((seq) => event(seq)));
}

for (const { name, start_after, steps, end } of cases) {
  Deno.test(`stream: ${name}`, () => {
    const sequence = new EventSequence(start_after);
    for (const step of steps) {
      perform(sequence, step);
      deepStrictEqual(take(sequence), step.emitted);
    }
    const { position, behind } = sequence;
    deepStrictEqual({ position, behind, missing: sequence.takeMissing() }, end);
  });
}

Deno.test("stream: a full queue refuses what is far ahead, and still takes what is next", () => {
  const sequence = new EventSequence(0);
  for (let seq = 2; seq < MAX_PENDING + 2; seq++) strictEqual(sequence.offer(event(seq)), "accepted");
  strictEqual(sequence.offer(event(MAX_PENDING + 2)), "queue_full");
  strictEqual(sequence.pending, MAX_PENDING);
  strictEqual(sequence.offer(event(1)), "accepted");
  strictEqual(take(sequence).length, MAX_PENDING + 1);
  strictEqual(sequence.behind, true);
});
