// A session and a call as one value that changes: rights, roles, invitations, levels, and the end.

import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { type CallRow, type LiveSession, openCall, openSession, type SessionOptions } from "../src/mod.ts";
import { FakeRuntime, ME, packetOf, SESSION } from "./harness.ts";
import { FakeLiveRoom, joinOf } from "./live_room.ts";
import { FakeSupabase } from "./realtime.ts";

class Scene {
  readonly runtime = new FakeRuntime();
  readonly supabase = new FakeSupabase(this.runtime);
  readonly room = new FakeLiveRoom();
  readonly me: Record<string, unknown> = { session_id: SESSION, user_id: ME, role: "listener" };
  readonly row: Record<string, unknown> = { id: SESSION, status: "live", title: "An evening" };
  session!: LiveSession;

  async open(more: Partial<SessionOptions> = {}, role = "listener"): Promise<this> {
    this.me.role = role;
    this.supabase.tables.set("session_people", [this.me]);
    this.supabase.tables.set("live_sessions", [this.row]);
    this.supabase.functions.answer = () => ({ join: joinOf("token"), role: "listener" });
    this.session = openSession({
      supabase: this.supabase as never,
      room: this.room.live,
      sessionId: SESSION,
      userId: ME,
      verify: () => true,
      runtime: this.runtime,
      ...more,
    });
    await this.runtime.advance(1_500);
    return this;
  }

  notice(id: string, type: string, payload: Record<string, unknown>): void {
    const event = { id, type, at: new Date(this.runtime.server).toISOString(), payload };
    this.room.deliver(
      packetOf([event], this.runtime.server, { topic: "live.notice", to: ME }),
      "live.notice",
    );
  }

  levels(id: string, people: unknown[]): void {
    const event = {
      id,
      type: "levels",
      at: new Date(this.runtime.server).toISOString(),
      payload: { people, complete: true },
    };
    this.room.deliver(
      packetOf([event], this.runtime.server, { topic: "live.levels", to: ME }),
      "live.levels",
    );
  }
}

Deno.test("who enters is connected, has a role, and no right that LiveKit has not given", async () => {
  const { session, room } = await new Scene().open();
  const { connection, role, may, session: row } = session.view();
  deepStrictEqual([connection.phase, role, may.microphone, row?.title], [
    "connected",
    "listener",
    false,
    "An evening",
  ]);
  const before = session.view();
  room.permit(2);
  ok(session.view() !== before);
  deepStrictEqual(session.view().may, { camera: false, microphone: true, screen_share: false });
  const same = session.view();
  room.permit(2);
  strictEqual(session.view(), same, "nothing has changed, so nobody is told");
});

Deno.test("an invitation is shown until it is answered", async () => {
  const scene = await new Scene().open();
  scene.notice("n1", "invited", { text: { en: "Come", tr: "Buyurunuz" }, role: "speaker" });
  strictEqual(scene.session.view().invited?.role, "speaker");
  scene.me.role = "speaker";
  await scene.runtime.advance(2_000);
  deepStrictEqual([scene.session.view().role, scene.session.view().invited], ["speaker", null]);
});

Deno.test("levels that are not repeated are forgotten", async () => {
  const scene = await new Scene().open();
  scene.levels("l1", [{ user_id: "ann", speaking: true, level_dbfs: -20, microphone: "on", camera: "off" }]);
  strictEqual(scene.session.view().levels.ann?.dbfs, -20);
  scene.room.activeSpeakers = [{ identity: "ann", audioLevel: 0.5 }, { identity: "bob", audioLevel: 0.2 }];
  scene.room.emit("activeSpeakersChanged");
  deepStrictEqual(Object.keys(scene.session.view().levels), ["ann", "bob"]);
  scene.room.activeSpeakers = [];
  await scene.runtime.advance(12_500);
  deepStrictEqual(scene.session.view().levels, {});
});

const watches = ({ supabase }: Scene) => supabase.called.filter((name) => name === "watch_levels").length;

Deno.test("nobody is shown as speaking while the connection is away, and what is said then counts from anew", async () => {
  const scene = await new Scene().open();
  scene.room.activeSpeakers = [{ identity: "ann", audioLevel: 0.5 }];
  scene.levels("l1", [{ user_id: "ann", speaking: true, level_dbfs: -20, microphone: "on", camera: "off" }]);
  strictEqual(scene.session.view().levels.ann?.speaking, true);
  scene.room.emit("reconnecting");
  deepStrictEqual(scene.session.view().levels, {});
  scene.room.activeSpeakers = [{ identity: "bob", audioLevel: 0.2 }];
  scene.room.emit("reconnected");
  deepStrictEqual(Object.keys(scene.session.view().levels), ["bob"]);
});

