/** Owns: listening to one private Realtime topic for as long as a component shows it, through drops and renewals. */
import type { RealtimeChannel, SupabaseClient } from "@supabase/supabase-js";
import { useEffect, useRef, useState } from "react";
import { useSupabase } from "./client.ts";

export type Listening = "joining" | "joined" | "lost";

const JOIN_AGAIN_MS = 2_000;
/** Goodbyes that are under way: a topic is joined anew only when the old channel is gone. */
const leaving = new Map<string, Promise<unknown>>();

/**
 * `onMessage` gets the payloads of `event`; `onJoined` is called at every join, since whatever was sent in between is
 * lost and must be read. A null topic listens to nothing.
 */
export function useTopic(
  topic: string | null,
  event: string,
  onMessage: (payload: unknown) => void,
  onJoined: () => void,
): Listening {
  const client = useSupabase();
  const [listening, setListening] = useState<Listening>("joining");
  const handlers = useRef({ onMessage, onJoined });
  useEffect(() => {
    handlers.current = { onMessage, onJoined };
  });
  useEffect(() => {
    if (topic === null) return;
    return listen(client, topic, event, (payload) => handlers.current.onMessage(payload), (state) => {
      setListening(state);
      if (state === "joined") handlers.current.onJoined();
    });
  }, [client, topic, event]);
  return listening;
}

function listen(
  client: SupabaseClient,
  topic: string,
  event: string,
  onMessage: (payload: unknown) => void,
  onState: (state: Listening) => void,
): () => void {
  let over = false;
  let channel: RealtimeChannel | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function join() {
    await leaving.get(topic);
    if (over) return;
    const joined = channel = client.channel(topic, { config: { private: true } });
    joined.on("broadcast", { event }, (message) => onMessage(message["payload"]));
    joined.subscribe((status) => {
      if (over || joined !== channel) return;
      if (status === "SUBSCRIBED") return onState("joined");
      onState("lost");
      // The client joins again by itself after an error; a closed channel is gone for good.
      if (status === "CLOSED") {
        leave(client, joined, topic);
        timer = setTimeout(join, JOIN_AGAIN_MS);
      }
    });
  }

  onState("joining");
  void join();
  return () => {
    over = true;
    clearTimeout(timer);
    if (channel !== undefined) leave(client, channel, topic);
  };
}

function leave(client: SupabaseClient, channel: RealtimeChannel, topic: string) {
  const gone = client.removeChannel(channel).catch(() => undefined).finally(() => {
    if (leaving.get(topic) === gone) leaving.delete(topic);
  });
  leaving.set(topic, gone);
}
