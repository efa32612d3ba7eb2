import { endSession, type Join } from "@ipelya/live";
import { Refused, Sounds, useAudioRoom, useLive, useModeration, useRights, useRun } from "@ipelya/live-react-native";
import { Text, View } from "react-native";
import { Button, Page, Standing, styles, useWords } from "../parts";
import { Moderate } from "./Moderate";
import { Talk } from "./Talk";

export function AudioRoom({ id, join, back }: { id: string; join?: Join | null; back: () => void }) {
  const words = useWords();
  const { supabase, userId } = useLive();
  const { session, hands, levels, stage } = useAudioRoom(id, join);
  const { may, onAir } = useRights(session);
  const { staff } = useModeration(session);
  const [error, run] = useRun();
  const mine = session.session?.creator_id === userId;
  return (
    <Page title={session.session?.title ?? ""}>
      <Standing connection={session.connection} />
      <Sounds room={session.room} />
      {stage.map((person) => (
        <Text key={person.user_id} style={styles.text} testID={`on-stage-${person.user_id}`}>
          {`${levels[person.user_id]?.speaking ? "🔊" : "·"} ${person.name ?? ""} (${person.role})`}
        </Text>
      ))}
      {may.microphone
        ? (
          <Button
            label={`${words.microphone} ${onAir.microphone ? "●" : "○"}`}
            onPress={() => void run(session.setMicrophone(!onAir.microphone))}
            testID="microphone"
          />
        )
        : (
          <Button
            label={hands.mine ? words.lowerHand : words.raiseHand}
            onPress={() => void (hands.mine ? hands.lower() : hands.raise())}
            testID="hand"
          />
        )}
      {hands.invited !== null && (
        <View style={styles.content}>
          <Text style={styles.text}>{words.invited}</Text>
          <Button label={words.accept} onPress={() => void hands.accept()} testID="accept-invite" />
          <Button label={words.decline} onPress={() => void hands.decline()} testID="decline-invite" />
        </View>
      )}
      <Refused error={error ?? hands.error} style={styles.text} />
      <Text style={styles.text} testID="hands">{`${words.raised}: ${hands.queue.map(({ name }) => name ?? "?").join(", ")}`}</Text>
      {staff && <Moderate session={session} />}
      <Talk session={session} />
      {mine && <Button label={words.end} onPress={() => void run(endSession(supabase, id))} testID="end" />}
      <Button label={words.back} onPress={back} testID="back" />
    </Page>
  );
}
