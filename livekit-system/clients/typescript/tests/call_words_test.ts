// What the phone's own screen says before the app listens, of the package for React Native: pure, so it is tested here.

import { deepStrictEqual } from "node:assert";
import { callWords } from "../../react-native/src/call_words.ts";

function listener() {
  const heard: string[] = [];
  const note = (word: string) => (callId: string) => void heard.push(`${word} ${callId}`);
  return { heard, handlers: { onAnswer: note("answer"), onEnd: note("end") } };
}

Deno.test("an answer that starts the app is heard once somebody listens, and once only", () => {
  const words = callWords();
  words.onAnswer("one");
  const { heard, handlers } = listener();
  words.hear(handlers)();
  words.hear(handlers);
  words.onEnd("one");
  deepStrictEqual(heard, ["answer one", "end one"]);
});

Deno.test("who answers and hangs up before the app listens is not put through", () => {
  const words = callWords();
  words.onAnswer("one");
  words.onAnswer("two");
  words.onEnd("one");
  const { heard, handlers } = listener();
  words.hear(handlers);
  deepStrictEqual(heard, ["end one", "answer two"]);
});

Deno.test("the newest listener is told, and an older one that stops takes nothing from it", () => {
  const words = callWords();
  const [old, young] = [listener(), listener()];
  const stop = words.hear(old.handlers);
  words.hear(young.handlers);
  stop();
  words.onAnswer("one");
  deepStrictEqual([old.heard, young.heard], [[], ["answer one"]]);
});
