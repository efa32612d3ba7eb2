// One room kept connected: a fresh token for each connection, again after a loss, never after an end.

import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { type ConnectionState, type Join, LiveError } from "../src/mod.ts";
import { Connection } from "../src/connection.ts";
import { lampOf } from "../src/lamp.ts";
import { FakeRuntime } from "./harness.ts";
import { FakeLiveRoom, joinOf } from "./live_room.ts";
import { FakeSupabase } from "./realtime.ts";

class Scene {
  readonly runtime = new FakeRuntime();
  readonly supabase = new FakeSupabase(this.runtime);
  readonly room = new FakeLiveRoom();
  readonly states: ConnectionState[] = [];
  readonly answers: (Join | LiveError)[] = [];
  asked = 0;
  idle = true;
  readonly connection: Connection;

  constructor(first?: Join, answers: readonly LiveError[] = []) {
    this.answers.push(...answers);
    this.connection = new Connection({
      room: this.room.live,
      lamp: lampOf(this.supabase, this.runtime),
      runtime: this.runtime,
      first,
      idle: () => this.idle,
      token: () => {
        this.asked += 1;
        const answer = this.answers.shift() ?? joinOf(`token-${this.asked}`);
        return answer instanceof LiveError ? Promise.reject(answer) : Promise.resolve(answer);
      },
      onJoin: () => {},
      onState: (state) => void this.states.push(state),
    });
    this.connection.start();
  }

  get phases(): string[] {
    return this.states.map(({ phase, gone }) => gone ?? phase);
  }
}

const refused = (code: string, status: number) =>
  new LiveError(code, code, status, status === 0 || status >= 429);

Deno.test("the host's own token opens the first connection, a fresh one each further one", async () => {
  const scene = new Scene(joinOf("mine"));
  await scene.runtime.advance(10);
  scene.room.emit("disconnected", 3);
  await scene.runtime.advance(400);
  deepStrictEqual(scene.room.tokens, ["mine", "token-1"]);
  strictEqual(scene.room.autoSubscribe, false);
  deepStrictEqual(scene.phases, ["connecting", "connected", "waiting", "connecting", "connected"]);
});

Deno.test("a connection that fails is one failure, though LiveKit tells it twice", async () => {
  const scene = new Scene();
  scene.room.refusals.push(new Error("no route"));
  await scene.runtime.advance(2_000);
  deepStrictEqual(scene.phases, ["connecting", "waiting", "connecting", "connected"]);
  deepStrictEqual(scene.room.tokens, ["token-1", "token-2"]);
});

for (
  const [reason, gone] of [[5, "ended"], [10, "ended"], [4, "removed"], [2, "elsewhere"]] as const
) {
  Deno.test(`reason ${reason} is the end (${gone}): nothing is tried again`, async () => {
    const scene = new Scene();
    await scene.runtime.advance(10);
    scene.room.emit("disconnected", reason);
    await scene.runtime.advance(600_000);
    deepStrictEqual([scene.phases.at(-1), scene.asked, scene.room.tokens.length], [gone, 1, 1]);
    strictEqual(scene.room.listenerCount, 0);
  });
}

for (
  const [code, status, end] of [
    ["banned", 403, "refused"],
    ["ticket_required", 402, "refused"],
    ["session_ended", 409, "ended"],
    ["call_not_active", 409, "ended"],
  ] as const
) {
  Deno.test(`a token that is refused with ${code} ends the tries`, async () => {
    const scene = new Scene();
    await scene.runtime.advance(10);
    scene.answers.push(refused(code, status));
    scene.room.emit("disconnected", undefined);
    await scene.runtime.advance(600_000);
    deepStrictEqual([scene.phases.at(-1), scene.states.at(-1)?.error?.code, scene.asked], [end, code, 2]);
  });
}

Deno.test("what passes is waited for, ever longer and at most 30 s", async () => {
  const scene = new Scene(undefined, Array.from({ length: 12 }, () => refused("unavailable", 503)));
  await scene.runtime.advance(60_000);
  ok(scene.asked >= 6 && scene.asked <= 9, `${scene.asked} times in the first minute`);
  await scene.runtime.advance(240_000);
  strictEqual(scene.phases.at(-1), "connected");
});

Deno.test("in the foreground again, a wait is over", async () => {
  const scene = new Scene(undefined, Array.from({ length: 40 }, () => refused("unavailable", 503)));
  await scene.runtime.advance(120_000);
  const before = scene.asked;
  scene.answers.length = 0;
  scene.connection.retry();
  await scene.runtime.advance(10);
  deepStrictEqual([scene.asked, scene.phases.at(-1)], [before + 1, "connected"]);
});

Deno.test("the light that returns ends the wait at once", async () => {
  const scene = new Scene();
  await scene.runtime.advance(10);
  Object.assign(scene.supabase, { dark: true, hangs: true });
  scene.answers.push(...Array.from({ length: 20 }, () => refused("offline", 0)));
  scene.room.emit("disconnected", undefined);
  await scene.runtime.advance(75_000);
  strictEqual(scene.phases.at(-1), "waiting");
  scene.answers.length = 0;
  scene.supabase.dark = false;
  await scene.runtime.advance(1_200);
  strictEqual(scene.phases.at(-1), "connected");
});

for (
  const [idle, tokens, lost] of [
    [true, 2, "reconnecting"],
    [true, 2, "signalReconnecting"],
    [false, 1, "reconnecting"],
  ] as const
) {
  const what = idle ? "is left for a new one" : "is waited for by anyone who publishes";
  Deno.test(`LiveKit's own attempt (${lost}) that hangs when the light returns ${what}`, async () => {
    const scene = new Scene();
    scene.idle = idle;
    await scene.runtime.advance(10);
    Object.assign(scene.supabase, { dark: true, hangs: true });
    lampOf(scene.supabase, scene.runtime).suspect();
    scene.room.emit(lost);
    await scene.runtime.advance(75_000);
    strictEqual(scene.phases.at(-1), "reconnecting");
    scene.supabase.dark = false;
    await scene.runtime.advance(1_200);
    deepStrictEqual([scene.phases.at(-1), scene.asked], [idle ? "connected" : "reconnecting", tokens]);
  });
}

Deno.test("an attempt of one's own that hangs when the light returns is left for a new one", async () => {
  const scene = new Scene();
  scene.room.hangs = true;
  await scene.runtime.advance(10);
  Object.assign(scene.supabase, { dark: true, hangs: true });
  lampOf(scene.supabase, scene.runtime).suspect();
  await scene.runtime.advance(20_000);
  strictEqual(scene.phases.at(-1), "connecting");
  Object.assign(scene.supabase, { dark: false });
  scene.room.hangs = false;
  await scene.runtime.advance(1_200);
  deepStrictEqual([scene.phases.at(-1), scene.room.tokens], ["connected", ["token-1", "token-2"]]);
});

Deno.test("leaving while a token is under way ends it: nothing connects afterwards", async () => {
  const scene = new Scene();
  const leaving = scene.connection.leave();
  await scene.runtime.advance(60_000);
  await leaving;
  deepStrictEqual([scene.room.tokens, scene.phases.at(-1)], [[], "left"]);
});
