import { createSession, type SessionType } from "@ipelya/live";
import { Refused, useLive, useRun } from "@ipelya/live-react-native";
import { useState } from "react";
import type { Go } from "../App";
import { Button, Field, Page, styles, useWords } from "../parts";

export function GoLive({ go }: { go: Go }) {
  const words = useWords();
  const { supabase } = useLive();
  const [title, setTitle] = useState("");
  const [error, run] = useRun();
  const begin = (type: SessionType) =>
    run((async () => {
      const { session, join } = await createSession(supabase, { type, access_type: "public", title });
      go({ at: "session", id: session.id, type, join });
    })());
  return (
    <Page title={words.goLive}>
      <Field label={words.title} value={title} onChange={setTitle} testID="title" />
      <Button label={words.video} disabled={title === ""} onPress={() => void begin("video_live")} testID="begin-video" />
      <Button label={words.audio} disabled={title === ""} onPress={() => void begin("audio_room")} testID="begin-audio" />
      <Refused error={error} style={styles.text} />
      <Button label={words.back} onPress={() => go({ at: "feed" })} testID="back" />
    </Page>
  );
}
