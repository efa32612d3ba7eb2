import assert from "node:assert/strict";
import { calledOf, folded, isolated, visible } from "../src/model/names.ts";
import { type ListedRoom, roomRow } from "../src/model/rooms.ts";
import { titleOf } from "../src/components/Title.tsx";
import { en } from "../src/texts/en.ts";

const NOW = Date.parse("2026-11-23T20:00:00Z");
const at = (secondsAgo: number) => new Date(NOW - secondsAgo * 1000).toISOString();

function listed(more: Partial<ListedRoom> = {}): ListedRoom {
  return {
    session: {
      id: "s1",
      creator_id: "c1",
      type: "audio_room",
      access_type: "public",
      title: "Room",
      livekit_room: "room-s1",
      status: "live",
      started_at: at(600),
      ended_at: null,
      host_left_at: null,
      viewer_count: 7,
      peak_viewers: 5,
      total_gift_coins: 0,
      mute_all_rank: null,
    },
    creator: { id: "c1", name: "Onur", avatar: null, username: "onur" },
    incidents: 0,
    worst: null,
    loudest: null,
    hands: 0,
    agent: { worker: "w1", claimed_at: at(60) },
    trouble: [],
    ...more,
  };
}

Deno.test("a room says how long it has an agent, and that nobody may know is not that there is none", () => {
  assert.deepEqual(roomRow(listed(), NOW).agent, { kind: "present", worker: "w1", seconds: 60 });
  const free = { worker: null, claimed_at: null };
  assert.deepEqual(roomRow(listed({ agent: free }), NOW).agent, { kind: "absent" });
  assert.deepEqual(roomRow(listed({ agent: null }), NOW).agent, { kind: "unknown" });
});

Deno.test("a peak is never below who is there now", () => {
  assert.equal(roomRow(listed(), NOW).session.peak_viewers, 7);
});

Deno.test("what cannot be seen is left out, and what is left is bounded", () => {
  assert.equal(visible("\u200b\u2060\u00ad\u3164 \u202e"), "");
  assert.equal(visible("A\u202eb\u200bc"), "Abc");
  assert.equal(visible(`Z${"\u0335".repeat(60)}algo`), "Z\u0335\u0335algo");
  assert.equal([...visible("x".repeat(500))].length, 81);
  assert.equal(visible("👩‍👩‍👧"), "👩👩👧");
});

Deno.test("somebody and a room without a visible name can still be opened", () => {
  assert.equal(calledOf({ display_name: "\u200b", username: "\u2060" }, "0123456789"), "01234567");
  assert.equal(titleOf({ id: "0123456789", title: "\u200b" }, en), "no visible title (01234567)");
});

Deno.test("a name that is written from the right cannot turn a sentence around", () => {
  assert.equal(isolated("שלום"), "\u2068שלום\u2069");
  assert.equal(isolated("Ayşe"), "Ayşe");
});

Deno.test("names that look alike are alike", () => {
  assert.equal(folded("AYŞE"), folded("ays\u0327e"));
  assert.equal(folded("Işık"), folded("isik"));
});
