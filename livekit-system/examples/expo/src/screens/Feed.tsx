import { type LiveNow, liveNow, refusalText } from "@ipelya/live";
import { type Calls, Refused, useLive, useRun } from "@ipelya/live-react-native";
import { useCallback, useEffect, useState } from "react";
import { Text, View } from "react-native";
import type { Go } from "../App";
import { Button, Page, styles, useWords } from "../parts";

const AGAIN_MS = 5_000;

export function Feed({ go, calls }: { go: Go; calls: Calls }) {
  const words = useWords();
  const { supabase, language, userId } = useLive();
  const [shows, setShows] = useState<readonly LiveNow[]>([]);
  const [error, run] = useRun();
  const load = useCallback(() => run(liveNow(supabase).then(setShows)), [run, supabase]);
  useEffect(() => {
    void load();
    const timer = setInterval(load, AGAIN_MS);
    return () => clearInterval(timer);
  }, [load]);
  const ring = async (creator: string) => {
    const started = await calls.start(creator, "audio");
    if (started !== null) go({ at: "call", id: started.call.id, started });
  };
  return (
    <Page title={words.live}>
      <Refused error={error ?? calls.error} style={styles.text} />
      {shows.length === 0 && <Text style={styles.text}>{words.nobody}</Text>}
      {shows.map((show) => (
        <View key={show.id} style={styles.content}>
          <Text style={styles.text}>
            {`${show.title} · ${show.creator_name ?? ""} · ${show.viewer_count} ${words.viewers}`}
          </Text>
          <Button
            label={show.reason === null ? show.title : refusalText(show.reason)[language]}
            disabled={show.reason !== null}
            onPress={() => go({ at: "session", id: show.id, type: show.type })}
            testID={`enter-${show.id}`}
          />
          {show.creator_id !== userId && (
            <Button label={words.call} onPress={() => void ring(show.creator_id)} testID={`call-${show.creator_id}`} />
          )}
        </View>
      ))}
      <Button label={words.goLive} onPress={() => go({ at: "go-live" })} testID="go-live" />
      <Button label={words.account} onPress={() => go({ at: "account" })} testID="account" />
    </Page>
  );
}