Deno.test("who comes to moderate while looking is given levels at once", async () => {
  const scene = await new Scene().open();
  const stop = scene.session.watch();
  await scene.runtime.advance(2_000);
  strictEqual(watches(scene), 0, "a listener asks for none");
  scene.me.role = "moderator";
  scene.session.refresh();
  await scene.runtime.advance(500);
  strictEqual(watches(scene), 1);
  stop();
});

Deno.test("in a tunnel levels are asked for by nobody, and after it at once", async () => {
  const scene = await new Scene().open({}, "moderator");
  const stop = scene.session.watch();
  await scene.runtime.advance(1_000);
  Object.assign(scene.supabase, { dark: true, hangs: true });
  scene.room.emit("reconnecting");
  await scene.runtime.advance(75_000);
  const before = watches(scene);
  scene.supabase.dark = false;
  await scene.runtime.advance(1_000);
  strictEqual(watches(scene), before + 1);
  stop();
});

Deno.test("after the end nothing is left: no listener, no timer, no topic", async () => {
  const scene = await new Scene().open();
  const stop = scene.session.watch();
  scene.row.status = "ended";
  scene.room.emit("disconnected", 5);
  await scene.runtime.advance(1_000);
  deepStrictEqual([scene.session.view().connection.gone, scene.session.view().session?.status], [
    "ended",
    "ended",
  ]);
  stop();
  await scene.runtime.advance(200_000);
  deepStrictEqual([scene.room.listenerCount, scene.supabase.topics, scene.runtime.timers.size], [0, [], 0]);
});

const CALL: CallRow = {
  id: "c1",
  caller_id: ME,
  callee_id: "ann",
  type: "audio",
  status: "ringing",
  accepted_at: null,
  ended_at: null,
  duration_seconds: null,
  end_reason: null,
  video_wanted_by: null,
};

Deno.test("a call is followed to its end, and its duration is the row's", async () => {
  const runtime = new FakeRuntime();
  const supabase = new FakeSupabase(runtime);
  const room = new FakeLiveRoom();
  const row: Record<string, unknown> = { ...CALL };
  supabase.tables.set("calls", [row]);
  const call = openCall({
    supabase: supabase as never,
    room: room.live,
    callId: "c1",
    userId: ME,
    started: { call: CALL, join: joinOf("mine") },
    runtime,
  });
  await runtime.advance(1_000);
  room.remoteParticipants.set("ann", { trackPublications: new Map() });
  room.emit("participantConnected");
  deepStrictEqual([call.view().connection.phase, call.view().together], ["connected", true]);
  Object.assign(row, { status: "ended", duration_seconds: 7, end_reason: "callee" });
  supabase.tell(`live:user:${ME}`, { event: "call", payload: { happened: "ended", call: { ...row } } });
  await runtime.advance(1_000);
  deepStrictEqual([call.view().call?.duration_seconds, call.view().connection.gone], [7, "ended"]);
  await runtime.advance(200_000);
  deepStrictEqual([room.listenerCount, supabase.topics, runtime.timers.size], [0, [], 0]);
});

Deno.test("a screen that goes while its call still asks for a token leaves nothing behind, and nothing connects afterwards", async () => {
  const runtime = new FakeRuntime();
  const supabase = new FakeSupabase(runtime);
  const room = new FakeLiveRoom();
  supabase.tables.set("calls", [{ ...CALL, status: "accepted" }]);
  let answer = (_: unknown) => {};
  supabase.functions.invoke = () => new Promise((resolve) => answer = resolve as never);
  const call = openCall({
    supabase: supabase as never,
    room: room.live,
    callId: "c1",
    userId: ME,
    runtime,
  });
  await runtime.advance(1_000);
  await call.leave();
  answer({ data: { join: joinOf("late") }, error: null });
  await runtime.advance(200_000);
  deepStrictEqual([room.tokens, call.view().connection.gone], [[], "left"]);
  deepStrictEqual([room.listenerCount, supabase.topics, runtime.timers.size], [0, [], 0]);
});
