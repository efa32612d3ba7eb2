// A viewer's page for the browser tests: the package with the real livekit-client and supabase-js, in a real browser.
// The test drives it through `globalThis.viewer`.

import { createClient } from "@supabase/supabase-js";
import { Room } from "livekit-client";
import { openRelay, type RelayEvent, type RelayJoin, type RelayStats } from "../src/mod.ts";

interface Visit {
  readonly url: string;
  readonly key: string;
  readonly accessToken: string;
  readonly sessionId: string;
  readonly join: RelayJoin & { readonly url: string; readonly token: string };
}

async function enter({ url, key, accessToken, sessionId, join }: Visit) {
  const room = new Room();
  const events: RelayEvent[] = [];
  const errors: string[] = [];
  const relay = openRelay({
    room,
    supabase: createClient(url, key, { accessToken: () => Promise.resolve(accessToken) }),
    subject: { kind: "session", id: sessionId },
    join,
    startAfter: 0,
    onEvent: (event) => events.push(event),
    onError: ({ code, message }) => errors.push(`${code}: ${message}`),
  });
  await room.connect(join.url, join.token);
  return {
    events: () => events,
    errors: () => errors,
    stats: (): RelayStats => relay.stats(),
    /** Everybody whom the browser was shown. */
    seen: () => [...room.remoteParticipants.keys()],
    reconnect: () => room.simulateScenario("full-reconnect"),
    leave: async () => {
      relay.dispose();
      await room.disconnect();
    },
  };
}

let visit: Awaited<ReturnType<typeof enter>> | undefined;

Object.assign(globalThis, {
  viewer: {
    enter: async (how: Visit) => {
      visit = await enter(how);
    },
    now: () => ({
      events: visit!.events(),
      errors: visit!.errors(),
      stats: visit!.stats(),
      seen: visit!.seen(),
    }),
    reconnect: () => visit!.reconnect(),
    leave: () => visit!.leave(),
  },
});
