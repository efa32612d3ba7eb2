// People who read a session's chat with the app's own client: what bench/hints.py runs.
// Arguments: gateway, publishable key, session, then an access token for each person. Prints {"person", "id", "at"} for each
// line that is new to a person (ms since 1970), and {"reads"} when its input ends.

import { createClient } from "npm:@supabase/supabase-js@2.119.1";
import { type ChatLine, openChat } from "../livekit-system/clients/typescript/src/mod.ts";

const [url, key, sessionId, ...tokens] = Deno.args as [string, string, string, ...string[]];
let reads = 0;

function counted(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  if (String(input instanceof Request ? input.url : input).includes("/rest/v1/live_messages")) reads += 1;
  return fetch(input, init);
}

const chats = tokens.map((token, person) => {
  const supabase = createClient(url, key, {
    accessToken: () => Promise.resolve(token),
    global: { fetch: counted },
  });
  const seen = new Set<string>();
  const onLines = (lines: readonly ChatLine[]) => {
    const at = Date.now();
    for (const { id } of lines) {
      if (seen.has(id)) continue;
      seen.add(id);
      console.log(JSON.stringify({ person, id, at }));
    }
  };
  return openChat({ supabase, sessionId, onLines, keep: 1_000 });
});

for await (const _ of Deno.stdin.readable) {
  console.log(JSON.stringify({ reads }));
}
for (const chat of chats) chat.dispose();
Deno.exit(0);
