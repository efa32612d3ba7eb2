import assert from "node:assert/strict";
import { draftOf, faultOf, mayAsk, offers, rolesFor, rowOf, scopesFor } from "../src/model/actions.ts";
import { devicesOf, micState } from "../src/model/people.ts";
import { OPS_RANK } from "../src/model/roles.ts";
import type { Participant } from "../src/model/rows.ts";

function person(user_id: string, more: Partial<Participant> = {}): Participant {
  return {
    session_id: "s",
    user_id,
    role: "listener",
    mic_muted: false,
    mic_muted_until: null,
    camera_off: false,
    chat_muted_until: null,
    hand_raised_at: null,
    invited_role: null,
    is_online: true,
    last_joined_at: "2026-11-23T20:00:00Z",
    left_at: null,
    watch_seconds: 0,
    ...more,
  };
}

Deno.test("nobody is offered an act on the same or a higher rank, ops aside", () => {
  assert.deepEqual(offers(30, person("m", { role: "moderator" }), "audio_room", false), []);
  assert.deepEqual(offers(50, person("h", { role: "host" }), "audio_room", false), []);
  assert.ok(offers(OPS_RANK, person("h", { role: "host" }), "audio_room", false).includes("mute"));
});

Deno.test("what is so already is not offered", () => {
  const muted = offers(50, person("u", { mic_muted: true, is_online: false }), "video_live", true);
  assert.ok(muted.includes("unmute") && muted.includes("chat_unmute"));
  assert.ok(!muted.includes("mute") && !muted.includes("kick") && !muted.includes("chat_mute"));
});

Deno.test("a moderator moves people between listener and speaker, and no further", () => {
  assert.deepEqual(rolesFor(30, "audio_room", "listener"), ["speaker"]);
  assert.deepEqual(rolesFor(30, "audio_room", "co_host"), []);
  assert.deepEqual(rolesFor(50, "video_live", "speaker"), ["co_host", "moderator", "viewer"]);
  assert.ok(!mayAsk(30, "end_session") && !mayAsk(40, "end_session") && mayAsk(50, "end_session"));
  assert.deepEqual([30, 50, OPS_RANK].map((rank) => scopesFor(rank).length), [1, 2, 3]);
});

Deno.test("what takes something away needs a reason; what gives it back does not", () => {
  assert.equal(faultOf(draftOf("ban", "u")), "reason");
  assert.equal(faultOf({ ...draftOf("ban", "u"), reason: "  " }), "reason");
  assert.equal(faultOf({ ...draftOf("ban", "u"), reason: "Spam" }), null);
  assert.equal(faultOf(draftOf("unmute", "u")), null);
  assert.equal(faultOf(draftOf("set_role", "u")), "role");
  assert.equal(faultOf(draftOf("announce", null)), "text");
});

Deno.test("the row has the params of its action and no others", () => {
  const filled = {
    ...draftOf("mute", "u"),
    seconds: 60,
    role: "speaker" as const,
    text: "hi",
    reason: " Noise ",
  };
  const row = (action: Parameters<typeof draftOf>[0]) =>
    rowOf({ ...filled, action }, { sessionId: "s" }, "id", true);
  assert.deepEqual(row("mute").params, { seconds: 60 });
  assert.deepEqual(row("ban").params, { seconds: 60, scope: "session" });
  assert.deepEqual(row("set_role").params, { role: "speaker" });
  assert.deepEqual(row("announce").params, { text: "hi" });
  assert.deepEqual(row("kick").params, {});
  assert.deepEqual([row("kick").reason, row("kick").dry_run, row("kick").id], ["Noise", true, "id"]);
});

Deno.test("a microphone is muted, allowed, or none by role", () => {
  assert.equal(micState(person("u", { mic_muted: true, role: "speaker" }), "audio_room"), "muted");
  assert.equal(micState(person("u", { role: "moderator" }), "audio_room"), "allowed");
  assert.equal(micState(person("u", { role: "moderator" }), "video_live"), "none");
});

Deno.test("own switches are told about what one may send, or sends all the same; untold ones are unknown", () => {
  const speaker = person("s", { role: "speaker" });
  const on = { microphone: "on", camera: "muted" } as const;
  const off = { microphone: "off", camera: "off" } as const;
  assert.deepEqual(devicesOf(speaker, "video_live", on), [["microphone", "on"], ["camera", "muted"]]);
  assert.deepEqual(devicesOf(speaker, "audio_room", off), [["microphone", "off"]]);
  assert.deepEqual(devicesOf(speaker, "audio_room", null), [["microphone", "unknown"]]);
  assert.deepEqual(devicesOf(person("l"), "audio_room", off), []);
  assert.deepEqual(devicesOf(person("l"), "audio_room", on)[0], ["microphone", "on"]);
  assert.deepEqual(devicesOf({ ...speaker, is_online: false }, "audio_room", on), []);
});
