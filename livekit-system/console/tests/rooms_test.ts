import assert from "node:assert/strict";
import { arranged, type RoomFilter, roomRows, type RoomsReading } from "../src/model/rooms.ts";
import type { Incident, Session, Severity } from "../src/model/rows.ts";

const NOW = Date.parse("2026-11-23T20:00:00Z");
const at = (secondsAgo: number) => new Date(NOW - secondsAgo * 1000).toISOString();

function session(id: string, more: Partial<Session> = {}): Session {
  return {
    id,
    creator_id: "c1",
    type: "audio_room",
    access_type: "public",
    title: `Room ${id}`,
    livekit_room: `room-${id}`,
    status: "live",
    started_at: at(600),
    ended_at: null,
    host_left_at: null,
    viewer_count: 3,
    peak_viewers: 5,
    total_gift_coins: 0,
    mute_all_rank: null,
    ...more,
  };
}

function incident(session_id: string, severity: Severity, secondsAgo = 10): Incident {
  const rest = { user_id: "u1", rule: "too_loud", measured: {}, strikes: 1, action_id: null };
  return { id: crypto.randomUUID(), session_id, severity, started_at: at(secondsAgo), ...rest };
}

function reading(sessions: Session[], more: Partial<RoomsReading> = {}): RoomsReading {
  const agents = sessions.map((s) => ({ room: s.livekit_room, worker_id: "w1", claimed_at: at(60) }));
  return { sessions, agents, incidents: [], minutes: [], profiles: [], ...more };
}

const row = (given: RoomsReading) => roomRows(given, NOW)[0]!;
const EVERYTHING: RoomFilter = { text: "", type: "all", troubleOnly: false };

Deno.test("a moderated room without incidents is quiet", () => {
  assert.deepEqual(row(reading([session("a")])).trouble, []);
});

Deno.test("a room without an agent is trouble once it has had the time to get one", () => {
  assert.deepEqual(row(reading([session("a")], { agents: [] })).trouble, ["no_agent"]);
  assert.deepEqual(row(reading([session("a", { started_at: at(3) })], { agents: [] })).trouble, []);
});

Deno.test("who may not see the leases is not told that there is no agent", () => {
  const seen = row(reading([session("a")], { agents: null }));
  assert.deepEqual([seen.agent.kind, seen.trouble], ["unknown", []]);
});

Deno.test("only recent incidents count, and a mere note is no trouble", () => {
  const old = row(reading([session("a")], { incidents: [incident("a", "critical", 3600)] }));
  assert.deepEqual([old.incidents, old.trouble], [0, []]);
  const note = row(reading([session("a")], { incidents: [incident("a", "info")] }));
  assert.deepEqual([note.incidents, note.trouble], [1, []]);
  const bad = row(
    reading([session("a")], { incidents: [incident("a", "critical"), incident("a", "warning")] }),
  );
  assert.deepEqual([bad.worst, bad.trouble], ["critical", ["incidents"]]);
});

Deno.test("the loudest is whose minute was loudest, silence aside", () => {
  const minute = (user_id: string, loudness_lufs: number | null) => ({
    session_id: "a",
    user_id,
    minute: at(60),
    talk_seconds: 30,
    loudness_lufs,
    peak_dbfs: null,
  });
  const profiles = [{ id: "u2", username: "u2", display_name: "Umut" }];
  const minutes = [minute("u1", null), minute("u2", -14), minute("u3", -20)];
  assert.deepEqual(row(reading([session("a")], { minutes, profiles })).loudest, { name: "Umut", lufs: -14 });
});

Deno.test("trouble comes first, then people; equal rows keep their places", () => {
  const sessions = [session("a"), session("b", { viewer_count: 9 }), session("c", { host_left_at: at(30) })];
  const rows = roomRows(reading(sessions), NOW);
  const ids = (given: typeof rows) => given.map((one) => one.session.id);
  assert.deepEqual(ids(arranged(rows, "trouble", EVERYTHING)), ["c", "b", "a"]);
  assert.deepEqual(ids(arranged([...rows].reverse(), "trouble", EVERYTHING)), ["c", "b", "a"]);
});

Deno.test("filters by text, type and trouble", () => {
  const sessions = [session("a", { title: "Gitar dersi" }), session("b", { type: "video_live" })];
  const rows = roomRows(reading(sessions), NOW);
  assert.equal(arranged(rows, "title", { ...EVERYTHING, text: " gitar" }).length, 1);
  assert.equal(arranged(rows, "title", { ...EVERYTHING, type: "video_live" })[0]!.session.id, "b");
  assert.equal(arranged(rows, "title", { ...EVERYTHING, troubleOnly: true }).length, 0);
});
