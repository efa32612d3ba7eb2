import { endSession, type Join, startRecording, stopRecording } from "@ipelya/live";
import { Refused, Sounds, useAudioRoom, useCountdown, useLive, useModeration, useRecording, useRights, useRun } from "@ipelya/live-react-native";
import { useState } from "react";
import { Text, View } from "react-native";
import { Button, Page, Standing, styles, useWords } from "../parts";
import { Moderate } from "./Moderate";
import { Talk } from "./Talk";

export function AudioRoom({ id, join, back }: { id: string; join?: Join | null; back: () => void }) {
  const words = useWords();
  const { supabase, userId, language } = useLive();
  const { session, hands, levels, stage } = useAudioRoom(id, join);
  const { may, onAir } = useRights(session);
  const { staff } = useModeration(session);
  const recording = useRecording(session);
  const left = useCountdown(recording.agreed === null ? recording.answerBy : null, session);
  const [error, run] = useRun();
  const mine = session.session?.creator_id === userId;
  const [taken, setTaken] = useState<string | null>(null);
  const record = async () => {
    if (taken === null) setTaken((await startRecording(supabase, id)).id);
    else await stopRecording(supabase, taken).then(() => setTaken(null));
  };
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
      {recording.notice !== null && (
        <View style={styles.content}>
          <Text style={styles.text} testID="recorded">
            {language === "tr" ? recording.notice.text_tr : recording.notice.text_en}
          </Text>
          {left !== null && <Text style={styles.text} testID="answer-by">{`${left} s`}</Text>}
          {recording.agreed !== true && (
            <Button label={words.agree} onPress={() => void recording.answer(true)} testID="agree" />
          )}
          {recording.agreed === null && (
            <Button label={words.decline} onPress={() => void recording.answer(false)} testID="refuse-recording" />
          )}
          {recording.agreed === true && (
            <Button label={words.withdraw} onPress={() => void recording.withdraw()} testID="withdraw" />
          )}
        </View>
      )}
      <Refused error={error ?? hands.error ?? recording.error} style={styles.text} />
      <Text style={styles.text} testID="hands">{`${words.raised}: ${hands.queue.map(({ name }) => name ?? "?").join(", ")}`}</Text>
      {staff && <Moderate session={session} />}
      <Talk session={session} />
      {mine && (
        <Button label={taken === null ? words.record : words.stopRecording} onPress={() => void run(record())} testID="record" />
      )}
      {mine && <Button label={words.end} onPress={() => void run(endSession(supabase, id))} testID="end" />}
      <Button label={words.back} onPress={back} testID="back" />
    </Page>
  );
}
