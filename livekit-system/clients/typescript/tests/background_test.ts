// What keeps the app alive while it is left, of the package for React Native: pure, so it is tested here. The system is a list of what
// it was asked, and answers when it is let.

import { deepStrictEqual, strictEqual } from "node:assert";
import { BACKGROUND_USES, holdsMicrophone } from "../../react-native/src/background.ts";
import { holding } from "../../react-native/src/holding.ts";

/** A system that notes each request; `refusing` makes it reject. */
function system() {
  const asked: string[] = [];
  const heard: unknown[] = [];
  const state = { refusing: false, gate: Promise.resolve() };
  const note = async (what: string) => {
    asked.push(what);
    await state.gate;
    if (state.refusing) throw new Error(what);
  };
  const background = holding(
    BACKGROUND_USES,
    { start: (uses) => note(uses.join("+")), stop: () => note("stop") },
    (cause) => heard.push(cause),
  );
  return { asked, heard, state, background };
}

/** Everything that was begun has come to its end. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("a listener is kept for playback, a speaker for the microphone too, and nobody once they have left", async () => {
  const { asked, background } = system();
  const room = {};
  background.hold(room, ["playback"]);
  await settled();
  background.hold(room, ["microphone", "playback"]);
  await settled();
  background.release(room);
  await settled();
  deepStrictEqual(asked, ["playback", "playback+microphone", "stop"]);
});

Deno.test("a call above a room asks for both, and the room goes on when the call ends", async () => {
  const { asked, background } = system();
  const [room, call] = [{}, {}];
  background.hold(room, ["playback"]);
  await settled();
  background.hold(call, ["playback", "microphone"]);
  await settled();
  background.release(call);
  await settled();
  deepStrictEqual(asked, ["playback", "playback+microphone", "playback"]);
});

Deno.test("a screen that is replaced by another changes nothing", async () => {
  const { asked, background } = system();
  const [one, other] = [{}, {}];
  background.hold(one, ["playback"]);
  await settled();
  background.release(one);
  background.hold(other, ["playback"]);
  await settled();
  deepStrictEqual(asked, ["playback"]);
});

Deno.test("one request at a time; what changed meanwhile is one more", async () => {
  const { asked, state, background } = system();
  let open = () => {};
  state.gate = new Promise((resolve) => open = resolve);
  const room = {};
  background.hold(room, ["playback"]);
  await settled();
  background.hold(room, ["playback", "microphone"]);
  background.release(room);
  await settled();
  deepStrictEqual(asked, ["playback"]);
  open();
  await settled();
  deepStrictEqual(asked, ["playback", "stop"]);
});

Deno.test("what the system refuses is told once, and asked for again when the app is in front", async () => {
  const { asked, heard, state, background } = system();
  state.refusing = true;
  background.hold({}, ["playback", "microphone"]);
  await settled();
  deepStrictEqual([asked.length, heard.length], [1, 1]);
  state.refusing = false;
  background.refresh();
  await settled();
  background.refresh();
  await settled();
  deepStrictEqual(asked, ["playback+microphone", "playback+microphone"]);
});

Deno.test("a microphone that was opened is held until the right to it ends, muted or not", () => {
  strictEqual(holdsMicrophone(false, true, false), false);
  strictEqual(holdsMicrophone(false, true, true), true);
  strictEqual(holdsMicrophone(true, true, false), true);
  strictEqual(holdsMicrophone(true, false, false), false);
  strictEqual(holdsMicrophone(true, false, true), false);
});
