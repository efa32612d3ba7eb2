import type { Started } from "@ipelya/live";
import { type Calls, Refused } from "@ipelya/live-react-native";
import { Text, View } from "react-native";
import { Button, styles, useWords } from "../parts";

export function Ringing({ calls, onAnswered }: { calls: Calls; onAnswered: (started: Started) => void }) {
  const words = useWords();
  const answer = async (id: string) => {
    const started = await calls.answer(id);
    if (started !== null) onAnswered(started);
  };
  return (
    <>
      {calls.ringing.map((call) => (
        <View key={call.id} style={[styles.content, { padding: 16 }]} testID="ringing">
          <Text style={styles.text}>{call.from.name ?? ""}</Text>
          <Button label={words.answer} onPress={() => void answer(call.id)} testID="answer" />
          <Button label={words.decline} onPress={() => void calls.decline(call.id)} testID="decline" />
        </View>
      ))}
      <Refused error={calls.error} style={styles.text} />
    </>
  );
}
