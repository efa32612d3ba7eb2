import assert from "node:assert/strict";
import { askedBy, isOpen, isRecording, minutesOf, type Recording } from "../src/model/recordings.ts";

const at = (seconds: number) => new Date(seconds * 1000).toISOString();

Deno.test("each begun minute of each part counts, as LiveKit counts them", () => {
  const live_recording_parts = [
    { number: 1, started_at: at(0), ended_at: at(61) },
    { number: 2, started_at: at(100), ended_at: null },
    { number: 3, started_at: null, ended_at: null },
  ];
  assert.equal(minutesOf({ live_recording_parts }, 130_000), 3);
  assert.equal(minutesOf({ live_recording_parts: [] }, 130_000), 0);
});

Deno.test("the act names the operator who asked, the row the host", () => {
  const started = { user_id: "operator", act: "started" as const, at: at(0), reason: null };
  const stopped = { ...started, user_id: "other", act: "stopped" as const };
  assert.equal(askedBy({ requested_by: null, live_recording_acts: [stopped, started] }), "operator");
  assert.equal(askedBy({ requested_by: "host", live_recording_acts: [] }), "host");
});

Deno.test("the dot is red while something is recorded, and a recording is open until it is ready or over", () => {
  const states: [Recording["state"], boolean, boolean][] = [
    ["requested", false, true],
    ["active", true, true],
    ["stopping", true, true],
    ["processing", false, true],
    ["ready", false, false],
    ["failed", false, false],
  ];
  for (const [state, records, open] of states) {
    assert.deepEqual([isRecording({ state }), isOpen({ state })], [records, open], state);
  }
});
